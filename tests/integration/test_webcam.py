"""`helo webcam` as its users run it: a real process, a real video, a real stream."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.modalities import FACE_CHANNELS, FACE_SIGHT
from pipeline.records import Array
from pipeline.session.config import Match
from pipeline.signals.dmer.features import PATTERNS
from pipeline.signals.dmer.lbp_top import SPAN, LbpTop
from pipeline.streams.clock import local_clock
from pipeline.streams.discovery import find
from pipeline.streams.inlet import Inlet
from pipeline.streams.webcam.model_file import face_model
from tests import leaks
from tests.command import HELO, ROOT, helo, wait_for
from tests.lbp_top_loop import plain_loop
from tests.pulled import BOUND_S, pull_all

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
    got = pull_all(inlet, n)
    return np.concatenate([one.times for one in got]), np.concatenate([one.data for one in got])


def test_a_video_is_published_as_the_face_stream_of_the_demo(unique, moving):
    with filming("--video", moving, "--name", unique), Inlet(find(Match(name=unique), BOUND_S)) as inlet:
        info = inlet.describe()
        times, data = received(inlet, 60)
    assert (info.type, info.sfreq, info.format, info.can_drop_samples) == ("Face", 30.0, "float32", True)
    assert info.ch_names == (*FACE_CHANNELS, *FACE_SIGHT)
    assert info.units == (*("a.u.",) * 53, *("deg",) * 3, *("cm",) * 3, *("share",) * 5)
    assert info.source_id == f"helo-webcam-{moving.stem}"
    assert data[:, 0].all()
    # Paced by the video's rate: every stamp lies on the grid of its frames, whatever was skipped.
    steps = np.diff(times) * 30.0
    assert np.allclose(steps, np.round(steps), atol=1e-3)
    assert (np.diff(times) > 0).all()


def test_stamps_go_on_rising_when_the_video_begins_again(unique, short):
    with filming("--video", short, "--name", unique), Inlet(find(Match(name=unique), BOUND_S)) as inlet:
        info = inlet.describe()
        times, data = received(inlet, 35)  # the video has ten frames
    assert (np.diff(times) > 0).all()
    steps = np.diff(times) * 20.0
    assert np.allclose(steps, np.round(steps), atol=1e-3)
    assert not data[:, 0].any()
    assert np.isnan(np.delete(data, [0, info.ch_names.index("brightness")], axis=1)).all()


def test_blinks_and_presence_come_once_a_second(unique, short):
    with filming("--video", short, "--name", unique), Inlet(find(Match(name=f"{unique}-Blinks"), BOUND_S)) as inlet:
        info = inlet.describe()
        times, data = received(inlet, 2)
    assert info.ch_names == ("blink_rate", "presence")
    assert info.units == ("1/min", "share")
    assert np.diff(times)[0] == pytest.approx(1.0, abs=0.2)
    assert np.isnan(data[:, 0]).all()
    assert (data[:, 1] == 0).all()


@pytest.fixture
def near(moving, tmp_path) -> Path:
    """Thirty pictures of the moving face, cut out and kept as they are, played slowly: a busy machine skips none."""
    path, capture = tmp_path / "near.avi", cv2.VideoCapture(str(moving))
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"FFV1"), 10.0, (160, 180))
    for _ in range(30):
        writer.write(capture.read()[1][150:330, 240:400])
    writer.release()
    return path


def test_patterns_are_those_of_the_pictures(unique, near):
    """Exact counts of LBP-TOP, found again in the video; the first of them by a plain loop over the pixels."""
    with (
        filming("--video", near, "--name", unique, "--patterns") as process,
        Inlet(find(Match(name=f"{unique}-Patterns"), BOUND_S)) as inlet,
    ):
        info = inlet.describe()
        times, data = received(inlet, 40)
        assert process.poll() is None
    assert (info.type, info.sfreq, info.can_drop_samples, info.units) == ("FacePatterns", 10.0, True, ("count",) * 768)
    assert info.ch_names == PATTERNS
    capture = cv2.VideoCapture(str(near))
    grey = np.array([_grey(capture.read()[1]) for _ in range(30)])
    counter = LbpTop()
    expected = np.array([counter.process(grey[i % 30]) for i in range(30 + SPAN - 1)])[SPAN - 1 :]
    # One that was skipped all the same is no neighbour: looked at are rows that follow eight in a row.
    steps = np.round(np.diff(times) * 10).astype(int)
    whole = [row for row in range(SPAN - 1, len(data)) if (steps[row - SPAN + 1 : row] == 1).all()]
    assert len(whole) >= 10
    place = [int(np.flatnonzero((expected == data[row]).all(axis=1)).item()) for row in whole]
    since = np.round((times[whole] - times[whole[0]]) * 10).astype(int)
    np.testing.assert_array_equal(place, (place[0] + since) % 30)
    film = np.array([grey[(place[0] + k) % 30] for k in range(SPAN)])
    np.testing.assert_array_equal(data[whole[0]], plain_loop(film).ravel())


def _grey(pixels: Array) -> Array:
    """Return the grey of a picture (blue, green, red) as DMER's program takes it: it exchanges red and blue."""
    blue, green, red = (pixels[:, :, i].astype(int) for i in range(3))
    # In steps of 2^-15, rounded: how OpenCV computes 0.299, 0.587 and 0.114.
    return ((9798 * blue + 19235 * green + 3735 * red + 2**14) >> 15).astype(np.uint8)


@pytest.mark.skipif(sys.platform != "linux", reason="reads what Linux says of a process")
@pytest.mark.parametrize("patterns", [False, True], ids=["face", "face and patterns"])
def test_no_picture_leaves_the_process(unique, moving, patterns):
    """Looked at from outside, by the kernel's own counts, so that no way out is missed."""
    names = [unique, f"{unique}-Patterns"] if patterns else [unique]
    with (
        filming("--video", moving, "--name", unique, *(["--patterns"] if patterns else [])) as process,
        ExitStack() as on,
    ):
        inlets = [on.enter_context(Inlet(find(Match(name=name), BOUND_S))) for name in names]
        for inlet in inlets:
            received(inlet, 5)
        written, sent = leaks.written(process.pid), _sent(process.pid)
        _, data = received(inlets[0], 75)
        assert leaks.open_for_writing(process.pid) == []
        # 75 pictures or more were filmed meanwhile: what was written is less than one, and what was sent the numbers.
        assert leaks.written(process.pid) - written < PICTURE_BYTES
        sent, now = _sent(process.pid) - sent, local_clock()
        numbers = _bytes_of(data) + sum(_bytes_until(inlet, now) for inlet in inlets)
        assert sent < numbers + PICTURE_BYTES
        ports = range(16571, 16572 + 256)
        for one in leaks.sockets(process.pid):
            assert one.family in (socket.AF_INET, socket.AF_INET6)
            assert one.port in ports, f"{one} is none of LSL's"
            assert one.kind == socket.SOCK_STREAM or not one.connected


def _bytes_of(data: Array) -> int:
    """Return what rows take on the way, each with its stamp."""
    return data.nbytes + 16 * len(data)


def _bytes_until(inlet: Inlet, time: float) -> int:
    """Return what all rows take that come up to the first one later than a time."""
    total, newest = 0, -np.inf
    while newest <= time:
        times, data = received(inlet, 1)
        total, newest = total + _bytes_of(data), times[-1]
    return total


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
