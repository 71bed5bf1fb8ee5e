"""The protocol of a simulated session: film clips of 60 s with pauses of 10 s between them."""

from typing import Final

import numpy as np

from pipeline.records import Array

CLIP_S: Final = 60
PAUSE_S: Final = 10

#: Where clips of each kind pull the axes (positive affect, negative affect, arousal) of an average viewer.
_KINDS: Final = np.array([
    [1.10, -0.50, 0.50],  # comedy
    [0.90, -0.30, -0.60],  # nature
    [0.70, 0.10, 0.70],  # sport
    [-0.60, 1.10, 0.80],  # horror
    [-0.70, 1.00, -0.60],  # loss
    [-0.30, 0.60, 0.50],  # suspense
    [0.00, 0.00, -0.40],  # neutral
    [0.40, 0.50, 0.20],  # moving
])  # fmt: skip
_REST: Final = np.zeros(3)


class Trials:
    """The order of the clips that one participant sees, and how they come across.

    Parameters
    ----------
    rng : numpy.random.Generator
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._targets: list[Array] = []

    def target(self, time: float) -> Array:
        """Return where the clip at `time` (s since the start) pulls the three axes; zeros in a pause."""
        clip, within = divmod(time, PAUSE_S + CLIP_S)
        if within < PAUSE_S:
            return _REST
        while len(self._targets) <= clip:
            # Every kind once, in a new order, before any comes again; each viewer sees each clip differently.
            for kind in self._rng.permutation(len(_KINDS)):
                self._targets.append(_KINDS[kind] + self._rng.normal(0.0, 0.3, 3))
        return self._targets[int(clip)]

    @staticmethod
    def markers(second: int) -> list[tuple[float, str]]:
        """Return the markers of a second: times (s since the start) and texts."""
        clip, within = divmod(second, PAUSE_S + CLIP_S)
        if within == PAUSE_S:
            return [(float(second), f"start clip-{clip + 1:02d}")]
        if within == 0 and clip > 0:
            return [(float(second), f"end clip-{clip:02d}")]
        return []
