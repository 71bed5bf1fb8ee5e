"""The demo: a simulated participant's streams and the session that takes them.

It is an ordinary session with an ordinary file; the only addition are the processes that publish the streams.
"""

import sys
from pathlib import Path

from pipeline.session.config import SessionFile
from pipeline.session.settings_file import load_session_file
from pipeline.simulation.participant import stream_infos
from pipeline.streams.webcam.webcam import NAME, camera_id
from pipeline.workers.child import ProcessSpec

SESSION_FILE = Path(__file__).parents[1] / "session" / "demo.yaml"


_NOTICE = "The face is the camera's, the other signals are simulated: the mixture describes nobody."


def demo_session(seed: int, camera: int | None = None) -> tuple[SessionFile, str]:
    """Return the demo's session and its file's name.

    The streams are matched by source id, too, so that no other participant's simulator is taken for this one.

    Parameters
    ----------
    seed : int
        The simulated participant.
    camera : int | None
        The camera whose face takes the place of the simulated one.
    """
    settings = load_session_file(SESSION_FILE)
    source_ids = {info.name: info.source_id for info in stream_infos(seed).values()}
    content = settings.model_dump(exclude_unset=True)
    if camera is not None:
        del content["resolve_timeout_s"]  # a camera that is not there would be waited for as long
    for participant in content["participants"].values():
        for stream in participant["streams"].values():
            stream["match"]["source_id"] = source_ids[stream["match"]["name"]]
        if camera is not None:
            content["notice"] = _NOTICE
            participant["consent"] = "own-face-before-own-camera"
            # The demo goes on without a camera that is not there, or is pulled out.
            match = {"name": NAME, "source_id": camera_id(camera)}
            participant["streams"]["face"].update(match=match, required=False)
    return SessionFile.model_validate(content), str(SESSION_FILE)


def sources(seed: int, camera: int | None = None) -> list[ProcessSpec]:
    """Return the processes that publish the demo's streams."""
    helo = [sys.executable, "-P", "-m", "pipeline.cli.main"]
    simulate = [*helo, "simulate", f"--seed={seed}"]
    # Stopped after the readers, or each of them would report a lost stream.
    if camera is None:
        return [ProcessSpec("simulator", f"participant {seed}", simulate, phase=1)]
    return [
        ProcessSpec("simulator", f"participant {seed}", [*simulate, "--no-face"], phase=1),
        ProcessSpec("webcam", f"camera {camera}", [*helo, "webcam", f"--camera={camera}"], phase=1, required=False),
    ]
