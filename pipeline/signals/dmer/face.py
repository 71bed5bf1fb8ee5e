"""The face: LBP-TOP histograms from the counts that the filming process sends."""

from typing import Final

import numpy as np

from pipeline.errors import BadInput
from pipeline.signals.dmer.features import FEATURES, FRAMES_HZ, PATTERNS
from pipeline.signals.dmer.lbp_top import SPAN, shares
from pipeline.signals.processor import Measured, Memoryless, Window

#: Frames of a window.
N_FRAMES: Final = round(FRAMES_HZ)

#: A camera whose rate differs from `FRAMES_HZ` by this share sees other movements in as many frames, and says so.
OFF_RATE: Final = 0.1

#: By this share it sees too different ones.
FAR_OFF_RATE: Final = 0.25


class DmerFaceProcessor(Memoryless):
    """Features on windows of 30 frames.

    A row of the stream holds the pattern counts of the frame four before it, which need the eight frames before the
    row. So the patterns of a window's frames are those of its rows but the first eight.

    Parameters
    ----------
    ch_names : tuple of str
        The stream's channels; those of `features.PATTERNS` must be among them, in any order.

    Raises
    ------
    BadInput
        One of them is missing.
    """

    spec = FEATURES["Face"]
    absent = "no face"

    def __init__(self, ch_names: tuple[str, ...]) -> None:
        place = {name.casefold(): index for index, name in enumerate(ch_names)}
        missing = [name for name in PATTERNS if name not in place]
        if missing:
            raise BadInput(
                f"channels: the model takes the {len(PATTERNS)} LBP-TOP counts of the face; {len(missing)} are missing "
                f"({missing[0]}, ...): match the stream that has them"
            )
        self.picks = [place[name] for name in PATTERNS]

    def measure(self, window: Window) -> Measured:
        """Return the three histograms, ``(768,)``, each of sum 1."""
        rows, ok = window.data[-N_FRAMES:][SPAN - 1 :], window.ok[-N_FRAMES:][SPAN - 1 :]
        if not ok.any():
            return Measured(np.zeros(len(PATTERNS)), 0.0, ("too few frames with a face",))
        values, presence = shares(rows[ok]), float(window.ok.mean())
        seconds = float(window.times[-1] - window.times[0])
        rate = (len(window.times) - 1) / seconds if seconds > 0 else 0.0
        off = abs(rate / FRAMES_HZ - 1)
        if off <= OFF_RATE:
            return Measured(values, presence)
        reason = f"{rate:.3g} frames a second, the model takes {FRAMES_HZ:g}"
        return Measured(values, 0.0 if off > FAR_OFF_RATE else 0.5 * presence, (reason,))
