"""``helo brainflow``: a board's signals over LSL."""

import threading
from typing import Annotated

import typer
from rich.console import Console

from pipeline.cli.options import Network, outlets
from pipeline.errors import BadInput
from pipeline.stopping import stop_on_signals


def brainflow(
    *,
    board: Annotated[str, typer.Option(help="BrainFlow's name of the board: synthetic, cyton, muse_2, emotibit ...")],
    given: Annotated[
        list[str] | None,
        typer.Option("--with", help="What the board needs, for example serial_port=/dev/ttyUSB0; may be repeated."),
    ] = None,
    duration: Annotated[float | None, typer.Option(min=0.1, help="Stop after this many seconds.")] = None,
    name: Annotated[str, typer.Option(help="Begins the streams' names and source ids.")] = "helo-brainflow",
    network: Network = False,
) -> None:
    """Publish a BrainFlow board over LSL, until Ctrl-C: EEG, GSR, PPG, temperature and motion, where it has them."""
    fields = dict(_field(text) for text in given or ())
    if not name:
        raise BadInput("--name cannot be empty; give a text, or leave the option out")
    stop = threading.Event()
    stop_on_signals(stop)
    with outlets(network=network):
        from pipeline.streams.board import Board

        console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
        with Board(board, fields, name=name) as published:
            for info in published.infos:
                console.print(f"{info.name}: {info.sfreq:g} Hz, {', '.join(info.ch_names)}; source id {info.source_id}")
            console.print(f"Publishing board {board}; Ctrl-C ends it.")
            published.run(stop, duration=float("inf") if duration is None else duration)


def _field(text: str) -> tuple[str, str]:
    field, given, value = text.partition("=")
    if not given:
        raise BadInput(f"--with {text}: give a field and its value, for example serial_port=/dev/ttyUSB0")
    return field.strip(), value.strip()
