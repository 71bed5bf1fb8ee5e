"""LBP-TOP: local binary patterns of a film on three orthogonal planes, a frame at a time.

Zhao and Pietikainen, Dynamic texture recognition using local binary patterns with an application to facial expressions,
IEEE Trans. Pattern Anal. Mach. Intell. 29 (2007) 915-928; neighbours as DMER's programs place them.
"""

import math
from collections import deque
from typing import Final

import numpy as np

from pipeline.records import Array
from pipeline.signals.dmer.features import PATTERNS, PLANES

#: Distance of a pixel's neighbours: in the picture (pixels), and in time (frames).
RADIUS: Final = 1
RADIUS_T: Final = 4

#: Frames that one frame's patterns need: itself, and those before and after it.
SPAN: Final = 2 * RADIUS_T + 1

#: Neighbours on each plane.
NEIGHBOURS: Final = 8

_ANGLES: Final = [2 * math.pi * p / NEIGHBOURS for p in range(NEIGHBOURS)]


def _offsets(plane: str) -> list[tuple[int, int, int]]:
    """Return how far each neighbour lies from the centre, as (x, y, t).

    On XY both x and y follow the cosine, where a circle would have the sine for y: two neighbours are the centre.
    """
    x = [RADIUS * math.cos(angle) for angle in _ANGLES]
    y = [-RADIUS * math.cos(angle) for angle in _ANGLES]
    t = [RADIUS_T * math.sin(angle) for angle in _ANGLES]
    axes = [value if axis in plane else [0.0] * NEIGHBOURS for axis, value in zip("xyt", (x, y, t), strict=True)]
    return [tuple(math.floor(value + 0.5) for value in place) for place in zip(*axes, strict=True)]


_OFFSETS: Final = {plane: _offsets(plane) for plane in PLANES}


class LbpTop:
    """Count the patterns of each frame once the frames around it are there.

    A window's histograms are the sums of its frames' counts, so that windows that overlap cost nothing, and a frame's
    counts can be sent on while the frame stays where it was taken.
    """

    def __init__(self) -> None:
        self._frames: deque[Array] = deque(maxlen=SPAN)

    def process(self, frame: Array | None) -> Array:
        """Take the next frame; return the counts for the frame `RADIUS_T` before it, in the order of `PATTERNS`.

        Parameters
        ----------
        frame : Array | None
            The grey picture, uint8 ``(height, width)``, at least 3 x 3; None where it shows no face. A picture of
            another size than the one before begins anew.

        Returns
        -------
        counts : Array
            float32 ``(768,)``; NaN while the last `SPAN` frames are not all there.

        Raises
        ------
        ValueError
            The picture is none.
        """
        if frame is None:
            self.reset()
            return np.full(len(PATTERNS), np.nan, np.float32)
        if frame.ndim != 2 or frame.dtype != np.uint8 or min(frame.shape) <= 2 * RADIUS:
            raise ValueError(f"frame: {frame.dtype} {frame.shape}, expected a grey picture, uint8 (height, width)")
        if self._frames and self._frames[-1].shape != frame.shape:
            self.reset()
        self._frames.append(frame.copy())
        if len(self._frames) < SPAN:
            return np.full(len(PATTERNS), np.nan, np.float32)
        return _counts(self._frames).astype(np.float32)

    def reset(self) -> None:
        """Forget all frames: the next one does not follow them."""
        self._frames.clear()


def lbp_top(frames: Array) -> Array:
    """Return the three histograms of a film, each of sum 1, one after the other.

    Parameters
    ----------
    frames : Array
        uint8 ``(n_frames, height, width)``, `SPAN` frames or more. Patterns are taken of those frames and pixels only
        that have all neighbours.

    Returns
    -------
    features : Array
        float64 ``(768,)``.

    Raises
    ------
    ValueError
        There are too few frames, or they are no grey pictures.
    """
    if len(frames) < SPAN:
        raise ValueError(f"frames: {len(frames)}, expected {SPAN} or more")
    counter = LbpTop()
    return shares(np.array([counter.process(frame) for frame in frames])[SPAN - 1 :])


def shares(counts: Array) -> Array:
    """Return the histograms of all frames' counts ``(n_frames, 768)``, each divided by its sum; float64 ``(768,)``."""
    planes = counts.astype(np.float64).sum(axis=0).reshape(len(PLANES), -1)
    return np.asarray((planes / planes.sum(axis=1, keepdims=True)).ravel())


def _counts(frames: deque[Array]) -> Array:
    """Return how often each pattern comes in the middle frame, ``(768,)``."""
    height, width = frames[RADIUS_T].shape
    rows, columns = height - 2 * RADIUS, width - 2 * RADIUS
    centre = np.ascontiguousarray(frames[RADIUS_T][RADIUS:-RADIUS, RADIUS:-RADIUS])
    code, bit = np.empty_like(centre), np.empty_like(centre)
    found = []
    for plane in PLANES:
        code.fill(0)
        for p, (x, y, t) in enumerate(_OFFSETS[plane]):
            top, left = RADIUS + y, RADIUS + x
            neighbour = frames[RADIUS_T + t][top : top + rows, left : left + columns]
            np.greater_equal(neighbour, centre, out=bit.view(np.bool_))
            np.left_shift(bit, p, out=bit)
            np.bitwise_or(code, bit, out=code)
        found.append(np.bincount(code.ravel(), minlength=2**NEIGHBOURS))
    return np.concatenate(found)
