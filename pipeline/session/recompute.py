"""Estimates without LSL, store and clock: from chunks by the live processors and the live model."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from msgspec.structs import replace

from model.estimating import Estimating, Helpers, Join
from model.header import Header
from model.predictor import Predictor
from pipeline.errors import BadInput
from pipeline.records import Chunk, Estimate, FeatureWindow, Grid, StreamInfo
from pipeline.session.config import SessionFile, StreamSettings
from pipeline.session.decided import Decisions, decisions, grid
from pipeline.session.raw_stream import Part, RawStream
from pipeline.session.recorded import RecordedSession
from pipeline.signals.extractor import ModalityExtractor
from pipeline.signals.offline import feed, repeat
from pipeline.signals.participant import ParticipantProcessor

#: Begins a piece of work, of so many steps, and returns what is told of the steps done.
Track = Callable[[str, int], Callable[[int], None]]


class Made(NamedTuple):
    """What was computed for one participant."""

    windows: list[FeatureWindow]
    """In the order of ticks."""
    estimates: list[Estimate]
    notes: tuple[str, ...]
    """Which streams were not used, and why, a sentence each."""


class Input(NamedTuple):
    """One stream of a participant that the model takes."""

    info: StreamInfo | None
    """None where there is no such stream."""
    settings: StreamSettings
    chunks: Iterable[Chunk] = ()
    samples: int = 0
    span: tuple[float, float] = (0.0, 0.0)
    """Time of the first and of the last sample (s)."""


def inputs(settings: SessionFile, participant: str, predictor: Predictor) -> dict[str, str]:
    """Return the modalities that a participant has and the model takes, each with the session's name of its stream."""
    streams = settings.participants[participant].modality_streams()
    return {modality: stream for modality, stream in streams.items() if modality in predictor.header.modalities}


def compute(
    settings: SessionFile,
    participant: str,
    streams: Mapping[str, Input],
    predictor: Predictor,
    helpers: Helpers,
    track: Track,
) -> Made:
    """Return what comes of a participant's streams when nothing is late.

    Parameters
    ----------
    settings : SessionFile
        The session.
    participant : str
        Whose streams.
    streams : mapping of str to Input
        By the session's names. One that is not required is left aside when it is no use.
    predictor : Predictor
        The model.
    helpers : Helpers
        Of the same model.
    track : callable
        Is told of the progress.

    Raises
    ------
    BadInput
        No stream is there, or a required one is not what its modality needs.
    """
    header = predictor.header
    spans = [stream.span for stream in streams.values() if stream.info is not None]
    if not spans:
        raise BadInput(f"streams: none of {', '.join(streams)} is in the recording; correct the session file")
    faults = {name: _fault(stream, header, settings.hop_s) for name, stream in streams.items()}
    usable = [name for name, fault in faults.items() if not fault]
    required = {name for name in usable if streams[name].settings.required} or set(usable)
    processor = ParticipantProcessor(
        {
            name: (
                stream.info if name in usable else None,
                stream.settings.model_copy(update={"required": name in required}),
            )
            for name, stream in streams.items()
        },
        hop_s=settings.hop_s,
        eeg_channels=header.eeg_channels,
        family=header.family,
    )
    progress = track(f"{participant}: features", sum(streams[name].samples for name in usable))
    windows: Iterable[FeatureWindow] = feed(processor, {name: streams[name].chunks for name in usable}, progress)
    if not usable:
        began = processor.begin(min(first for first, _ in spans))
        windows = began + processor.advance(max(last for _, last in spans))
    notes = tuple(f"stream {participant}/{name} is not used: {fault}" for name, fault in faults.items() if fault)
    seconds = max(last for _, last in spans) - min(first for first, _ in spans)
    return _made(participant, windows, notes, settings, predictor, helpers, track, round(seconds / settings.hop_s))


def recompute(
    session: RecordedSession,
    participant: str,
    predictor: Predictor,
    helpers: Helpers,
    track: Track,
    *,
    as_run: bool = True,
) -> Made:
    """Return what was computed live, as far as windows were recorded; what was late then is late again.

    Parameters
    ----------
    session : RecordedSession
        The session.
    participant : str
        One of its participants.
    predictor : Predictor
        The model.
    helpers : Helpers
        Of the same model.
    track : callable
        Is told of the progress.
    as_run : bool
        Keep to the ticks as they were; otherwise, and where no window was recorded, nothing is late.
    """
    windows = session.windows()
    settings = session.settings
    found = inputs(settings, participant, predictor)
    ticks = grid(session, participant) if as_run else None
    raw = {stream: session.streams.get((participant, stream)) for stream in found.values()}
    wanted = settings.participants[participant].streams
    if ticks is None:
        streams = {name: _input(one, wanted[name]) for name, one in raw.items()}
        others = tuple(
            f"stream {participant}/{name} came back as another one; what came then is not used"
            for name, one in raw.items()
            if one and len(one.parts) > 1
        )
        made = compute(settings, participant, streams, predictor, helpers, track)
        return made._replace(notes=made.notes + others)
    progress = track(f"{participant}: features", sum(one.samples for one in raw.values() if one))
    again: list[FeatureWindow] = []
    for modality, name in found.items():
        decided = decisions(windows, participant, modality)
        windows_of = _again(raw[name], wanted[name], decided, ticks, predictor.header, progress)
        again += [window for window in windows_of if window.tick <= decided.last_tick]
    return _made(participant, again, (), settings, predictor, helpers, track, len(again) // max(1, len(found)))


def _input(raw: RawStream | None, settings: StreamSettings) -> Input:
    """Return a stream for as long as it was of the kind that it was first."""
    if raw is None:
        return Input(None, settings)
    first = raw.parts[0]
    alone = RawStream((first,))
    return Input(first.info, settings, first.chunks(), alone.samples, alone.span)


def _again(
    raw: RawStream | None,
    settings: StreamSettings,
    decided: Decisions,
    ticks: Grid,
    header: Header,
    progress: Callable[[int], None],
) -> Iterator[FeatureWindow]:
    """Yield the windows of one modality; a stream that came back as another one is taken up anew, as live."""
    parts = _used(raw, settings, decided, header, ticks.hop) if raw is not None else []
    if not parts:
        absent = ParticipantProcessor(
            {"": (None, settings)},
            hop_s=ticks.hop,
            eeg_channels=header.eeg_channels,
            grid=ticks,
            family=header.family,
        )
        yield from absent.advance(math.nextafter(ticks.end(decided.last_tick), math.inf))
        return
    before: ModalityExtractor | None = None
    waiting = list(decided.closings)
    for number, part in enumerate(parts, start=1):
        extractor = _extractor(part.info, settings, header, ticks.hop)
        if before is None:
            extractor.state.tick = ticks.first
        else:
            extractor.succeed(before)
        before = extractor
        following = parts[number].segment if number < len(parts) else math.inf
        closings = [closing for closing in waiting if closing.segment < following]
        waiting = waiting[len(closings) :]
        yield from repeat(extractor, part.chunks(decided.segments), closings, ticks, progress)


def _used(raw: RawStream, settings: StreamSettings, decided: Decisions, header: Header, hop_s: float) -> list[Part]:
    """Return what was processed live: a stream that is no use when it comes back is left aside, even a required one."""
    first, *later = raw.parts
    optional = settings.model_copy(update={"required": False})
    used = [] if _fault(Input(first.info, settings), header, hop_s) else [first]
    return used + [
        part
        for part in later
        if not decided.segments.isdisjoint(run.segment for run, *_ in part.runs)
        and not _fault(Input(part.info, optional), header, hop_s)
    ]


def _fault(stream: Input, header: Header, hop_s: float) -> str:
    """Return why a stream is not used, as live; empty for one that can be, or that the session requires."""
    if stream.info is None:
        return "it is not there"
    if stream.settings.required:
        return ""
    try:
        _extractor(stream.info, stream.settings, header, hop_s)
    except BadInput as error:
        return str(error)
    return ""


def _extractor(info: StreamInfo, settings: StreamSettings, header: Header, hop_s: float) -> ModalityExtractor:
    return ModalityExtractor(info, settings, eeg_channels=header.eeg_channels, hop_s=hop_s, family=header.family)


def _made(
    participant: str,
    windows: Iterable[FeatureWindow],
    notes: tuple[str, ...],
    settings: SessionFile,
    predictor: Predictor,
    helpers: Helpers,
    track: Track,
    expected: int,
) -> Made:
    """Estimate every tick as its windows come, and order them, without the arrivals that no clock has seen."""
    join = Join(tuple(inputs(settings, participant, predictor)), 0)
    plain: list[FeatureWindow] = []
    n_ticks = 0
    estimating = Estimating(predictor, helpers, expected)
    for made in windows:
        plain.append(replace(made, arrival=None))
        tick = join.add(plain[-1])
        if tick is not None:
            estimating.add(tick)
            n_ticks += 1
    estimates = estimating.finish(track(f"{participant}: estimates", n_ticks))
    return Made(sorted(plain, key=lambda window: window.tick), estimates, notes)
