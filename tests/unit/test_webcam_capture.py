"""Between camera and measurement: what is said of a camera that goes away, which pictures are measured, the model."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator

import cv2
import numpy as np
import pytest

from pipeline.errors import BadInput
from pipeline.streams.webcam import capture
from pipeline.streams.webcam.capture import Camera, Frame
from pipeline.streams.webcam.model_file import cached_model, face_model
from pipeline.streams.webcam.newest import Newest

#: Sends a film of ten pictures into a pipe, and is gone.
_FILM = """
import sys
import cv2, numpy as np
with open(sys.argv[1], "wb") as pipe:
    for shade in range(10):
        pipe.write(cv2.imencode(".jpg", np.full((48, 64, 3), 20 * shade, np.uint8))[1].tobytes())
"""


def test_a_camera_that_is_pulled_out_is_named(tmp_path):
    """OpenCV reads a pipe that breaks off, as a camera's pictures do."""
    pipe = tmp_path / "camera.mjpeg"
    os.mkfifo(pipe)
    with subprocess.Popen([sys.executable, "-c", _FILM, str(pipe)]):
        camera = Camera(cv2.VideoCapture(str(pipe), cv2.CAP_FFMPEG), "camera 7")
        pictures = camera.frames(threading.Event())
        frames = [next(pictures) for _ in range(10)]
        with pytest.raises(BadInput, match="camera 7 delivers no more pictures") as said:
            next(pictures)
    assert "\n" not in str(said.value)
    assert {frame.pixels.shape for frame in frames} == {(48, 64, 3)}
    times = [frame.time for frame in frames]
    assert times == sorted(times)


@pytest.mark.parametrize("content", [b"", b"no picture"])
def test_a_camera_that_delivers_no_picture_is_named(tmp_path, content):
    """As one does that another program uses: OpenCV has something to open, or not even that."""
    (tmp_path / "camera.avi").write_bytes(content)
    with pytest.raises(BadInput, match="camera 7 delivers no picture; close other programs that use it") as said:
        capture._require_picture(cv2.VideoCapture(str(tmp_path / "camera.avi"), cv2.CAP_FFMPEG), "camera 7")
    assert "\n" not in str(said.value)


def test_a_camera_that_is_not_there_is_told_which_are(tmp_path):
    (tmp_path / "video0").touch()
    (tmp_path / "video2").touch()
    with pytest.raises(BadInput, match=r"camera 1: .*video1 does not exist; give one of those that are there: 0, 2"):
        capture._require_device(tmp_path / "video1", "camera 1")
    capture._require_device(tmp_path / "video2", "camera 2")


@pytest.mark.parametrize(
    ("absent", "use"),
    [
        ("cv2", "from pipeline.streams.webcam.capture import opencv as use"),
        ("mediapipe", "from pipeline.streams.webcam.landmarks import FaceLandmarks as Use; use = lambda: Use('x')"),
        ("brainflow", "from pipeline.streams.board import Board; use = lambda: Board('cyton', {}, name='x')"),
    ],
)
def test_an_extra_that_is_not_installed_is_named(absent, use):
    """In a process that finds no such package."""
    code = f"import sys; sys.modules[{absent!r}] = None; {use}; use()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    said = done.stderr.splitlines()[-1]
    assert said.startswith("pipeline.errors.BadInput: ")
    assert "needs the extra" in said
    assert "make install" in said


class Played:
    """A source whose pictures come when the test says so; picture i is stamped i."""

    label = "played"
    sfreq = 30.0

    def __init__(self) -> None:
        self.go_on = threading.Semaphore(0)
        self.given = threading.Semaphore(0)
        self.breaks = False

    def play(self, n: int) -> None:
        """Let `n` pictures come, and wait until all have been handed over."""
        self.go_on.release(n)
        for _ in range(n):
            assert self.given.acquire(timeout=30)

    def frames(self, stop: threading.Event) -> Iterator[Frame]:
        index = 0
        while not stop.is_set():
            assert self.go_on.acquire(timeout=30)
            if self.breaks:
                raise BadInput("played: it broke")
            yield Frame(np.empty(0, np.uint8), float(index))
            self.given.release()
            index += 1


def test_the_newest_picture_is_taken_and_older_ones_are_skipped():
    source, stop = Played(), threading.Event()
    with Newest(source, stop) as newest:
        source.play(1)
        assert newest.take().time == 0.0
        source.play(3)
        assert newest.take().time == 3.0
        assert newest.skipped == 2
        stop.set()
        source.go_on.release()


def test_a_source_that_breaks_tells_whoever_takes():
    source = Played()
    with Newest(source, threading.Event()) as newest:
        source.play(1)
        source.breaks = True
        source.go_on.release()
        assert newest.take().time == 0.0
        with pytest.raises(BadInput, match="it broke"):
            newest.take()


def test_a_camera_that_hangs_does_not_keep_it_from_stopping():
    source, stop = Played(), threading.Event()  # no picture ever comes
    newest = Newest(source, stop)
    with newest:
        stop.set()
        assert newest.take() is None
        source.go_on.release()


def test_half_a_model_in_the_cache_is_fetched_again(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    whole = face_model()
    content = whole.read_bytes()
    assert whole == cached_model() == tmp_path / "helo-live" / "face_landmarker_v2_with_blendshapes.task"
    whole.write_bytes(content[: len(content) // 2])
    assert face_model().read_bytes() == content
    assert [path.name for path in whole.parent.iterdir()] == [whole.name]
