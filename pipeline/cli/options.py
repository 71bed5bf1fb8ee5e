"""Options that several commands share."""

import json as json_module
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from pipeline.errors import BadInput

if TYPE_CHECKING:
    from pipeline.files.table import TableOptions

#: Thirty years.
_LONGEST_S: Final = 1e9


def _ends(duration: float | None) -> float | None:
    """Check that a duration will be over: infinity, and what is no number, are floats too."""
    if duration is not None and not duration < _LONGEST_S:
        raise BadInput(f"--duration: {duration:g} s are never over; give fewer, or leave it out to go on until Ctrl-C")
    return duration


Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")]
Duration = Annotated[
    float | None,
    typer.Option(min=0.05, help="Stop this many seconds after the first tick.", show_default=False, callback=_ends),
]
NoDashboard = Annotated[bool, typer.Option("--no-dashboard", help="Show no page.")]
Recordings = Annotated[Path, typer.Option(help="Folder for recorded sessions.")]
Network = Annotated[bool, typer.Option("--network", help="Let other machines find the streams.")]
# What a plain table does not say of itself.
TableType = Annotated[str | None, typer.Option("--type", help="Table: the stream's type, for example GSR.")]
TableChannels = Annotated[
    str | None, typer.Option("--channels", help="Table: columns that are channels, with commas between them.")
]
TableUnit = Annotated[str | None, typer.Option("--unit", help="Table: unit of the channels, for example uS.")]
TableRate = Annotated[float | None, typer.Option("--sfreq", help="Table: rate (Hz).")]
TableTime = Annotated[str | None, typer.Option("--time", help="Table: column of the timestamps (s).")]
RECORDINGS = Path("recordings")
DEFAULT_PORT = 8501


@contextmanager
def outlets(*, network: bool) -> Iterator[None]:
    """Keep the outlets that are opened inside on this machine, unless `network`; enter before pylsl is loaded."""
    from pipeline.streams.confine import confine

    with tempfile.TemporaryDirectory(prefix="helo-lsl-") as folder:
        if not network:
            confine(Path(folder))
        yield


def table_options(
    stream_type: str | None, channels: str | None, unit: str | None, sfreq: float | None, time: str | None
) -> "TableOptions":
    """Return what was said of a table."""
    from pipeline.files.table import TableOptions

    picked = tuple(part.strip() for part in channels.split(",")) if channels is not None else None
    return TableOptions(stream_type, picked, unit, sfreq, time)


def print_json(result: Any) -> None:
    """Print one JSON object on stdout."""
    typer.echo(json_module.dumps(result, ensure_ascii=False))


def dashboard_port() -> int:
    """Return the dashboard's port: HELO_PORT, or 8501.

    Raises
    ------
    BadInput
        HELO_PORT is not a port.
    """
    text = os.environ.get("HELO_PORT") or str(DEFAULT_PORT)
    if not text.isdecimal() or not 1024 <= int(text) <= 65535:
        raise BadInput(f"HELO_PORT: {text!r} is not a port; give a number from 1024 to 65535")
    return int(text)
