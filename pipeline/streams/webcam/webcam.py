"""Publish what a webcam's pictures say, over LSL."""

import platform
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

import numpy as np

from pipeline.modalities import FACE_CHANNELS, FACE_SIGHT, HEAD_POSE
from pipeline.records import Array, StreamInfo
from pipeline.signals.blinks import BlinkCounter
from pipeline.signals.dmer.features import PATTERNS
from pipeline.signals.dmer.lbp_top import LbpTop
from pipeline.streams.closing import Closing
from pipeline.streams.outlet import Outlet
from pipeline.streams.webcam.capture import Source
from pipeline.streams.webcam.landmarks import CHANNELS, FaceLandmarks
from pipeline.streams.webcam.newest import Newest

NAME: Final = "helo-webcam"
#: How often the rate of blinks is sent (s).
_BLINKS_EVERY_S: Final = 1.0


@dataclass(frozen=True)
class Watched:
    """What has been seen so far."""

    frame: Array
    """The newest frame, ``(64,)``: `landmarks.CHANNELS`."""
    frames: int
    """Frames measured and sent."""
    faces: int
    """Those of them with a face."""
    skipped: int
    """Pictures that came while an earlier one was being measured, and were left out."""
    blink_rate: float
    """Blinks per minute over the last minute, as it was last sent; NaN while unknown."""
    presence: float
    """Share of frames with a face over the last minute, as it was last sent; NaN before."""


class Webcam(Closing):
    """A webcam's streams, on LSL from construction to `close`: the face, blinks once a second, patterns on request.

    Parameters
    ----------
    source : Source
        The camera or the video.
    landmarks : FaceLandmarks
        What measures the pictures.
    name, source_id : str
        Of the Face stream; that of the blinks adds ``-Blinks``, that of the patterns ``-Patterns``.
    patterns : bool
        Publish LBP-TOP counts, too.
    """

    def __init__(
        self, source: Source, landmarks: FaceLandmarks, *, name: str, source_id: str, patterns: bool = False
    ) -> None:
        self._source = source
        self._landmarks = landmarks
        self._open = ExitStack()
        face, blinks = stream_infos(source.sfreq, name, source_id)
        self.face = self._open.enter_context(Outlet(face))
        self.blinks = self._open.enter_context(Outlet(blinks))
        self.patterns = (
            self._open.enter_context(Outlet(patterns_info(source.sfreq, name, source_id))) if patterns else None
        )

    def run(
        self, stop: threading.Event, *, duration: float = float("inf"), seen: Callable[[Watched], None] | None = None
    ) -> Watched | None:
        """Measure pictures and send what they say, until `stop` is set.

        Parameters
        ----------
        stop : threading.Event
            Ends it; it is set at the end.
        duration : float
            End after this many seconds of pictures.
        seen : callable | None
            Called after each frame.

        Returns
        -------
        Watched | None
            What was seen; None if no picture came.

        Raises
        ------
        BadInput
            The source delivers no more.
        """
        counter, lbp_top = BlinkCounter(), LbpTop()
        watched: Watched | None = None
        first = told = rate = presence = float("nan")
        frames = faces = 0
        with Newest(self._source, stop) as newest:
            while (picture := newest.take()) is not None:
                if not frames:
                    first = told = picture.time
                elif picture.time - first >= duration:
                    break
                row = self._landmarks.measure(picture.pixels, picture.time)
                self.face.push(row[np.newaxis], np.array([picture.time]))
                if self.patterns is not None:
                    counts = lbp_top.process(grey(picture.pixels) if row[0] else None)
                    self.patterns.push(counts[np.newaxis], np.array([picture.time]))
                counter.process(picture.time, row)
                frames, faces = frames + 1, faces + int(row[0])
                if picture.time - told >= _BLINKS_EVERY_S:
                    told, rate, presence = picture.time, counter.rate, counter.presence
                    self.blinks.push(np.array([[rate, presence]], np.float32), np.array([told]))
                watched = Watched(row, frames, faces, newest.skipped, rate, presence)
                if seen is not None:
                    seen(watched)
        return watched

    def close(self) -> None:
        """Take the streams off the network."""
        self._open.close()


def camera_id(number: int) -> str:
    """Return the source id of a camera's Face stream: the same whenever this machine's camera is opened."""
    return f"{NAME}-{platform.node()}-{number}"


def stream_infos(sfreq: float, name: str, source_id: str) -> tuple[StreamInfo, StreamInfo]:
    """Return what the Face stream and the stream of blinks say of themselves.

    Parameters
    ----------
    sfreq : float
        The source's nominal rate (Hz).
    name, source_id : str
        Of the Face stream.
    """
    pose = ("deg",) * 3 + ("cm",) * 3
    units = (*("a.u.",) * (len(FACE_CHANNELS) - len(HEAD_POSE)), *pose, *("share",) * len(FACE_SIGHT))
    face = StreamInfo(
        "face", name, "Face", source_id, sfreq, CHANNELS, units, "float32", "", "", "Face", can_drop_samples=True
    )
    ch_names = ("blink_rate", "presence")
    blinks = StreamInfo(
        "blinks", f"{name}-Blinks", "Blinks", f"{source_id}-Blinks", 0.0, ch_names, ("1/min", "share"), "float32",
        "", "", "record",
    )  # fmt: skip
    return face, blinks


def patterns_info(sfreq: float, name: str, source_id: str) -> StreamInfo:
    """Return what the stream of LBP-TOP counts says of itself; see `stream_infos`.

    Its type is not ``Face``: who asks for that wants the one of the blendshapes.
    """
    return StreamInfo(
        "patterns", f"{name}-Patterns", "FacePatterns", f"{source_id}-Patterns", sfreq, PATTERNS,
        ("count",) * len(PATTERNS), "float32", "", "", "Face", can_drop_samples=True,
    )  # fmt: skip


def grey(pixels: Array) -> Array:
    """Return the grey picture of which DMER's program takes the patterns, uint8 ``(height, width)``.

    It takes the weight of red (0.299) for blue and that of blue (0.114) for red.

    Parameters
    ----------
    pixels : array, shape (height, width, 3)
        uint8; blue, green, red.
    """
    import cv2

    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY))
