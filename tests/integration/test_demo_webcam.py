"""The demo with a real face: the webcam's stream in place of the simulated one, and on without it."""

import json
import subprocess
from contextlib import ExitStack
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipeline.session.config import Match
from pipeline.streams.discovery import find
from pipeline.streams.webcam.webcam import camera_id
from tests.command import HELO, ROOT, SEED, wait_for
from tests.integration.test_webcam import BOUND_S, filming

#: No machine has so many cameras.
ABSENT = 94
SECONDS = 10


def test_the_face_is_the_webcams_and_the_demo_goes_on_without_it(tmp_path, shared_data):
    """The demo finds no camera. A video stands for it, whose stream says that it is the one, until it is pulled out."""
    video = shared_data / "face" / "astronaut_motion_640x480_30fps.mp4"
    if not video.is_file():
        pytest.skip(f"{video} is absent")
    command = [
        *(*HELO, "demo", "--webcam", "--camera", ABSENT, "--seed", SEED, "--duration", SECONDS),
        *("--no-dashboard", "--recordings", tmp_path, "--json"),
    ]
    with ExitStack() as camera:
        camera.enter_context(filming("--video", video, "--source-id", camera_id(ABSENT)))
        find(Match(source_id=camera_id(ABSENT)), BOUND_S)
        with subprocess.Popen(
            [str(part) for part in command], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as demo:
            estimated = tmp_path / "demo" / "estimates.arrows"

            def size() -> int:
                assert demo.poll() is None, demo.communicate()
                return estimated.stat().st_size if estimated.is_file() else 0

            begun = wait_for(size, within_s=150)
            wait_for(lambda: size() > begun, within_s=150)
            camera.close()
            printed, said = demo.communicate(timeout=150)
    assert demo.returncode == 0, said
    assert len([line for line in said.splitlines() if f"camera {ABSENT}: " in line]) == 1
    assert "Traceback" not in said
    summary = json.loads(printed)
    assert summary["ticks"] == 4 * SECONDS
    assert summary["streams"]["P001/face"]["samples_received"] > 30
    assert 0 < summary["used"]["Face"] < summary["ticks"]
    assert "the other signals are simulated" in (tmp_path / "demo" / "session.yaml").read_text()
    assert _without_face(tmp_path / "demo") > 0


def _without_face(folder: Path) -> int:
    """Return how many estimates were made of other modalities than the face."""
    estimates = pq.read_table(folder / "estimates.parquet", columns=["modalities", "abstained"]).to_pylist()
    used = [{use["modality"] for use in row["modalities"] if use["used"]} for row in estimates if not row["abstained"]]
    return sum("Face" not in modalities for modalities in used)
