"""The demo with a real face: the webcam's stream in place of the simulated one, and on without it."""

import json

import pytest

from pipeline.session.config import Match
from pipeline.streams.discovery import find
from pipeline.streams.webcam.webcam import camera_id
from tests.command import SEED, helo
from tests.integration.test_webcam import BOUND_S, filming

#: No machine has so many cameras.
ABSENT = 94


def demo(recordings) -> tuple[dict, str]:
    """Run a short demo with a camera that is not there; return its summary, and what it said."""
    done = helo(
        *("demo", "--webcam", "--camera", ABSENT, "--seed", SEED, "--duration", 5),
        *("--no-dashboard", "--recordings", recordings, "--json"),
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr


def test_it_goes_on_without_a_camera_and_says_so_in_one_line(tmp_path):
    summary, said = demo(tmp_path)
    assert summary["estimates"] > 0
    assert "P001/face" not in summary["streams"] or summary["streams"]["P001/face"]["samples_received"] == 0
    assert len([line for line in said.splitlines() if f"camera {ABSENT}: " in line]) == 1
    assert "Traceback" not in said


def test_the_face_is_the_webcams(tmp_path, shared_data):
    """A video stands for the camera: its stream says that it is the one."""
    video = shared_data / "face" / "astronaut_motion_640x480_30fps.mp4"
    if not video.is_file():
        pytest.skip(f"{video} is absent")
    with filming("--video", video, "--source-id", camera_id(ABSENT)):
        find(Match(source_id=camera_id(ABSENT)), BOUND_S)
        summary, _ = demo(tmp_path)
    assert summary["streams"]["P001/face"]["samples_received"] > 60
    assert summary["used"]["Face"] > 0
    notice = (tmp_path / "demo" / "session.yaml").read_text()
    assert "the other signals are simulated" in notice
