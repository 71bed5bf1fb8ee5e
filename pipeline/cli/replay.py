"""``helo replay``: publish a recording over LSL, as the devices did."""

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from pipeline.cli.options import (
    Network,
    TableChannels,
    TableRate,
    TableTime,
    TableType,
    TableUnit,
    outlets,
    table_options,
)
from pipeline.errors import BadInput
from pipeline.stopping import stop_on_signals

if TYPE_CHECKING:
    from pipeline.files.recording import Recording
    from pipeline.streams.replay import Replay


def replay(
    recording: Annotated[
        Path,
        typer.Argument(
            help="A session folder, an .xdf file, a file that MNE reads, a folder or zip of E4 files, or a .csv table."
        ),
    ],
    *,
    speed: Annotated[
        float,
        typer.Option(
            help="Seconds of the recording a second; above 1 the stamps run ahead of the clock: not for `helo run`."
        ),
    ] = 1.0,
    loop: Annotated[bool, typer.Option("--loop", help="Start again at the end; stamps go on rising.")] = False,
    name: Annotated[str | None, typer.Option(help="Publish under this name.")] = None,
    source_id: Annotated[str | None, typer.Option(help="Publish with this source id.")] = None,
    stream_type: TableType = None,
    channels: TableChannels = None,
    unit: TableUnit = None,
    sfreq: TableRate = None,
    time: TableTime = None,
    network: Network = False,
) -> None:
    """Publish a recording's streams over LSL, paced by their own timestamps, until it ends or Ctrl-C."""
    if not 0 < speed < float("inf"):
        raise BadInput(f"--speed is {speed}; give a number above 0, for example 2")
    if "" in (name, source_id):
        raise BadInput("--name and --source-id cannot be empty; give a text, or leave the option out")
    # MNE and pyxdf are imported here, so that the other commands start without them.
    from pipeline.files.read import read_recording

    console = Console()
    with console.status(f"Reading {escape(str(recording))} ..."):
        content = read_recording(recording, table_options(stream_type, channels, unit, sfreq, time))
    stop = threading.Event()
    stop_on_signals(stop)
    with outlets(network=network):
        from pipeline.streams.replay import Replay

        with Replay(content, name=name, source_id=source_id) as published:
            console.print(_table(content, published))
            for sentence in (*content.notes, *content.left_out):
                console.print(f"{recording}: {sentence}.", highlight=False, markup=False, soft_wrap=True)
            how = f", {speed:g} times as fast" if speed != 1 else ""
            again = ", again and again" if loop else ""
            length = f"{content.end - content.start:.1f} s"
            console.print(f"Publishing {length}{how}{again}; Ctrl-C ends it.", highlight=False)
            published.run(stop, speed=speed, loop=loop)


def _table(content: "Recording", published: "Replay") -> Table:
    """Return one line per stream."""
    table = Table(box=None, pad_edge=False)
    for column in ("name", "type", "channels", "Hz", "unit", "samples", "source id"):
        right = column in {"channels", "Hz", "samples"}
        table.add_column(column, justify="right" if right else "left", overflow="fold")
    for outlet, stream in zip(published.outlets, content.streams, strict=True):
        info = outlet.info
        rate = f"{info.sfreq:g}" if info.sfreq else "irregular"
        units = ", ".join(dict.fromkeys(info.units))
        cells = (info.name, info.type, str(len(info.ch_names)), rate, units, str(len(stream.times)), info.source_id)
        table.add_row(*map(Text, cells))
    return table
