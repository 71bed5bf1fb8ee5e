"""Blinks per minute from the frames of a Face stream."""

import math
from collections import deque
from dataclasses import dataclass
from typing import Final

from pipeline.modalities import FACE_CHANNELS
from pipeline.records import Array

#: The eyes are closed from here on, and open again below the second: a value that trembles between is one blink.
CLOSED: Final = 0.5
OPEN: Final = 0.3
#: Eyes that stay closed longer are no blink (s): blinks last 0.1 to 0.4 s (Stern, Walrath, Goldstein 1984).
LONGEST_S: Final = 0.5
#: The rate is that of the last minute, and unknown until a face was seen for this long (s).
WINDOW_S: Final = 60.0
LEAST_S: Final = 10.0
#: Frames that are further apart (s) say nothing of the time between them.
_LONGEST_STEP_S: Final = 0.25

_LEFT, _RIGHT = FACE_CHANNELS.index("eyeBlinkLeft"), FACE_CHANNELS.index("eyeBlinkRight")


@dataclass(frozen=True)
class _Seen:
    time: float
    face: bool
    seconds: float
    """Time since the frame before, as far as a face was seen."""
    blink: bool
    """A blink ended here."""


class BlinkCounter:
    """Count blinks over the last minute.

    A blink: the mean of both eyes' ``eyeBlink`` rises to `CLOSED` and falls below `OPEN` within `LONGEST_S`. A face
    that is lost while its eyes are closed has not blinked.
    """

    def __init__(self) -> None:
        self._frames: deque[_Seen] = deque()
        self._closed_since = math.nan

    def process(self, time: float, frame: Array) -> None:
        """Take the next frame.

        Parameters
        ----------
        time : float
            Its time (s); it rises.
        frame : array, shape (n_channels,)
            The channels of `FACE_CHANNELS`; more may follow.
        """
        face = bool(frame[0] >= 0.5)
        step = time - self._frames[-1].time if self._frames else 0.0
        near = step <= _LONGEST_STEP_S
        blink = self._blinked(time, float(frame[_LEFT] + frame[_RIGHT]) / 2, whole=face and near)
        self._frames.append(_Seen(time, face, step if face and near else 0.0, blink))
        while self._frames[0].time <= time - WINDOW_S:
            self._frames.popleft()

    def _blinked(self, time: float, closure: float, *, whole: bool) -> bool:
        if not whole:
            self._closed_since = math.nan
        elif closure >= CLOSED and math.isnan(self._closed_since):
            self._closed_since = time
        elif closure < OPEN and not math.isnan(self._closed_since):
            blinked = time - self._closed_since <= LONGEST_S
            self._closed_since = math.nan
            return blinked
        return False

    @property
    def rate(self) -> float:
        """Blinks per minute in which a face was seen; NaN before `LEAST_S` of it."""
        seen = sum(frame.seconds for frame in self._frames)
        return sum(frame.blink for frame in self._frames) * 60.0 / seen if seen >= LEAST_S else math.nan

    @property
    def presence(self) -> float:
        """Share of the frames of the last minute that show a face; NaN without frames."""
        return sum(frame.face for frame in self._frames) / len(self._frames) if self._frames else math.nan

    def reset(self) -> None:
        """Forget all."""
        self._frames.clear()
        self._closed_since = math.nan
