"""A completed window becomes a record: its features, and how much of it and how good it is."""

from typing import Final

import numpy as np

from pipeline.modalities import Modality
from pipeline.records import Array, FeatureWindow
from pipeline.signals.baseline import Baseline
from pipeline.signals.buffer import GOOD, SETTLING, WindowBuffer
from pipeline.signals.coverage import Coverage
from pipeline.signals.family import feature_spec
from pipeline.signals.processor import ModalityProcessor, Window

#: Least share of real data from which features are made.
LEAST_VALID: Final = 0.5

#: A stream whose rate differs from its nominal one by this share has its frequencies wrong by as much, and says so.
OFF_RATE: Final = 0.03

#: By this share they are too wrong.
FAR_OFF_RATE: Final = 0.1

#: Least quality of a window that is used, and that counts as the participant's past.
LEAST_QUALITY: Final = 0.1


def usable(window: FeatureWindow) -> bool:
    """Return whether an estimate may be made from a window: it has features, and its sensor had hold of something."""
    return window.quality >= LEAST_QUALITY and bool(np.isfinite(window.features).all())


class WindowMaker:
    """Make feature windows of one modality.

    Parameters
    ----------
    modality : str
        The modality.
    processor : ModalityProcessor
        Its processor, of which only `measure` is used.
    eeg_channels : tuple of str
        The model's EEG channels.
    sfreq : float
        Nominal rate (Hz), 0 for an irregular stream.
    n_times : int
        Samples of a whole window; 0 where a window is made by time.
    hop_s : float
        Seconds between windows.

    Attributes
    ----------
    baseline : Baseline
        The participant's past, which every window with features joins.
    """

    def __init__(
        self,
        modality: Modality,
        processor: ModalityProcessor,
        *,
        eeg_channels: tuple[str, ...],
        sfreq: float,
        n_times: int,
        hop_s: float,
    ) -> None:
        self._modality = modality
        self._processor = processor
        self._sfreq = sfreq
        self._n_times = n_times
        self._absent = absent_features(modality, eeg_channels)
        self._coverage = Coverage(processor.absent, processor.spec.window_s, sfreq, n_times)
        self.baseline = Baseline(processor.spec, hop_s)

    def make(
        self, tick: int, end: float, buffer: WindowBuffer, rows: tuple[int, int], segment: int, why: str
    ) -> FeatureWindow:
        """Return the window of a tick.

        Parameters
        ----------
        tick : int
            The tick, which must be later than those before.
        end : float
            Where it ends (s).
        buffer : WindowBuffer
            The samples of the segment.
        rows : (int, int)
            The window's rows: first, and one beyond the last.
        segment : int
            The segment.
        why : str
            Why more samples are not there; empty when all are that will come.
        """
        first, stop = min(rows), rows[1]
        data, times, status = buffer.rows(first, stop)
        valid = self._coverage.share(end, times, status, buffer.time(first - 1) if first > 0 else None)
        reasons = self._coverage.reasons(valid, status, why)
        settled = int(np.count_nonzero(status == SETTLING))  # unsettled samples come first
        features, quality = self._absent, 0.0
        trust, at_rate = self._judge_rate(times)
        reasons += at_rate
        if trust and valid >= LEAST_VALID and len(data) - settled >= self._n_times:
            measured = self._processor.measure(Window(data[settled:], status[settled:] == GOOD, times[settled:]))
            quality = measured.quality * trust
            relative = self.baseline.process(measured.values, learn=quality >= LEAST_QUALITY)
            features = np.stack([measured.values, relative]).astype(np.float32)
            reasons += measured.reasons
        return FeatureWindow(
            tick=tick,
            end=end,
            modality=self._modality,
            features=features,
            valid=valid,
            quality=quality,
            reasons=tuple(reasons),
            segment=segment,
            first=buffer.index(first),
            last=buffer.index(stop) - 1,
            arrival=buffer.arrival(stop - 1) if stop > first else None,
        )

    def _judge_rate(self, times: Array) -> tuple[float, list[str]]:
        """Return what the quality is multiplied by for the rate at which samples really come, and why."""
        span = float(times[-1] - times[0]) if 4 * len(times) > max(self._n_times, 8) and self._n_times else 0.0
        if span <= 0:
            return 1.0, []
        delivered = (len(times) - 1) / span
        off = abs(delivered / self._sfreq - 1)
        if off <= OFF_RATE:
            return 1.0, []
        return 0.0 if off > FAR_OFF_RATE else 0.5, [f"delivers {delivered:.3g} of {self._sfreq:g} samples a second"]


def absent_features(modality: Modality, eeg_channels: tuple[str, ...]) -> Array:
    """Return what stands for features where there are none: NaN, float32 ``(2, *shape)``, read-only."""
    features = np.full((2, *feature_spec(modality, eeg_channels).shape), np.nan, np.float32)
    features.flags.writeable = False
    return features
