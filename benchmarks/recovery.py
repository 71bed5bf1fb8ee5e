"""How long it takes after a fault of a sensor until estimates are good again.

``python -m benchmarks.recovery [--json]`` runs one real session (`benchmarks.faulty_session`) whose simulated sensors
have one fault after the other, and prints for each of them

- sensor time: from the first sample after the fault to the first tick from which on the modality is whole and used;
- wall time: from that sample to when that tick's window was ready;
- pick-up: how long a stream that returned was there until somebody read it.

The modality's own window and the settling of its filters are contained in both. It takes about a minute and a half.
"""

import argparse
import json
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from pipeline.signals.family import FEATURES
from pipeline.streams.confine import confine

if TYPE_CHECKING:
    from benchmarks.faulty_session import Outcome


@dataclass(frozen=True)
class Recovery:
    """One fault of one stream."""

    fault: str
    stream: str
    window_s: float
    ticks: int
    sensor_s: float
    wall_s: float
    pick_up_s: float | None


def measure(outcome: "Outcome") -> list[Recovery]:
    """Return the recovery from every fault after which the stream could be used."""
    found = []
    for (participant, modality), sensor in outcome.sensors.items():
        for happened in sensor.happened:
            if happened.fault.useless:
                continue
            ticks, sensor_s, wall_s = outcome.recovery(participant, modality, happened)
            pick_up_s = happened.end - happened.returned if happened.fault.away else None
            stream, window_s = f"{participant}/{modality}", FEATURES[modality].window_s
            found.append(Recovery(happened.fault.name, stream, window_s, ticks, sensor_s, wall_s, pick_up_s))
    return sorted(found, key=lambda one: (one.fault, one.stream))


def show(found: list[Recovery]) -> None:
    """Print the table."""
    table = Table(title="Until estimates are good again", title_justify="left")
    for column in ("fault", "stream", "window (s)", "sensor time (s)", "wall time (s)", "pick-up (s)"):
        table.add_column(column, justify="left" if column in {"fault", "stream"} else "right", no_wrap=True)
    for one in found:
        pick_up = "" if one.pick_up_s is None else f"{one.pick_up_s:.2f}"
        times = (f"{one.window_s:g}", f"{one.sensor_s:.2f}", f"{one.wall_s:.2f}", pick_up)
        table.add_row(one.fault, one.stream, *times)
    Console(width=110).print(table)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="helo-bench-") as folder:
        confine(Path(folder))
        os.environ["XDG_RUNTIME_DIR"] = folder
        from benchmarks.faulty_session import run  # brings liblsl, which reads its configuration once

        found = measure(run(Path(folder), f"recovery-{os.getpid()}"))
    if options.json:
        print(json.dumps({"recoveries": [asdict(one) for one in found]}))
    else:
        show(found)


if __name__ == "__main__":
    main()
