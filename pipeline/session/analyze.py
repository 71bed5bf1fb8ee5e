"""Analyse a recording: the same estimates as live, offline, as fast as the machine can."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final, NamedTuple

from model.estimating import Helpers
from model.header import fits, model_path, read_header
from model.predictor import Predictor, choose_device
from pipeline.errors import BadInput
from pipeline.files.read import read_recording
from pipeline.files.recording import RecordedStream
from pipeline.files.table import TableOptions
from pipeline.places import require_folder
from pipeline.session import folder
from pipeline.session.config import SessionFile
from pipeline.session.decided import happened
from pipeline.session.mapping import Segment, cut_segments, match_streams, plain_session
from pipeline.session.provenance import provenance
from pipeline.session.raw_stream import RawStream
from pipeline.session.recompute import Input, Made, Track, compute, inputs, recompute
from pipeline.session.recorded import RecordedSession, is_session, open_session
from pipeline.session.settings_file import load_session_file
from pipeline.session.tables import estimate_row, feature_row, write_parquet
from pipeline.session.trials import Trial, markers_of, trials_of, write_trials
from pipeline.signals.offline import pieces

#: Of a recording for which no session file is given.
_PLAIN_MODEL: Final = "shipped"
#: A file of this size holds enough to pay back the start of other processes; its reading takes about as long.
_LARGE_BYTES: Final = 32 << 20


class Analysis(NamedTuple):
    """What came of a recording."""

    settings: SessionFile
    predictor: Predictor
    made: Mapping[str, Made]
    """By participant."""
    segments: Mapping[str, list[Segment]]
    """By ``participant/stream``, of the streams that were used."""
    duration_s: float
    notes: list[str]
    """What the reader of the result should know, a sentence each."""
    trials: Sequence[Trial] | None
    """None where the session file does not say what a trial is."""


def analyze(
    recording: Path, session: Path | None, out: Path | None, track: Track, options: TableOptions | None = None
) -> dict[str, Any]:
    """Compute the estimates of a recording and write them to a folder.

    A recorded session is computed as it was run: on its ticks, and what was late then is late again. Any other
    recording, and a session for which another session file is given, has nothing that is late.

    Parameters
    ----------
    recording : Path
        A session folder, or whatever `read_recording` reads.
    session : Path | None
        The session file; a session folder has its own, and other recordings do for simple cases without. For a session
        folder it names streams as that one did.
    out : Path | None
        Where ``estimates.parquet`` and ``features.parquet`` go, and ``trials.tsv`` where the session file says what a
        trial is; by default ``analysis`` in a folder that is the recording, or ``<stem>-analysis`` here for a file.
    track : callable
        Is told of the progress.
    options : TableOptions | None
        What a .csv table does not say of itself.

    Returns
    -------
    dict
        What ``--json`` prints.

    Raises
    ------
    BadInput
        Recording, session file or model cannot be used, no tick comes of them, or `out` cannot be written.
    """
    begun = time.monotonic()
    out = out or (recording / "analysis" if recording.is_dir() else Path(f"{recording.stem}-analysis"))
    require_folder(out, "-o")
    settings = None if session is None else load_session_file(session)
    if is_session(recording) and not (options and options.given()):
        recorded = open_session(recording)
        recorded = recorded if settings is None else replace(recorded, settings=settings)
        with Helpers(model_path(recorded.settings.model)) as helpers:
            analysis = _of_session(recorded, session, helpers, track)
    else:
        with Helpers(model_path(_PLAIN_MODEL if settings is None else settings.model)) as helpers:
            analysis = _of_recording(recording, session, settings, options, helpers, track)
    estimates = [estimate for made in analysis.made.values() for estimate in made.estimates]
    if not estimates:
        raise BadInput(f"{recording}: is too short for a single estimate; give a longer recording")
    try:
        _write(out, recording, analysis)
    except OSError as error:
        raise BadInput(f"{out}: cannot be written ({error.strerror or error}); give another folder by -o") from error
    abstained = sum(estimate.abstained for estimate in estimates)
    return {
        "ticks": len(estimates),
        "estimates": len(estimates) - abstained,
        "abstained": abstained,
        "duration_s": round(analysis.duration_s, 3),
        "elapsed_s": round(time.monotonic() - begun, 3),
        "streams": {name: [asdict(segment) for segment in found] for name, found in analysis.segments.items()},
        "notes": analysis.notes,
        "out": str(out),
    }


def _of_session(session: RecordedSession, other: Path | None, helpers: Helpers, track: Track) -> Analysis:
    """Compute a recorded session again, up to its last estimate where there is one; or by another session file."""
    settings = session.settings
    predictor = Predictor.load(model_path(settings.model), settings.device)
    notes = [*session.notes]
    recorded = (session.provenance.get("model") or {}).get("sha256", predictor.model_hash)
    if recorded != predictor.model_hash:
        notes.append(f"the model is another one than live ({recorded[:12]} then, {predictor.model_hash[:12]} now)")
    made, segments = {}, {}
    for participant in settings.participants:
        try:
            whole = recompute(session, participant, predictor, helpers, track, as_run=other is None)
        except BadInput as error:
            raise BadInput(f"{other or session.path}: participants.{participant}.{error}") from error
        last = session.last_estimate(participant) if other is None else None
        kept = [estimate for estimate in whole.estimates if last is None or estimate.tick <= last]
        made[participant] = Made(whole.windows, kept, whole.notes)
        notes += whole.notes
        for name in inputs(settings, participant, predictor).values():
            raw = session.streams.get((participant, name))
            if raw is not None:
                segments[f"{participant}/{name}"] = _segments(raw)
    trials = trials_of(happened(session.path, "marker"), settings.trials) if settings.trials else None
    return Analysis(settings, predictor, made, segments, session.duration_s, notes, trials)


def _of_recording(
    path: Path,
    session: Path | None,
    settings: SessionFile | None,
    options: TableOptions | None,
    helpers: Helpers,
    track: Track,
) -> Analysis:
    device = choose_device("auto" if settings is None else settings.device)
    if device == "cpu" and path.is_file() and path.stat().st_size >= _LARGE_BYTES:
        helpers.start()  # they load the model while this process reads
    recording = read_recording(path, options)
    notes = [*recording.notes, *recording.left_out]
    if settings is None:
        settings, left = plain_session(recording, read_header(model_path(_PLAIN_MODEL)).modalities)
        notes += left
    predictor = Predictor.load(model_path(settings.model), settings.device)
    unfit = fits(predictor.header, settings)
    if unfit:
        raise BadInput(f"{session or path}: {unfit}")
    made, segments = {}, {}
    markers: list[dict[str, Any]] = []
    for participant in settings.participants:
        found = match_streams(recording, settings, participant)
        for name, wanted in settings.participants[participant].streams.items():
            if wanted.use == "Markers" and name in found:
                markers += markers_of(f"{participant}/{name}", found[name], wanted.delay_ms)
        streams: dict[str, Input] = {}
        for name in inputs(settings, participant, predictor).values():
            streams[name], segments[f"{participant}/{name}"] = _input(settings, participant, name, found.get(name))
        try:
            made[participant] = compute(settings, participant, streams, predictor, helpers, track)
            notes += made[participant].notes
        except BadInput as error:
            raise BadInput(f"{session or path}: participants.{participant}.{error}") from error
    trials = trials_of(markers, settings.trials) if settings.trials else None
    return Analysis(settings, predictor, made, segments, recording.end - recording.start, notes, trials)


def _input(
    settings: SessionFile, participant: str, name: str, stream: RecordedStream | None
) -> tuple[Input, list[Segment]]:
    wanted = settings.participants[participant].streams[name]
    if stream is None:
        return Input(None, wanted), []
    recorded, segments = cut_segments(stream, wanted)
    span = float(stream.times[0]), float(stream.times[-1])
    return Input(stream.info, wanted, pieces(recorded), len(stream.times), span), segments


def _segments(raw: RawStream) -> list[Segment]:
    """Return the segments of a stream as they were recorded."""
    found: dict[int, Segment] = {}
    for run, times, _ in raw.runs:
        begun = found.get(run.segment)
        began = "open" if not found else "as recorded"
        found[run.segment] = (
            Segment(float(times[0]) + run.offset, len(times), began)
            if begun is None
            else Segment(begun.start, begun.samples + len(times), begun.began)
        )
    return list(found.values())


def _write(out: Path, recording: Path, analysis: Analysis) -> None:
    """Write tables, the session as computed, and where it all comes from."""
    out.mkdir(mode=0o700, parents=True, exist_ok=True)  # features of people, as in a session's folder
    made = analysis.made.items()
    write_parquet(out / "features.parquet", (feature_row(name, window) for name, one in made for window in one.windows))
    write_parquet(out / "estimates.parquet", (estimate_row(name, row) for name, one in made for row in one.estimates))
    if analysis.trials is not None:
        write_trials(out / folder.TRIALS, analysis.trials)
    folder.write_settings(out, analysis.settings)
    predictor = analysis.predictor
    folder.write_provenance(
        out,
        {
            **provenance(analysis.settings),
            "recording": recording.name,
            "model": {
                "sha256": predictor.model_hash,
                "description": predictor.header.description,
                "demonstration": predictor.header.demonstration,
                "device": predictor.device,
                "emotions": list(predictor.header.emotions),
                "family": predictor.header.family,
            },
            "segments": {name: [asdict(segment) for segment in found] for name, found in analysis.segments.items()},
            "notes": analysis.notes,
        },
    )
