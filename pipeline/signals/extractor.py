"""One modality of one participant: from chunks to a feature window for every tick."""

import math
from typing import Final

import numpy as np

from pipeline.modalities import UNITS, Modality
from pipeline.records import Array, Chunk, FeatureWindow, Grid, StreamInfo
from pipeline.session.config import StreamSettings
from pipeline.signals import closing
from pipeline.signals.buffer import ABSENT, GOOD, SETTLING, WindowBuffer
from pipeline.signals.extractor_state import ExtractorState
from pipeline.signals.families import LIVE, Family
from pipeline.signals.scalp import scalp
from pipeline.signals.source import Source
from pipeline.signals.timeline import Stamps, Timeline
from pipeline.signals.windows import Span, WindowMaker
from pipeline.states import Taken

#: A stream without a sample for this long, beyond the lateness allowed, is lost and not waited for (s).
LOST_S: Final = 2.0

#: Stamps this far ahead of their arrival are wrong (s).
AHEAD_S: Final = 5.0

#: Tick 0 lies this much later than need be, since the first stamp of a stream may be off (s).
SLACK_S: Final = 0.1

#: Of the time to a window's end, this share surely passes before a sample of a stream with unsteady stamps ends it.
EARLY: Final = 0.8

#: Until the grid is known, this much of the past is kept (s).
HOLD_S: Final = 60.0


class ModalityExtractor:
    """Turn one stream into feature windows.

    A window of a stream with steady stamps is its last ``window_s * sfreq`` samples, and complete with the first
    sample after ``end - 1 / sfreq``. A window of a stream that may drop samples, has no nominal rate or whose stamps
    are taken ``as-is`` holds the samples in ``(end - window_s, end]``. No window reaches over a gap.

    Parameters
    ----------
    info : StreamInfo
        What the stream says of itself.
    settings : StreamSettings
        What the session file says of it.
    eeg_channels : tuple of str
        The model's EEG channels.
    hop_s : float
        Seconds between ticks.
    family : str
        The model's feature family.

    Raises
    ------
    BadInput
        The stream is not what its modality needs.
    """

    def __init__(
        self,
        info: StreamInfo,
        settings: StreamSettings,
        *,
        eeg_channels: tuple[str, ...],
        hop_s: float,
        family: Family = LIVE,
    ) -> None:
        self._source = Source(info, settings, eeg_channels, family)
        self._processor = self._source.processor
        self.modality: Modality = self._source.modality
        self.notices = self._processor.notices
        self._spec = self._processor.spec
        sfreq = info.sfreq
        as_is = settings.stamps == "as-is" or info.can_drop_samples or sfreq <= 0
        self._stamps: Stamps = "as-is" if as_is else settings.stamps
        self._settings = settings
        self._timeline = Timeline(self._stamps, sfreq, settings.delay_ms / 1000)
        self._n_times = 0 if as_is else round(self._spec.window_s * sfreq)
        self._sfreq = sfreq
        self._period = 1 / sfreq if sfreq > 0 else 0.0
        self._settling = math.ceil(self._processor.settle_s * sfreq)
        self._buffer = WindowBuffer()
        self._maker = WindowMaker(self.modality, self._processor, sfreq=sfreq, n_times=self._n_times, hop_s=hop_s)
        self._state = ExtractorState(self._maker.baseline.state)

    @property
    def ready_at(self) -> float | None:
        """The first time at which a settled window is full (s); None before the first sample."""
        began = self._state.began
        return None if began is None else began + self._processor.settle_s + self._spec.window_s + SLACK_S

    def taken(self, stream: str) -> Taken:
        """Return how the stream of this name is taken, for whoever shows the same samples."""
        source, settings = self._source, self._settings
        of_eeg = None
        if self.modality == "EEG":
            # A feature's name is that of its channel, and its band.
            channels = tuple(name.rsplit(" ", 2)[0] for name in self._spec.names[:: self._spec.shape[1]])
            of_eeg = scalp(channels, source.ch_names, settings.montage)
        return Taken(
            stream, tuple(source.picks), source.ch_names, UNITS[self.modality], source.scale, source.shift,
            self._stamps, settings.delay_ms / 1000, of_eeg,
        )  # fmt: skip

    @property
    def newest(self) -> float:
        """Time of the newest sample (s)."""
        return self._state.newest

    @property
    def state(self) -> ExtractorState:
        """All that is remembered; copy it before going on."""
        state = self._state
        state.baseline, state.timeline = self._maker.baseline.state, self._timeline.state
        state.processor, state.buffer = self._processor.state, self._buffer.state
        return state

    @state.setter
    def state(self, state: ExtractorState) -> None:
        self._state = state
        self._maker.baseline.state, self._timeline.state = state.baseline, state.timeline
        if state.buffer is not None:
            self._buffer.state = state.buffer
        if state.processor is not None:
            self._processor.state = state.processor

    def succeed(self, before: "ModalityExtractor") -> None:
        """Go on where the extractor of another stream of this modality stopped; its samples are not used again."""
        past = before.state
        self.state = ExtractorState(
            baseline=past.baseline,
            tick=past.tick,
            segment=past.segment,
            expected=past.expected,
            began=past.began,
            newest=past.newest,
            arrived=past.arrived,
        )

    def needed(self, grid: Grid | None) -> tuple[int, int]:
        """Return segment and index of the first sample that may complete a window; none before it does."""
        state = self._state
        if grid is None or state.expected < 0:
            return state.segment, max(state.expected, 0)
        left = grid.end(state.tick) - self._period - state.newest
        steps = math.floor(left * self._sfreq * (1.0 if self._n_times else EARLY)) - 2
        return state.segment, state.expected + max(steps, 0)

    def decides_at(self, grid: Grid, lateness_s: float) -> float:
        """Return when the clock will have to close the next window, unless samples complete it before (s)."""
        state = self._state
        end = grid.end(state.tick)
        return min(end + lateness_s, max(end, state.arrived + LOST_S + lateness_s))

    def process(self, chunk: Chunk, grid: Grid | None, arrivals: Array | None = None) -> list[FeatureWindow]:
        """Take a chunk and return the windows that it completes.

        Parameters
        ----------
        chunk : Chunk
            The stream's next chunk.
        grid : Grid | None
            The tick grid; while there is none, samples are kept for it.
        arrivals : Array | None
            When each sample arrived (s), float64 ``(n_times,)``; None: all with the chunk.

        Raises
        ------
        ValueError
            The chunk overlaps what was processed before, or is older.
        """
        if not len(chunk.times):
            return []
        state = self._state
        if (chunk.segment, chunk.first) < (state.segment, state.expected):
            raise ValueError(
                f"{self.modality}: chunk {chunk.segment}-{chunk.first} after {state.segment}-{state.expected}"
            )
        stamps = chunk.times + chunk.offset
        state.ahead = float(stamps[0] - (chunk.arrival if arrivals is None else arrivals[0]))
        if state.ahead > AHEAD_S:
            return []
        windows: list[FeatureWindow] = []
        if (chunk.segment, chunk.first) != (state.segment, state.expected):
            self._timeline.reset()
            times = self._timeline.process(chunk.first, stamps)
            windows = self.close_until(
                grid, float(times[0]), closing.GAP if state.expected >= 0 else closing.NO_SAMPLES
            )
            self._begin_segment(chunk)
        else:
            times = self._timeline.process(chunk.first, stamps)
        self._take(chunk, times, chunk.arrival if arrivals is None else arrivals)
        windows += self.complete(grid)
        self._trim(grid)
        return windows

    def complete(self, grid: Grid | None) -> list[FeatureWindow]:
        """Return the windows whose last sample has arrived."""
        spans: list[Span] = []
        while grid is not None:
            end = grid.end(self._state.tick)
            row = self._buffer.after(end - self._period)
            if row >= len(self._buffer):
                break
            stop = row + 1 if self._buffer.time(row) <= end else row
            spans.append(self._span(end, self._first_row(end, stop), stop))
        return self._make(spans)

    def close_until(self, grid: Grid | None, time: float, why: str) -> list[FeatureWindow]:
        """Return the windows of all ticks that end before `time`, made of what is there."""
        spans: list[Span] = []
        while grid is not None and grid.end(self._state.tick) < time:
            end = grid.end(self._state.tick)
            spans.append(self._span(end, self._buffer.after(end - self._spec.window_s), self._buffer.after(end)))
        return self._make(spans, why)

    def advance(self, grid: Grid, now: float, lateness_s: float, *, paused: bool = False) -> list[FeatureWindow]:
        """Return the windows that are not waited for any longer.

        Parameters
        ----------
        grid : Grid
            The tick grid.
        now : float
            The host's time (s).
        lateness_s : float
            How long a window is waited for (s); a lost stream is not waited for.
        paused : bool
            Samples are held back on purpose.
        """
        silent = now - self._state.arrived
        lost = silent > LOST_S + lateness_s
        why = self._silence(silent) if lost else closing.late(now - self._state.newest)
        why = closing.PAUSED if paused else why
        windows = self.close_until(grid, now if lost else now - lateness_s, why)
        self._trim(grid)
        return windows

    def _silence(self, silent: float) -> str:
        if self._state.ahead > AHEAD_S:
            return closing.ahead(self._state.ahead)
        return closing.NO_SAMPLES if math.isinf(silent) else closing.silent(silent)

    def _begin_segment(self, chunk: Chunk) -> None:
        state = self._state
        self._processor.reset()
        self._buffer.clear(chunk.first)
        state.after_gap = state.expected >= 0
        state.segment, state.settled = chunk.segment, chunk.first + self._settling

    def _take(self, chunk: Chunk, times: Array, arrivals: Array | float) -> None:
        state = self._state
        conditioned = self._processor.process(self._source.samples(chunk))
        status = np.where(conditioned.ok, np.uint8(GOOD), np.uint8(ABSENT))
        if chunk.first < state.settled:
            status[: state.settled - chunk.first] = SETTLING
        self._buffer.append(conditioned.data, times, arrivals, status)
        state.expected = chunk.last + 1
        state.newest, state.arrived = float(times[-1]), chunk.arrival
        if state.began is None:
            state.began = float(times[0])

    def _trim(self, grid: Grid | None) -> None:
        if grid is None:
            self._buffer.discard(self._buffer.after(self._state.newest - HOLD_S))
        else:
            self._buffer.discard(self._buffer.after(self._reach(grid.end(self._state.tick))) - 1)

    def _reach(self, end: float) -> float:
        """Return the time before which no window that ends at `end` has a sample, however slow the sensor's clock."""
        return end - 1.5 * self._spec.window_s

    def _first_row(self, end: float, stop: int) -> int:
        if self._n_times:
            return max(stop - self._n_times, self._buffer.after(self._reach(end)))
        return self._buffer.after(end - self._spec.window_s)

    def _make(self, spans: list[Span], why: str = "") -> list[FeatureWindow]:
        state = self._state
        return self._maker.make(spans, self._buffer, state.segment, why, after_gap=state.after_gap)

    def _span(self, end: float, first: int, stop: int) -> Span:
        """Say that the window of the next tick is rows `first` to `stop`."""
        tick, self._state.tick = self._state.tick, self._state.tick + 1
        return Span(tick, end, min(first, stop), stop)
