"""The demo: a simulated participant's streams and the session that takes them.

It is an ordinary session with an ordinary file; the only addition is the process that publishes the streams.
"""

import sys
from pathlib import Path

from pipeline.session.config import SessionFile, load_session_file
from pipeline.simulation.participant import stream_infos
from pipeline.workers.child import ProcessSpec

SESSION_FILE = Path(__file__).parents[1] / "session" / "demo.yaml"


def demo_session(seed: int) -> tuple[SessionFile, str]:
    """Return the demo's session and its file's name.

    The streams are matched by source id, too, so that no other participant's simulator is taken for this one.

    Parameters
    ----------
    seed : int
        The simulated participant.
    """
    settings = load_session_file(SESSION_FILE)
    source_ids = {info.name: info.source_id for info in stream_infos(seed).values()}
    content = settings.model_dump(exclude_unset=True)
    for participant in content["participants"].values():
        for stream in participant["streams"].values():
            stream["match"]["source_id"] = source_ids[stream["match"]["name"]]
    return SessionFile.model_validate(content), str(SESSION_FILE)


def simulator(seed: int) -> ProcessSpec:
    """Return the process that publishes the demo's streams."""
    argv = [sys.executable, "-P", "-m", "pipeline.cli.main", "simulate", f"--seed={seed}"]
    # Stopped after the readers, or each of them would report a lost stream.
    return ProcessSpec("simulator", f"participant {seed}", argv, phase=1)
