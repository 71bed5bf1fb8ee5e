"""A completed window becomes a record: its features, and how much of it and how good it is."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from pipeline.modalities import Modality
from pipeline.records import Array, FeatureWindow
from pipeline.signals.baseline import Baseline
from pipeline.signals.buffer import ABSENT, GOOD, SETTLING, WindowBuffer
from pipeline.signals.coverage import Coverage
from pipeline.signals.family import FeatureSpec
from pipeline.signals.processor import Measured, ModalityProcessor, Window

#: Least share of real data from which features are made.
LEAST_VALID: Final = 0.5

#: A stream whose rate differs from its nominal one by this share has its frequencies wrong by as much, and says so.
OFF_RATE: Final = 0.03

#: By this share they are too wrong.
FAR_OFF_RATE: Final = 0.1

#: Least quality of a window that is used, and that counts as the participant's past.
LEAST_QUALITY: Final = 0.1


class Span(NamedTuple):
    """Where a window lies."""

    tick: int
    end: float
    """Where it ends (s)."""
    first: int
    """Its first row of the buffer."""
    stop: int
    """The row after its last."""


class _Look(NamedTuple):
    """What can be said of a window before it is measured."""

    valid: float
    """Share of real data."""
    trust: float
    """What its quality is multiplied by, for the rate at which samples come."""
    reasons: list[str]
    window: Window | None
    """Its samples, if features can be made of them."""


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
        sfreq: float,
        n_times: int,
        hop_s: float,
    ) -> None:
        self._modality = modality
        self._processor = processor
        self._sfreq = sfreq
        self._n_times = n_times
        self._absent = absent_features(processor.spec)
        self._coverage = Coverage(processor.absent, processor.spec.window_s, sfreq, n_times)
        self.baseline = Baseline(processor.spec, hop_s)

    def make(
        self, spans: Sequence[Span], buffer: WindowBuffer, segment: int, why: str = "", *, after_gap: bool = False
    ) -> list[FeatureWindow]:
        """Return the windows of some ticks; together, since that costs less than one by one.

        Parameters
        ----------
        spans : sequence of Span
            The windows, whose ticks rise and are later than those before.
        buffer : WindowBuffer
            The samples of the segment.
        segment : int
            The segment.
        why : str
            Why more samples are not there; empty when all are that will come.
        after_gap : bool
            The segment is not the stream's first.
        """
        looked = [self._look(span, buffer, why, after_gap=after_gap) for span in spans]
        measured = iter(self._processor.measure_all([look.window for look in looked if look.window is not None]))
        return [
            self._record(span, buffer, segment, look, None if look.window is None else next(measured))
            for span, look in zip(spans, looked, strict=True)
        ]

    def _look(self, span: Span, buffer: WindowBuffer, why: str, *, after_gap: bool) -> _Look:
        data, times, status = buffer.rows(span.first, span.stop)
        valid = self._coverage.share(span.end, times, status, buffer.time(span.first - 1) if span.first > 0 else None)
        trust, at_rate = self._judge_rate(times)
        reasons = [*self._coverage.reasons(valid, status, why, after_gap=after_gap), *at_rate]
        # Unsettled samples come first.
        settled = int(np.count_nonzero(status == SETTLING)) if valid < 1 else 0
        if not trust or valid < LEAST_VALID or len(data) - settled < self._n_times:
            absent = status == ABSENT
            explained = self._processor.explain(data[absent]) if absent.any() else ()
            return _Look(valid, trust, [*reasons, *explained], None)
        return _Look(valid, trust, reasons, Window(data[settled:], status[settled:] == GOOD, times[settled:]))

    def _record(
        self,
        span: Span,
        buffer: WindowBuffer,
        segment: int,
        look: _Look,
        measured: Measured | None,
    ) -> FeatureWindow:
        features, quality, reasons = self._absent, 0.0, look.reasons
        if measured is not None:
            quality = measured.quality * look.trust
            relative = self.baseline.process(measured.values, learn=quality >= LEAST_QUALITY)
            features = np.empty_like(self._absent)
            features[0], features[1] = measured.values, relative
            reasons = [*reasons, *measured.reasons]
        return FeatureWindow(
            tick=span.tick,
            end=span.end,
            modality=self._modality,
            features=features,
            valid=look.valid,
            quality=quality,
            reasons=tuple(reasons),
            segment=segment,
            first=buffer.index(span.first),
            last=buffer.index(span.stop) - 1,
            arrival=buffer.arrival(span.stop - 1) if span.stop > span.first else None,
            bad={} if measured is None else measured.bad,
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


def absent_features(spec: FeatureSpec) -> Array:
    """Return what stands for features where there are none: NaN, float32 ``(2, *shape)``, read-only."""
    features = np.full((2, *spec.shape), np.nan, np.float32)
    features.flags.writeable = False
    return features
