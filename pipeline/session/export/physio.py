"""The body's signals in a BIDS folder: a compressed table beside the EEG, and a sidecar that describes it."""

import csv
import gzip
import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.records import StreamInfo
from pipeline.session.export.regular import Regular
from pipeline.session.export.signals import channel_columns


def write_physio(path: Any, stream: str, info: StreamInfo, grid: Regular, start: float) -> None:
    """Write ``*_recording-<stream>_physio.tsv.gz`` and its ``.json``.

    Parameters
    ----------
    path : mne_bids.BIDSPath
        The participant's recording, whose entities the files get.
    stream : str
        The session's name of the stream.
    info : StreamInfo
        What it says of itself.
    grid : Regular
        Its samples; BIDS writes ``n/a`` where there is none.
    start : float
        Time of the recording's first sample (s), from which BIDS counts.
    """
    label = re.sub(r"[^A-Za-z0-9]", "", stream)
    base = path.copy().update(recording=label, suffix="physio", extension=".tsv.gz", check=False)
    base.mkdir()
    file = Path(base.fpath)
    columns = channel_columns(info.ch_names, taken=())
    text = io.StringIO(newline="")
    rows = csv.writer(text, delimiter="\t", lineterminator="\n")
    for row in grid.data:
        rows.writerow(["n/a" if np.isnan(value) else repr(float(value)) for value in row])
    with file.open("wb") as target, gzip.GzipFile("", "wb", fileobj=target, mtime=0) as packed:
        packed.write(text.getvalue().encode())
    sidecar: dict[str, Any] = {
        "SamplingFrequency": grid.sfreq,
        "StartTime": grid.start - start,
        "Columns": columns,
        "Description": f"LSL stream {info.name} of type {info.type}",
    }
    sidecar |= {
        column: {"Description": name, "Units": unit or "n/a"}
        for column, name, unit in zip(columns, info.ch_names, info.units, strict=True)
    }
    described = file.with_name(file.name.replace(".tsv.gz", ".json"))
    described.write_text(json.dumps(sidecar, indent=1, ensure_ascii=False), encoding="utf-8")
