"""How long it takes after a fault of a sensor until estimates are good again.

``python -m benchmarks.recovery [--json]`` runs one real session (`benchmarks.faulty_session`) whose simulated sensors
have one fault after the other, and prints for each of them

- sensor time: from the first sample after the fault to the first tick from which on the modality is whole and used;
- wall time: from that sample to when that tick's window was ready.

The modality's own window and the settling of its filters are contained in both. It takes about a minute and a half.
"""

import argparse
import json
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.faulty_session import Outcome, run
from pipeline.signals.family import FEATURES
from pipeline.streams.confine import confine


@dataclass(frozen=True)
class Recovery:
    """One fault of one stream."""

    fault: str
    stream: str
    window_s: float
    ticks: int
    sensor_s: float
    wall_s: float


def measure(outcome: Outcome) -> list[Recovery]:
    """Return the recovery from every fault after which the stream could be used."""
    found = []
    for (participant, modality), sensor in outcome.sensors.items():
        for happened in sensor.happened:
            if happened.fault.useless:
                continue
            ticks, sensor_s, wall_s = outcome.recovery(participant, modality, happened)
            window_s = FEATURES[modality].window_s
            found.append(
                Recovery(
                    happened.fault.name,
                    f"{participant}/{modality}",
                    window_s,
                    ticks,
                    round(sensor_s, 2),
                    round(wall_s, 2),
                )
            )
    return sorted(found, key=lambda one: (one.fault, one.stream))


def show(found: list[Recovery]) -> None:
    """Print the table."""
    table = Table(title="Until estimates are good again", title_justify="left")
    for column in ("fault", "stream", "window (s)", "sensor time (s)", "wall time (s)"):
        table.add_column(column, justify="left" if column in {"fault", "stream"} else "right")
    for one in found:
        table.add_row(one.fault, one.stream, f"{one.window_s:g}", f"{one.sensor_s:.2f}", f"{one.wall_s:.2f}")
    Console().print(table)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="helo-bench-") as folder:
        confine(Path(folder))
        os.environ["XDG_RUNTIME_DIR"] = folder
        found = measure(run(Path(folder), f"recovery-{os.getpid()}"))
    if options.json:
        print(json.dumps({"recoveries": [asdict(one) for one in found]}))
    else:
        show(found)


if __name__ == "__main__":
    main()
