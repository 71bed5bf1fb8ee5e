"""One stream's last seconds, kept once for all viewers, in the ways in which they look at it."""

import itertools
from collections import deque
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from dashboard.signals.choice import SPANS, Choice
from dashboard.signals.envelope import Envelope
from dashboard.signals.montages import AS_RECORDED, Traces, montages
from pipeline.modalities import COUNTER_LABELS
from pipeline.records import Array, Chunk, StreamInfo
from pipeline.states import Taken

#: So much of a signal is kept (s).
KEPT_S: Final = SPANS[-1] + 1.0
#: Columns over the time that is seen: about one a pixel of the widest panel.
COLUMNS: Final = 800


@dataclass(frozen=True)
class _Piece:
    """A chunk on its way to the screen."""

    times: Array
    samples: Array
    filtered: Array | None
    gap: bool


_numbers = itertools.count()


@dataclass
class View:
    """A signal as some viewers look at it."""

    traces: Traces
    envelope: Envelope
    filtered: bool
    asked: float
    """When somebody last did so (s)."""
    _number: int = field(default_factory=_numbers.__next__)

    @property
    def name(self) -> str:
        """Another one wherever what a page has of it no longer belongs to what comes."""
        return f"{self._number}.{self.envelope.restarts}"

    def take(self, piece: _Piece) -> None:
        """Take what is new."""
        samples = piece.filtered if self.filtered and piece.filtered is not None else piece.samples
        self.envelope.process(piece.times, self.traces.derive(samples), gap=piece.gap)


class Signal:
    """The last seconds of a stream, on the time axis of the processing.

    Parameters
    ----------
    info : StreamInfo
        What the stream says of itself.
    taken : Taken or None
        How the processing takes it; a stream that it leaves aside is shown in its own unit and by its own stamps.

    Attributes
    ----------
    newest : Array or None
        The newest sample of every channel that is shown, ``(n_channels,)``.
    time : float or None
        Its time (s).
    number : int
        Every signal's own.
    """

    def __init__(self, info: StreamInfo, taken: Taken | None) -> None:
        # These load SciPy's signals, some 70 MB: only where somebody looks.
        from dashboard.signals.display_filter import DisplayFilter
        from pipeline.signals.timeline import Timeline

        self.info, self.taken = info, taken
        self.number = next(_numbers)
        self.newest: Array | None = None
        self.time: float | None = None
        self._pieces: deque[_Piece] = deque()
        self._views: dict[tuple[int, str, bool], View] = {}
        self._expected: tuple[int, int] | None = None
        self._picks = list(taken.picks) if taken else _all_but_counters(info)
        self.ch_names = taken.ch_names if taken else tuple(info.ch_names[pick] for pick in self._picks)
        stamps, delay_s = (taken.stamps, taken.delay_s) if taken else ("as-is", 0.0)
        self._timeline = Timeline(stamps, info.sfreq, delay_s)
        self._filter = DisplayFilter(info.sfreq) if info.use == "EEG" else None
        sources = taken.scalp.sources if taken and taken.scalp else ()
        self.montages = montages(self.ch_names, sources) if info.use == "EEG" else montages(self.ch_names, ())

    @property
    def unit(self) -> str:
        """The unit in which it is shown."""
        own = [self.info.units[pick] for pick in self._picks if pick < len(self.info.units)]
        return self.taken.unit if self.taken else (own[0] if own else "")

    def process(self, chunk: Chunk) -> None:
        """Take the next chunk."""
        if not len(chunk.times) or chunk.data.shape[1] != len(self.info.ch_names):
            return
        gap = self._expected is not None and self._expected != (chunk.segment, chunk.first)
        if gap:
            self._timeline.reset()
            if self._filter is not None:
                self._filter.reset()
        self._expected = chunk.segment, chunk.last + 1
        times = self._timeline.process(chunk.first, chunk.times + chunk.offset)
        samples = np.asarray(chunk.data[:, self._picks], np.float64)
        if self.taken is not None:
            samples = samples * self.taken.scale + self.taken.shift
        filtered = self._filter.process(samples) if self._filter is not None else None
        self.newest, self.time = samples[-1], float(times[-1])
        self._keep(_Piece(times, samples.astype(np.float32), filtered, gap))

    def view(self, choice: Choice, now: float) -> View:
        """Return the signal as a viewer wants to see it, made of all that is kept if nobody has looked so before."""
        montage = choice.montage if choice.montage in self.montages else AS_RECORDED
        filtered = choice.filtered and self._filter is not None
        key = choice.span, montage, filtered
        if key not in self._views:
            traces = self.montages[montage]
            envelope = Envelope(len(traces.labels), choice.span / COLUMNS, choice.span + 1.0)
            view = self._views[key] = View(traces, envelope, filtered, now)
            for piece in self._pieces:
                view.take(piece)
        self._views[key].asked = now
        return self._views[key]

    def forget_views(self, before: float) -> None:
        """Let go of the ways in which nobody has looked since `before` (s)."""
        self._views = {key: view for key, view in self._views.items() if view.asked >= before}

    def _keep(self, piece: _Piece) -> None:
        self._pieces.append(piece)
        while self._pieces[0].times[-1] < piece.times[-1] - KEPT_S:
            self._pieces.popleft()
        for view in self._views.values():
            view.take(piece)


def _all_but_counters(info: StreamInfo) -> list[int]:
    plain = ["".join(c for c in name.casefold() if c.isalnum()) for name in info.ch_names]
    return [place for place, name in enumerate(plain) if name not in COUNTER_LABELS]
