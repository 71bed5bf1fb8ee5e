"""Facial actions, head pose, blinks and presence from MediaPipe's blendshapes; and how well the face was to be seen."""

import math
from typing import Final

import numpy as np

from pipeline.errors import BadInput
from pipeline.modalities import BLENDSHAPES, FACE_CHANNELS, FACE_SIGHT, HEAD_POSE
from pipeline.records import Array
from pipeline.signals.family import FACE, FACE_ACTIONS
from pipeline.signals.processor import Conditioned, Measured, OneByOne, Window, finite

#: A turn of the head (degrees) beyond which the landmarks of the far side are guesses.
TURNED_DEG: Final = 35.0

#: Darker than this share of white, the face drowns in the camera's noise.
DARK: Final = 0.1

#: An eye or a mouth with less contrast than this is covered: one that is seen has 0.2 and more, smooth skin 0.01-0.04.
PLAIN: Final = 0.07

#: With a smaller share of the landmarks in the picture, the rest is guessed.
INSIDE: Final = 0.9

#: Longest step between frames over which a movement of the head is measured (s).
LONGEST_STEP_S: Final = 0.25

_TOO_DARK: Final = "dark picture"
_SHOWN: Final = len(FACE_CHANNELS)
_PLACE = {name: index for index, name in enumerate(FACE_CHANNELS)}
_ACTIONS = [_PLACE[name] for names in FACE_ACTIONS.values() for name in names]
_COUNTS = np.array([[len(names)] for names in FACE_ACTIONS.values()])
_STARTS = np.cumsum(_COUNTS) - _COUNTS[:, 0]
_BLINK = list(FACE_ACTIONS).index("eyeBlink")
_PARTS = {"left eye": "left_eye_contrast", "right eye": "right_eye_contrast", "mouth": "mouth_contrast"}
_POSE = slice(_PLACE[HEAD_POSE[0]], _PLACE[HEAD_POSE[-1]] + 1)


class FaceProcessor(OneByOne):
    """Features on windows of 1 s.

    Parameters
    ----------
    ch_names : sequence of str
        The stream's channels; those of `pipeline.modalities.FACE_CHANNELS` must be among them, in any order. With
        those of `pipeline.modalities.FACE_SIGHT`, too, a face that is dark or partly hidden is told.
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
        sight = FACE_SIGHT if all(name in place for name in FACE_SIGHT) else ()
        self.picks = [place[name.casefold()] for name in (*FACE_CHANNELS, *sight)]

    def process(self, samples: Array) -> Conditioned:
        """Pass on the channels of `FACE_CHANNELS` and `FACE_SIGHT`; a frame without a face is not ok."""
        return Conditioned(samples, finite(samples[:, :_SHOWN]).all(axis=1) & (samples[:, 0] >= 0.5))

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
        reasons = _poorly_seen(frames)
        if max(abs(yaw), abs(pitch)) > TURNED_DEG:
            reasons.append("head turned away")
        return Measured(values, presence * 0.5 ** len(reasons), tuple(reasons))

    def explain(self, absent: Array) -> tuple[str, ...]:
        """Return whether it was too dark for a face to be found, shape of `absent` ``(n_times, n_columns)``."""
        return (_TOO_DARK,) if len(absent.T) > _SHOWN and _mostly(_column(absent, "brightness") < DARK) else ()


def _poorly_seen(frames: Array) -> list[str]:
    """Return in words what was amiss with the picture in most of the frames; nothing where no channel tells of it."""
    if len(frames.T) <= _SHOWN:
        return []
    if _mostly(_column(frames, "brightness") < DARK):
        return [_TOO_DARK]  # its noise hides what covers the face
    if _mostly(_column(frames, "inside_picture") < INSIDE):
        return ["face partly hidden: beyond the picture's edge"]
    # What is not a number lies beyond the edge, too.
    covered = [part for part, name in _PARTS.items() if _mostly(~(_column(frames, name) >= PLAIN))]
    return [f"face partly hidden: {' and '.join(covered)}"] if covered else []


def _column(frames: Array, name: str) -> Array:
    """Return a channel of `FACE_SIGHT`."""
    return np.asarray(frames[:, _SHOWN + FACE_SIGHT.index(name)])


def _mostly(frames: Array) -> bool:
    """Return whether something holds of most frames: a blink, or a hand that passes, is over sooner."""
    return bool(2 * np.count_nonzero(frames) > len(frames))


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
