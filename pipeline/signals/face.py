"""Facial actions, head pose, blinks and presence from MediaPipe's blendshapes."""

import math
from typing import Final

import numpy as np

from pipeline.errors import BadInput
from pipeline.modalities import BLENDSHAPES, FACE_CHANNELS, HEAD_POSE
from pipeline.records import Array
from pipeline.signals.family import FACE, FACE_ACTIONS
from pipeline.signals.processor import Conditioned, Measured, OneByOne, Window, finite

#: A turn of the head (degrees) beyond which the landmarks of the far side are guesses.
TURNED_DEG: Final = 35.0

#: Longest step between frames over which a movement of the head is measured (s).
LONGEST_STEP_S: Final = 0.25

_PLACE = {name: index for index, name in enumerate(FACE_CHANNELS)}
_ACTIONS = [_PLACE[name] for names in FACE_ACTIONS.values() for name in names]
_COUNTS = np.array([[len(names)] for names in FACE_ACTIONS.values()])
_STARTS = np.cumsum(_COUNTS) - _COUNTS[:, 0]
_BLINK = list(FACE_ACTIONS).index("eyeBlink")
_POSE = slice(_PLACE[HEAD_POSE[0]], _PLACE[HEAD_POSE[-1]] + 1)


class FaceProcessor(OneByOne):
    """Features on windows of 1 s.

    Parameters
    ----------
    ch_names : sequence of str
        The stream's channels; those of `pipeline.modalities.FACE_CHANNELS` must be among them, in any order.
    """

    spec = FACE
    settle_s = 0.0
    absent = "no face"
    notices: tuple[str, ...] = ()
    state: None = None

    def __init__(self, ch_names: tuple[str, ...]) -> None:
        place = {name.casefold(): index for index, name in enumerate(ch_names)}
        missing = [name for name in FACE_CHANNELS if name.casefold() not in place]
        if missing:
            shown = ", ".join(missing[:5]) + (", ..." if len(missing) > 5 else "")
            raise BadInput(
                f"channels: a Face stream has face_found, {len(BLENDSHAPES)} blendshapes and the head pose; "
                f"{len(missing)} are missing ({shown}); rename them by `channels`"
            )
        self.picks = [place[name.casefold()] for name in FACE_CHANNELS]

    def process(self, samples: Array) -> Conditioned:
        """Pass on the channels of `FACE_CHANNELS`, ``(n_times, 59)``; a frame without a face is not ok."""
        return Conditioned(samples, finite(samples).all(axis=1) & (samples[:, 0] >= 0.5))

    def reset(self) -> None:
        """Nothing is remembered."""

    def measure(self, window: Window) -> Measured:
        """Return the features named in `family.FACE`."""
        frames, times = window.data[window.ok], window.times[window.ok]
        actions = np.add.reduceat(frames.T[_ACTIONS], _STARTS, axis=0) / _COUNTS
        pose = np.ascontiguousarray(frames[:, _POSE].T)
        angles, place = pose[:3], pose[3:]
        yaw, pitch, roll = angles.mean(axis=1)
        presence = float(window.ok.mean())
        values = np.concatenate(
            [
                np.log(np.maximum(actions.mean(axis=1), 0) + 0.02),
                np.log(actions.std(axis=1) + 0.005),
                [
                    _difference(frames, "mouthSmileLeft", "mouthSmileRight"),
                    _difference(frames, "browOuterUpLeft", "browOuterUpRight"),
                    float((actions[_BLINK] > 0.5).mean()),
                    yaw,
                    pitch,
                    roll,
                ],
                np.log(angles.std(axis=1) + 0.1),
                [math.log(max(abs(float(place[2].mean())), 1.0)), math.log(_speed(place, times) + 0.5), presence],
            ]
        )
        if max(abs(yaw), abs(pitch)) > TURNED_DEG:
            return Measured(values, 0.5 * presence, ("head turned away",))
        return Measured(values, presence)


def _difference(frames: Array, left: str, right: str) -> float:
    return float((frames[:, _PLACE[left]] - frames[:, _PLACE[right]]).mean())


def _speed(place: Array, times: Array) -> float:
    """Return the head's mean speed (cm/s) over steps between neighbouring frames."""
    steps = np.diff(times)
    near = (steps > 0) & (steps <= LONGEST_STEP_S)
    if not near.any():
        return 0.0
    moved = np.diff(place, axis=1)[:, near]
    return float((np.sqrt(moved[0] ** 2 + moved[1] ** 2 + moved[2] ** 2) / steps[near]).mean())
