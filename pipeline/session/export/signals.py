"""The raw signals of a recorded session as tables: every sample with its time here and the stamp of its source."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from pipeline.records import Array
from pipeline.session.raw_stream import Part
from pipeline.session.recorded import RecordedSession


def signal_parts(session: RecordedSession) -> Iterator[tuple[str, str, str, Part]]:
    """Yield every raw stream: participant, the session's name of the stream, a file's stem for it, and its samples.

    A stream that came back with other channels is another part, numbered from 2.
    """
    for (participant, stream), raw in session.streams.items():
        for number, part in enumerate(raw.parts, start=1):
            yield participant, stream, f"{participant}_{stream}" + (f"-{number}" if number > 1 else ""), part


def sample_times(part: Part, delay_s: float) -> Array:
    """Return when samples were taken, float64 ``(n_times,)``: on the host's LSL clock, less the stream's delay (s)."""
    return np.concatenate([stamps + run.offset - delay_s for run, stamps, _ in part.runs])


def signal_table(part: Part, delay_s: float) -> pa.Table:
    """Return the samples of a part, one a row.

    Parameters
    ----------
    part : Part
        A raw stream for as long as it was of one kind.
    delay_s : float
        How much later the stream stamps its samples than they happened (s).

    Returns
    -------
    pyarrow.Table
        ``time`` (s, on the host's LSL clock), ``source_time`` (s, as the device stamped it), ``clock_offset`` (s),
        ``segment``, ``index`` within it, and a column a channel.
    """
    columns: dict[str, Any] = {
        "time": sample_times(part, delay_s),
        "source_time": np.concatenate([stamps for _, stamps, _ in part.runs]),
        "clock_offset": np.concatenate([np.full(len(stamps), run.offset) for run, stamps, _ in part.runs]),
        "segment": np.concatenate([np.full(len(stamps), run.segment) for run, stamps, _ in part.runs]),
        "index": np.concatenate([run.first + np.arange(len(stamps)) for run, stamps, _ in part.runs]),
    }
    data = np.concatenate([values for *_, values in part.runs])
    names = channel_columns(part.info.ch_names, taken=tuple(columns))
    return pa.table(columns | {name: pa.array(data[:, k]) for k, name in enumerate(names)})


def channel_columns(ch_names: tuple[str, ...], taken: tuple[str, ...]) -> list[str]:
    """Return a column name a channel: its own, with a number where another column is called so."""
    names: list[str] = []
    for name in ch_names:
        number, unique = 2, name or "channel"
        while unique in {*taken, *names}:
            unique, number = f"{name or 'channel'}_{number}", number + 1
        names.append(unique)
    return names
