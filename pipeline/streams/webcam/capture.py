"""Where pictures come from: a camera, or a video that plays as a camera films, over and over.

OpenCV is imported where it is used: only the extra ``webcam`` brings it.
"""

import os
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from pipeline.errors import BadInput
from pipeline.records import Array
from pipeline.streams.clock import local_clock

#: What a camera is asked for; it gives the nearest that it can. More pixels tell the face model nothing.
WIDTH: Final = 640
HEIGHT: Final = 480
SFREQ: Final = 30.0
_AV_LOG_QUIET: Final = "-8"


@dataclass(frozen=True)
class Frame:
    """One picture."""

    pixels: Array
    """uint8 ``(height, width, 3)``, blue, green, red."""
    time: float
    """When it arrived, on the LSL clock (s)."""


class Source(Protocol):
    """What delivers pictures."""

    label: str
    """What it is called in messages."""
    sfreq: float
    """Its nominal rate (Hz)."""

    def frames(self, stop: threading.Event) -> Iterator[Frame]:
        """Yield pictures, each when it arrives, until `stop` is set; the source is released at the end.

        Raises
        ------
        BadInput
            It delivers no more.
        """
        ...


class Camera:
    """A camera that OpenCV has opened.

    Parameters
    ----------
    capture : cv2.VideoCapture
        The open camera, which is released when `frames` ends.
    label : str
        What it is called in messages.
    """

    def __init__(self, capture: Any, label: str) -> None:
        import cv2

        self.label = label
        rate = float(capture.get(cv2.CAP_PROP_FPS))
        self.sfreq = rate if 1 <= rate <= 1000 else SFREQ
        self._capture = capture

    def frames(self, stop: threading.Event) -> Iterator[Frame]:
        """Yield pictures, stamped as soon as they arrive: before they are decoded."""
        try:
            while not stop.is_set():
                arrived = self._capture.grab()
                time = local_clock()
                pixels = self._capture.retrieve()[1] if arrived else None
                if pixels is None:
                    raise BadInput(
                        f"{self.label} delivers no more pictures; if it was unplugged, plug it in, start again"
                    )
                yield Frame(pixels, time)
        finally:
            self._capture.release()


class Video:
    """A video file, paced by its frame rate; after the last frame the first comes again, and stamps go on rising.

    Parameters
    ----------
    path : Path
        A file that FFmpeg reads.

    Raises
    ------
    BadInput
        It is not there, no video, or does not say its frame rate.
    """

    def __init__(self, path: Path) -> None:
        cv2 = opencv()
        if not path.is_file():
            raise BadInput(f"{path}: is no file; give a video, for example an .mp4")
        self.label = str(path)
        self._capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
        self.sfreq = float(self._capture.get(cv2.CAP_PROP_FPS)) if self._capture.isOpened() else 0.0
        if not 0 < self.sfreq <= 1000:
            raise BadInput(f"{path}: is no video with a frame rate; give a video, for example an .mp4")

    def frames(self, stop: threading.Event) -> Iterator[Frame]:
        """Yield picture ``i`` at ``i / sfreq`` after the start, and stamped so."""
        start = local_clock()
        try:
            for index, pixels in enumerate(self._pictures()):
                time = start + index / self.sfreq
                if stop.wait(max(0.0, time - local_clock())):
                    return
                yield Frame(pixels, time)
        finally:
            self._capture.release()

    def _pictures(self) -> Iterator[Array]:
        """Yield the pictures, round after round."""
        import cv2

        while True:
            read = 0
            while (got := self._capture.read())[0]:
                read += 1
                yield got[1]
            if not read:
                raise BadInput(f"{self.label}: no picture in it can be read; give another video")
            self._capture.set(cv2.CAP_PROP_POS_FRAMES, 0)


def open_camera(number: int) -> Camera:
    """Open a camera and ask it for 640 x 480 pixels, 30 times a second.

    Parameters
    ----------
    number : int
        0 is the first; on Linux N is ``/dev/videoN``.

    Raises
    ------
    BadInput
        It is not there, may not be used, or is busy.
    """
    cv2 = opencv()
    label = f"camera {number}"
    if sys.platform == "linux":
        _require_device(Path(f"/dev/video{number}"), label)
    backend = cv2.CAP_V4L2 if sys.platform == "linux" else cv2.CAP_ANY
    capture = cv2.VideoCapture(number, backend)
    capture.set(cv2.CAP_PROP_FRAME_WIDTH, WIDTH)
    capture.set(cv2.CAP_PROP_FRAME_HEIGHT, HEIGHT)
    capture.set(cv2.CAP_PROP_FPS, SFREQ)
    return _require_picture(capture, label)


def _require_picture(capture: Any, label: str) -> Camera:
    """Return a camera whose first picture came: one that is in use can be opened as well, and then gives none."""
    if not capture.isOpened() or not capture.grab():
        capture.release()
        raise BadInput(
            f"{label} delivers no picture; close other programs that use it, and allow this one to use the camera"
        )
    return Camera(capture, label)


def opencv() -> Any:
    """Return OpenCV, told to keep its warnings to itself: each error is a sentence of ours.

    Raises
    ------
    BadInput
        It is not installed.
    """
    try:
        import cv2
    except ImportError as error:
        raise BadInput(f"the webcam needs the extra `webcam` ({error}); run `make install`") from error
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", _AV_LOG_QUIET)
    return cv2


def _require_device(device: Path, label: str) -> None:
    """Say what is wrong with a camera's device file, where that can be known."""
    if not device.exists():
        others = sorted(path.name.removeprefix("video") for path in device.parent.glob("video[0-9]*"))
        there = (
            f"give one of those that are there: {', '.join(others)}" if others else "no camera is there: plug one in"
        )
        raise BadInput(f"{label}: {device} does not exist; {there}")
    if not os.access(device, os.R_OK | os.W_OK):
        raise BadInput(f"{label}: {device} may not be used by this user; add the user to the group `video`")
