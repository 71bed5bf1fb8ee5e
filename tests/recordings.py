"""Recorded sessions made by hand: the live processors and the recorder's own files, with samples that come late."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from model.estimating import Join, estimate_of, estimates_of
from model.header import model_path
from model.predictor import Predictor
from pipeline.records import Chunk, FeatureWindow, array
from pipeline.session import folder
from pipeline.session.config import SessionFile
from pipeline.session.provenance import describe_model, provenance
from pipeline.session.raw import RawFile
from pipeline.session.tables import ArrowTable, estimate_row, feature_row, to_parquet
from pipeline.signals.offline import Recorded
from pipeline.signals.participant import ParticipantProcessor
from pipeline.states import ModelInfo
from tests.signals_samples import cut

#: When a chunk that ends at a time (s) arrives: from its stream and that time.
Arrives = Callable[[str, float], float]


def live(processor: ParticipantProcessor, arriving: list[tuple[float, str, Chunk]]) -> list[FeatureWindow]:
    """Process chunks as a live worker does: each when it arrives, and the clock runs on in between."""
    windows = []
    now = arriving[0][0]
    for arrival, stream, chunk in arriving:
        while now < arrival:
            windows += processor.advance(now)
            now += 0.05
        windows += processor.process(stream, chunk)
    return windows


def arriving(
    recorded: Mapping[str, Recorded], arrives: Arrives, *, offsets: tuple[float, ...] = (0.0,)
) -> list[tuple[float, str, Chunk]]:
    """Return all chunks, of 0.1 s, in the order of their arrivals; the clock offset changes from one to the next."""
    found = []
    for name, stream in recorded.items():
        size = max(1, round(stream.info.sfreq / 10))
        latest = -np.inf
        for number, chunk in enumerate(cut(stream, [size] * (len(stream.times) // size))):
            latest = max(latest, arrives(name, float(chunk.times[-1])))
            offset = offsets[number % len(offsets)]
            source = chunk.times - offset
            found.append(
                (latest, name, Chunk(chunk.segment, chunk.first, source, offset, chunk.data, latest, chunk.strings))
            )
    return sorted(found, key=lambda item: item[:2])


def record(
    path: Path, settings: SessionFile, recorded: Mapping[str, Recorded], arrives: Arrives, *, closed: bool = True
) -> list[FeatureWindow]:
    """Write the folder of a session with one participant, P001, and return its windows.

    With `closed` False the folder is as a recorder leaves it that is killed.
    """
    kept, path = path, path.with_name(f"{path.name}-running")
    path.mkdir(parents=True)
    predictor = Predictor.load(model_path(settings.model), "cpu")
    chunks = arriving(recorded, arrives, offsets=(0.25, 0.25, 0.5))
    wanted = settings.participants["P001"].streams
    streams = {name: (recorded[name].info if name in recorded else None, one) for name, one in wanted.items()}
    processor = ParticipantProcessor(streams, hop_s=settings.hop_s, lateness_s=settings.lateness_s)
    windows = live(processor, chunks)
    raw = RawFile(path / folder.RAW)
    for _, name, chunk in chunks:
        raw.add("P001", recorded[name].info, chunk)
    header = predictor.header
    model = ModelInfo(header.emotions, array(header.mean_label), predictor.model_hash, "", True, predictor.device)
    noted = {**provenance(settings), "model": describe_model(model), "streams": raw.provenance()}
    noted["grids"] = {"P001": [processor.grid.start, 0]}
    folder.write_settings(path, settings)
    folder.write_provenance(path, noted)
    tables = {name: ArrowTable(path / name) for name in (folder.FEATURES, folder.ESTIMATES)}
    for window in windows:
        tables[folder.FEATURES].append(feature_row("P001", window))
    join = Join(tuple(m for m in header.modalities if m in processor.modalities), 0)
    for window in windows:
        tick = join.add(window)
        if tick is not None:
            prediction, present = estimates_of(predictor, [tick])
            estimate = estimate_of(predictor, tick, prediction, present, 0, {"latency": 0.1})
            tables[folder.ESTIMATES].append(estimate_row("P001", estimate))
    for table in tables.values():
        table.flush()
    raw.flush()
    if not closed:
        shutil.copytree(path, kept)
    raw.close()
    for name, table in tables.items():
        table.close()
        to_parquet(path / name)
    folder.write_provenance(path, {**noted, "ended": noted["begun"], "streams": raw.provenance()})
    if closed:
        path.rename(kept)
    return windows
