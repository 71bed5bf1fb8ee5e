"""``helo streams`` and ``helo simulate``: what is on LSL, and a simulated participant to put there."""

import threading
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.cli.options import Json, Network, outlets, print_json
from pipeline.stopping import stop_on_signals

if TYPE_CHECKING:
    from pipeline.streams.simulator import Simulator
    from pipeline.streams.survey import Delivery


def streams(
    *,
    timeout: Annotated[float, typer.Option(min=0.1, help="How long to look for streams (s).")] = 1.0,
    watch: Annotated[float, typer.Option(min=0.1, help="How long to watch what they deliver (s).")] = 1.0,
    json: Json = False,
) -> None:
    """List the LSL streams on the network: rate, channels, and whether they deliver."""
    # Imported here: loading liblsl takes time that the other commands need not spend.
    from pipeline.streams.discovery import resolve
    from pipeline.streams.survey import survey

    console = Console(stderr=True)
    with console.status("Looking for LSL streams ..."):
        deliveries = survey(resolve(timeout), watch)
    if json:
        print_json([_row(delivery) for delivery in deliveries])
        return
    if not deliveries:
        typer.echo(f"No LSL stream within {timeout:g} s. Start a device's LSL program, or `helo simulate`.")
        return
    Console().print(_streams_table(deliveries))


def simulate(
    *,
    seed: Annotated[int, typer.Option(min=0, help="Which simulated participant.")] = 1,
    counter: Annotated[bool, typer.Option("--counter", help="Put the sample's index before the EEG channels.")] = False,
    duration: Annotated[float | None, typer.Option(min=0.1, help="Stop after this many seconds.")] = None,
    prefix: Annotated[str, typer.Option(help="Begins the streams' names and source ids.")] = "helo-demo",
    no_face: Annotated[bool, typer.Option("--no-face", help="Publish no face: `helo webcam` has one.")] = False,
    network: Network = False,
) -> None:
    """Publish a simulated participant over LSL, until Ctrl-C: EEG, GSR, PPG, face, markers and the simulated state."""
    stop = threading.Event()
    stop_on_signals(stop)
    with outlets(network=network):
        from pipeline.streams.simulator import Simulator

        console = Console(stderr=True)
        without = ("Face",) if no_face else ()
        with Simulator(seed, counter=counter, prefix=prefix, without=without) as simulator:
            console.print(_published_table(simulator))
            console.print(f"Publishing simulated participant {seed}; Ctrl-C ends it.", highlight=False)
            simulator.run(stop, duration=float("inf") if duration is None else duration)


def _row(delivery: "Delivery") -> dict[str, object]:
    found = delivery.found
    return {
        "name": found.name,
        "type": found.type,
        "source_id": found.source_id,
        "sfreq": found.sfreq,
        "channels": found.channels,
        "format": found.format,
        "host": found.host,
        "delivered_hz": None if delivery.delivered_hz is None else round(delivery.delivered_hz, 2),
        "health": delivery.health,
    }


def _streams_table(deliveries: list["Delivery"]) -> Table:
    rows = []
    for delivery in deliveries:
        found = delivery.found
        rows.append([found.name, found.type, found.source_id, f"{found.sfreq:g}", str(found.channels), delivery.health])
    return _table(["name", "type", "source id", "Hz", "channels", "health"], rows)


def _published_table(simulator: "Simulator") -> Table:
    infos = [outlet.info for outlet in simulator.outlets.values()]
    rows = [[info.name, info.type, info.source_id, f"{info.sfreq:g}", str(len(info.ch_names))] for info in infos]
    return _table(["name", "type", "source id", "Hz", "channels"], rows)


def _table(columns: list[str], rows: list[list[str]]) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in columns:
        right = column in {"Hz", "channels"}
        table.add_column(column, justify="right" if right else "left", overflow="fold", no_wrap=column == "name")
    for row in rows:
        table.add_row(*map(Text, row))
    return table
