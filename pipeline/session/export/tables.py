"""Export a recorded session as tables: Parquet or CSV, for pandas, R and spreadsheets."""

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from model.header import model_hash, model_path, read_header
from pipeline.errors import BadInput
from pipeline.modalities import Modality
from pipeline.session import folder
from pipeline.session.export.flat import flat_estimates, flat_features, flat_ratings
from pipeline.session.export.signals import signal_parts, signal_table
from pipeline.session.outline import Outline
from pipeline.session.ratings import RATING, TrialRating, rating_in
from pipeline.session.raw_stream import Part
from pipeline.session.recorded import RecordedSession
from pipeline.session.trials import Trial
from pipeline.signals.families import LIVE, family_specs
from pipeline.signals.family import FeatureSpec

_EVENT: Final = pa.schema(
    {"id": pa.string(), "time": pa.float64(), "kind": pa.string(), "text": pa.string(), "source": pa.string()}
)
_TRIAL: Final = pa.schema(
    {
        "onset": pa.float64(),
        "duration": pa.float64(),
        "name": pa.string(),
        "condition": pa.string(),
        "source": pa.string(),
    }
)


def write_tables(session: RecordedSession, outline: Outline, target: Path, kind: str) -> list[str]:
    """Write a session's tables into a folder.

    Parameters
    ----------
    session : RecordedSession
        The session.
    outline : Outline
        The same session's events and trials.
    target : Path
        An empty folder.
    kind : str
        ``parquet`` or ``csv``.

    Returns
    -------
    list of str
        What the reader should know, a sentence each.
    """
    (target / "signals").mkdir()
    notes: list[str] = []
    for name, table in _tables(session, outline, notes):
        path = target / f"{name}.{kind}"
        if kind == "parquet":
            pq.write_table(table, path)
        else:
            pa_csv.write_csv(table, path)
    for name in (folder.SETTINGS, folder.PROVENANCE):
        shutil.copyfile(session.path / name, target / name)
    return notes


def _tables(session: RecordedSession, outline: Outline, notes: list[str]) -> Iterator[tuple[str, pa.Table]]:
    """Yield the name of every table and the table, one after the other, since signals take much memory."""
    if outline.emotions:
        yield "estimates", flat_estimates(session.estimates(), outline.emotions)
    for name, table in flat_features(session.windows(), _specs(outline)):
        yield f"features_{name}", table
    yield "events", pa.Table.from_pylist([dict(event) for event in outline.events], _EVENT)
    yield "trials", pa.Table.from_pylist(list(map(_trial, outline.trials)), _TRIAL)
    items = flat_ratings(_ratings(outline, notes))
    if items.num_rows:
        yield "rated_items", items  # `ratings.csv` is what a session's own table is called, a row a trial
    channels: list[dict[str, Any]] = []
    for participant, stream, stem, part in signal_parts(session):
        settings = session.settings.participants[participant].streams[stream]
        table = signal_table(part, settings.delay_ms / 1000)
        about = {"file": f"signals/{stem}", "participant": participant, "stream": stream, "use": settings.use}
        channels += _channels(about, part, table)
        yield f"signals/{stem}", table
    yield "channels", pa.Table.from_pylist(channels)


def _ratings(outline: Outline, notes: list[str]) -> Iterator[tuple[float, TrialRating]]:
    """Yield when each rating was done, and it; what is none, in a recording that somebody else wrote, is noted."""
    for event in outline.events:
        if event["kind"] != RATING:
            continue
        try:
            yield event["time"], rating_in(event["text"])
        except ValueError as error:
            notes.append(f"the rating at {event['time']:.3f} s is in events alone: it cannot be read ({error})")


def _specs(outline: Outline) -> Mapping[Modality, FeatureSpec]:
    """Return what the features are; without the session's model here, nothing tells which channels those of EEG are."""
    model = outline.model
    family = model.get("family", LIVE)
    if family != LIVE:
        return family_specs(family)
    try:
        path = model_path(outline.settings.model)
    except BadInput:
        path = None
    if path is not None and model_hash(path) == model.get("sha256"):
        return family_specs(family, read_header(path).eeg_channels)
    return {modality: spec for modality, spec in family_specs(family).items() if modality != "EEG"}


def _channels(about: dict[str, Any], part: Part, table: pa.Table) -> Iterator[dict[str, Any]]:
    """Yield what each column of a table of signals is; its channels are its last columns."""
    info = part.info
    stream = {"name": info.name, "type": info.type, "source_id": info.source_id, "sfreq": info.sfreq}
    columns = table.column_names[-len(info.ch_names) :]
    for channel, column, unit in zip(info.ch_names, columns, info.units, strict=True):
        yield {**about, **stream, "column": column, "channel": channel, "unit": unit}


def _trial(trial: Trial) -> dict[str, Any]:
    return {name: getattr(trial, name) for name in _TRIAL.names} | {"condition": trial.condition or None}
