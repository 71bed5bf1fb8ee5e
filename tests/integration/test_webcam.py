"""`helo webcam` as its users run it: a real process, a real video, a real stream."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.modalities import FACE_CHANNELS
from pipeline.records import Array
from pipeline.session.config import Match
from pipeline.streams.discovery import find
from pipeline.streams.inlet import Inlet
from pipeline.streams.webcam.model_file import face_model
from tests import leaks
from tests.command import ROOT, helo, wait_for
from tests.integration.test_streams_simulator import BOUND_S, HELO, pull_until_end

#: What the smallest of pictures takes: one of 640 x 480 as a poor JPEG.
PICTURE_BYTES = 10_000


@pytest.fixture(scope="session", autouse=True)
def _model() -> None:
    """Fetch the face model before a test asks how a process behaves that has it."""
    face_model()


@pytest.fixture(scope="module")
def moving(shared_data) -> Path:
    """Ten seconds of a face that moves, 640 x 480, 30 frames a second."""
    path = shared_data / "face" / "astronaut_motion_640x480_30fps.mp4"
    if not path.is_file():
        pytest.skip(f"{path} is absent")
    return path


@pytest.fixture
def short(tmp_path) -> Path:
    """Half a second of a picture without a face."""
    path = tmp_path / "short.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 20.0, (320, 240))
    for shade in range(10):
        writer.write(np.full((240, 320, 3), 20 * shade, np.uint8))
    writer.release()
    return path


@contextmanager
def filming(*arguments: object) -> Iterator[subprocess.Popen[str]]:
    """Run ``helo webcam`` until the block ends."""
    command = [*HELO, "webcam", *map(str, arguments)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=BOUND_S)


def received(inlet: Inlet, n: int) -> tuple[Array, Array]:
    got = pull_until_end(inlet, n)
    return np.concatenate([one.times for one in got]), np.concatenate([one.data for one in got])


def test_a_video_is_published_as_the_face_stream_of_the_demo(unique, moving):
    with filming("--video", moving, "--name", unique), Inlet(find(Match(name=unique), BOUND_S)) as inlet:
        info = inlet.describe()
        times, data = received(inlet, 60)
    assert (info.type, info.sfreq, info.format, info.can_drop_samples) == ("Face", 30.0, "float32", True)
    assert info.ch_names == FACE_CHANNELS
    assert info.units == (*("a.u.",) * 53, *("deg",) * 3, *("cm",) * 3)
    assert info.source_id == f"helo-webcam-{moving.stem}"
    assert data[:, 0].all()
    # Paced by the video's rate: every stamp lies on the grid of its frames, whatever was skipped.
    steps = np.diff(times) * 30.0
    assert np.allclose(steps, np.round(steps), atol=1e-3)
    assert (np.diff(times) > 0).all()


def test_stamps_go_on_rising_when_the_video_begins_again(unique, short):
    with filming("--video", short, "--name", unique), Inlet(find(Match(name=unique), BOUND_S)) as inlet:
        times, data = received(inlet, 35)  # the video has ten frames
    assert (np.diff(times) > 0).all()
    steps = np.diff(times) * 20.0
    assert np.allclose(steps, np.round(steps), atol=1e-3)
    assert not data[:, 0].any()
    assert np.isnan(data[:, 1:]).all()


def test_blinks_and_presence_come_once_a_second(unique, short):
    with filming("--video", short, "--name", unique), Inlet(find(Match(name=f"{unique}-Blinks"), BOUND_S)) as inlet:
        info = inlet.describe()
        times, data = received(inlet, 2)
    assert info.ch_names == ("blink_rate", "presence")
    assert info.units == ("1/min", "share")
    assert np.diff(times)[0] == pytest.approx(1.0, abs=0.2)
    assert np.isnan(data[:, 0]).all()
    assert (data[:, 1] == 0).all()


@pytest.mark.skipif(sys.platform != "linux", reason="reads what Linux says of a process")
def test_no_picture_leaves_the_process(unique, moving):
    """Looked at from outside, by the kernel's own counts, so that no way out is missed."""
    with filming("--video", moving, "--name", unique) as process, Inlet(find(Match(name=unique), BOUND_S)) as inlet:
        received(inlet, 5)
        written, sent = leaks.written(process.pid), _sent(process.pid)
        _, data = received(inlet, 150)
        assert leaks.open_for_writing(process.pid) == []
        # 150 pictures or more were filmed meanwhile: what was written is less than one, and what was sent the numbers.
        assert leaks.written(process.pid) - written < PICTURE_BYTES
        assert _sent(process.pid) - sent < len(data) * (data[0].nbytes + 16) + PICTURE_BYTES
        ports = range(16571, 16572 + 256)
        for one in leaks.sockets(process.pid):
            assert one.family in (socket.AF_INET, socket.AF_INET6)
            assert one.port in ports, f"{one} is none of LSL's"
            assert one.kind == socket.SOCK_STREAM or not one.connected


def _sent(pid: int) -> int:
    return sum(one.sent for one in leaks.sockets(pid))


@pytest.mark.skipif(sys.platform != "linux", reason="reads what Linux says of a process")
def test_a_picture_that_left_would_be_seen(tmp_path):
    """The test above looks where a picture would be: on a socket, in a file that stays open, in one that is closed."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        leaking = (
            "import socket, sys; from pathlib import Path\n"
            f"open_file = open({str(tmp_path / 'open')!r}, 'wb')\n"
            f"Path({str(tmp_path / 'closed')!r}).write_bytes(bytes(640 * 480))\n"
            f"out = socket.create_connection(('127.0.0.1', {port})); out.sendall(bytes(640 * 480))\n"
            "sys.stdin.read()"
        )
        process = subprocess.Popen(
            [sys.executable, "-c", leaking], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        taken, _ = server.accept()
        with process, taken:
            left = 640 * 480
            while left:
                left -= len(taken.recv(left))
            assert leaks.open_for_writing(process.pid) == [str(tmp_path / "open")]
            assert leaks.written(process.pid) >= 640 * 480 > PICTURE_BYTES
            wait_for(lambda: _sent(process.pid) >= 640 * 480)
            assert [one.port for one in leaks.sockets(process.pid)] == [taken.getpeername()[1]]
            assert process.stdin is not None
            process.stdin.close()


def test_it_ends_cleanly_when_asked_to_and_says_what_was_seen(unique, short):
    for number in (signal.SIGTERM, signal.SIGINT):
        with filming("--video", short, "--name", unique, "--show") as process:
            with Inlet(find(Match(name=unique), BOUND_S)) as inlet:
                received(inlet, 3)
            process.send_signal(number)
            said = process.communicate(timeout=BOUND_S)[1]
            assert process.returncode == 0
            assert " frames, 0 with a face" in said
            assert "Traceback" not in said


def refused(*arguments: object) -> str:
    """Run a webcam that must be refused, and return the one line that it says."""
    done = helo("webcam", *arguments)
    assert done.returncode == 2, done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
    return done.stderr


def test_a_camera_that_is_not_there_is_named():
    line = refused("--camera", 93)
    assert "camera 93" in line
    if sys.platform == "linux":
        assert "/dev/video93 does not exist" in line


def test_a_video_that_is_none_is_named(tmp_path):
    assert "nothing.mp4: is no file" in refused("--video", tmp_path / "nothing.mp4")
    assert "README.md: is no video" in refused("--video", "README.md")


def test_the_face_model_that_can_be_had_nowhere_is_named(tmp_path, short):
    """Neither in the cache nor from an index."""
    nowhere = {
        "XDG_CACHE_HOME": str(tmp_path),
        "PIP_NO_INDEX": "1",
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_FIND_LINKS": "",
    }
    done = helo("webcam", "--video", short, env=nowhere)
    assert done.returncode == 2, done.stderr
    line = done.stderr.splitlines()[-1]
    assert "face model cannot be fetched" in line
    assert str(tmp_path / "helo-live") in line
    assert "Traceback" not in done.stderr
