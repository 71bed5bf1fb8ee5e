"""All modalities of one participant on one tick grid."""

import copy
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pipeline.errors import BadInput
from pipeline.modalities import EEG_CHANNELS, MODALITIES, Modality
from pipeline.records import Array, Chunk, FeatureWindow, Grid, StreamInfo
from pipeline.session.config import StreamSettings
from pipeline.signals import closing
from pipeline.signals.extractor import ModalityExtractor
from pipeline.signals.extractor_state import ExtractorState
from pipeline.signals.families import LIVE, Family, family_specs
from pipeline.signals.source import modality_of
from pipeline.signals.windows import absent_features
from pipeline.states import Taken


@dataclass
class ParticipantState:
    """All that a participant's processor remembers."""

    grid: Grid | None
    extractors: dict[str, ExtractorState]
    """By stream."""
    absent: dict[str, int]
    """By stream that has not been found: the next tick."""


class ParticipantProcessor:
    """Turn a participant's streams into feature windows: for every tick one of each modality.

    Tick 0 is the first time at which every required modality can have a full, settled window. It is known once each of
    them has had a sample, or `begin` says that they are not waited for.

    Parameters
    ----------
    streams : mapping of str to (StreamInfo or None, StreamSettings)
        The participant's streams by the session file's names; info is None where the stream has not been found.
        Markers and streams that are only recorded are left aside.
    hop_s : float
        Seconds between ticks.
    lateness_s : float
        How long a tick's window is waited for (s); used by `advance` alone.
    eeg_channels : tuple of str
        The model's EEG channels.
    grid : Grid | None
        The grid to work on, from its first tick on; found from the streams when None.
    family : str
        The model's feature family.

    Raises
    ------
    BadInput
        A stream is not what its modality needs; the sentence names stream and field.
    """

    def __init__(
        self,
        streams: Mapping[str, tuple[StreamInfo | None, StreamSettings]],
        *,
        hop_s: float,
        lateness_s: float = 0.5,
        eeg_channels: tuple[str, ...] = EEG_CHANNELS,
        grid: Grid | None = None,
        family: Family = LIVE,
    ) -> None:
        self._hop_s, self._lateness_s = hop_s, lateness_s
        self._eeg_channels, self._family = eeg_channels, family
        self._settings = {name: settings for name, (_, settings) in streams.items() if settings.use in MODALITIES}
        self._extractors: dict[str, ModalityExtractor] = {}
        self._absent = dict.fromkeys(self._settings, grid.first if grid is not None else 0)
        self.grid = grid
        """The tick grid; None until it is known."""
        for name in self._settings:
            info = streams[name][0]
            if info is not None:
                self.open(name, info)

    @property
    def modalities(self) -> tuple[Modality, ...]:
        """The modalities that have a window at every tick."""
        return tuple(modality_of(settings) for settings in self._settings.values())

    @property
    def notices(self) -> tuple[str, ...]:
        """What the operator should know of the streams, one sentence each."""
        return tuple(notice for extractor in self._extractors.values() for notice in extractor.notices)

    @property
    def running_state(self) -> ParticipantState:
        """All that is remembered, itself and not a copy: it changes with the next chunk."""
        return ParticipantState(self.grid, {n: e.state for n, e in self._extractors.items()}, self._absent)

    @property
    def state(self) -> ParticipantState:
        """A copy of all that is remembered; set it on a processor with the same streams to go on from there."""
        return copy.deepcopy(self.running_state)

    @state.setter
    def state(self, state: ParticipantState) -> None:
        if state.extractors.keys() != self._extractors.keys():
            raise ValueError(f"a state of {sorted(state.extractors)}, expected {sorted(self._extractors)}")
        self.grid, self._absent = state.grid, dict(state.absent)
        for name, extractor in self._extractors.items():
            extractor.state = copy.deepcopy(state.extractors[name])

    def open(self, stream: str, info: StreamInfo) -> None:
        """Take up a stream that has not been there before, or that came back as another one.

        Another one, with other channels say, goes on with the ticks and with the participant's past.

        Raises
        ------
        BadInput
            The stream is not what its modality needs; everything is as before then.
        """
        try:
            extractor = ModalityExtractor(
                info,
                self._settings[stream],
                eeg_channels=self._eeg_channels,
                hop_s=self._hop_s,
                family=self._family,
            )
        except BadInput as error:
            raise BadInput(f"streams.{stream}.{error}") from error
        if stream in self._extractors:
            extractor.succeed(self._extractors[stream])
        else:
            extractor.state.tick = self._absent.pop(stream)
        self._extractors[stream] = extractor

    def taken(self, stream: str) -> Taken:
        """Return how a stream is taken that has been taken up."""
        return self._extractors[stream].taken(stream)

    def process(self, stream: str, chunk: Chunk, arrivals: Array | None = None) -> list[FeatureWindow]:
        """Take a chunk of a stream and return the windows that it completes.

        The chunk that makes the grid known may complete windows of every modality.

        Parameters
        ----------
        stream : str
            The session file's name of it.
        chunk : Chunk
            The stream's next chunk.
        arrivals : Array | None
            When each sample arrived (s), float64 ``(n_times,)``; None: all with the chunk.
        """
        if stream not in self._settings:
            return []
        windows = self._extractors[stream].process(chunk, self.grid, arrivals)
        return windows + self._find_grid() if self.grid is None else windows

    def needed(self, stream: str) -> tuple[int, int]:
        """Return segment and index of the first sample of a stream that may complete a window."""
        return self._extractors[stream].needed(self.grid) if stream in self._extractors else (0, 0)

    @property
    def decides_at(self) -> float:
        """When `advance` will have something to close, unless samples complete it before (s)."""
        if self.grid is None:
            return math.inf
        absent = [self.grid.end(tick) for tick in self._absent.values()]
        found = [extractor.decides_at(self.grid, self._lateness_s) for extractor in self._extractors.values()]
        return min(absent + found, default=math.inf)

    def begin(self, now: float) -> list[FeatureWindow]:
        """Start the grid at `now` (s) if it is not known yet: the streams that are missing are not waited for."""
        if self.grid is not None:
            return []
        self.grid = Grid(now, self._hop_s)
        return self._complete()

    def advance(self, now: float, *, paused: bool = False) -> list[FeatureWindow]:
        """Return the windows that at `now` (s) are not waited for any longer: late, lost, paused or never found."""
        if self.grid is None:
            return []
        windows = self._close_absent(now)
        for extractor in self._extractors.values():
            windows += extractor.advance(self.grid, now, self._lateness_s, paused=paused)
        return windows

    def finish(self) -> list[FeatureWindow]:
        """Return the windows of every modality up to the newest sample of any: nothing more will come."""
        if self.grid is None:
            return []
        ends = [self.grid.end(extractor.state.tick - 1) for extractor in self._extractors.values()]
        newest = [extractor.newest for extractor in self._extractors.values()]
        beyond = math.nextafter(max(ends + newest, default=-math.inf), math.inf)
        windows = self._close_absent(beyond)
        for extractor in self._extractors.values():
            windows += extractor.close_until(self.grid, beyond, closing.ENDED)
        return windows

    def _find_grid(self) -> list[FeatureWindow]:
        required = [name for name, settings in self._settings.items() if settings.required] or list(self._settings)
        ready = [self._extractors[name].ready_at if name in self._extractors else None for name in required]
        known = [time for time in ready if time is not None]
        if len(known) < len(required):
            return []
        self.grid = Grid(max(known), self._hop_s)
        return self._complete()

    def _complete(self) -> list[FeatureWindow]:
        return [window for extractor in self._extractors.values() for window in extractor.complete(self.grid)]

    def _close_absent(self, time: float) -> list[FeatureWindow]:
        return [window for stream in self._absent for window in self._missing(stream, time)]

    def _missing(self, stream: str, time: float) -> Iterator[FeatureWindow]:
        modality = modality_of(self._settings[stream])
        features = absent_features(family_specs(self._family, self._eeg_channels)[modality])
        while self.grid is not None and self.grid.end(self._absent[stream]) < time:
            tick = self._absent[stream]
            self._absent[stream] = tick + 1
            yield FeatureWindow(tick, self.grid.end(tick), modality, features, 0.0, 0.0, (closing.NOT_FOUND,))
