"""How soon an operator sees it: a real Chromium beside a real session of a simulated participant.

``python -m benchmarks.visible [--seconds S] [--rounds N] [--json]`` measures, all on the host's clock,

- *estimate*: from the moment an estimate was made, just before it is stored, until the frame that shows it was painted;
- *note*: how far the time of a note by hot key is from the key's own event in the browser;
- *loss*: from a stream's last sample until the banner is amber, says which sensor is missing, and is painted. Half of
  the rounds stop the program that sends the stream, half kill it.

The page is watched from outside: by what Plotly draws and what the banner holds, not by what our modules say of it.
"""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.chromium import chromium
from benchmarks.ports import free_port
from pipeline.streams.confine import confine


def told(values: list[float]) -> dict[str, float]:
    """Return what is said of them (ms)."""
    half, most, nearly, longest = np.percentile(1000 * np.asarray(values), [50, 95, 99, 100])
    return {"n": len(values), "p50": half, "p95": most, "p99": nearly, "longest": longest}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0, help="for how long estimates are watched")
    parser.add_argument("--rounds", type=int, default=10, help="notes, and losses")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    path = chromium()
    if path is None:
        sys.exit("no Chromium: install it, or set HELO_CHROMIUM to its path")
    with tempfile.TemporaryDirectory(prefix="helo-bench-") as folder:
        confine(Path(folder))
        os.environ["XDG_RUNTIME_DIR"] = folder
        os.environ["HELO_PORT"] = str(free_port())
        from benchmarks.watched import watched  # loads liblsl, which reads its configuration once

        with watched(Path(folder), path) as session:
            result = {
                "estimate": told(session.estimates(options.seconds)),
                "note": told(session.notes(options.rounds)),
                "loss": told(session.losses(options.rounds)),
            }
    if options.json:
        print(json.dumps(result))
        return
    show(result)


def show(result: dict[str, dict[str, Any]]) -> None:
    """Print the table."""
    table = Table(title="How soon an operator sees it (ms)", title_justify="left")
    for column in ("what", "n", "p50", "p95", "p99", "longest"):
        table.add_column(column, justify="left" if column == "what" else "right")
    for what, row in result.items():
        table.add_row(what, *(f"{row[column]:.0f}" for column in ("n", "p50", "p95", "p99", "longest")))
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
