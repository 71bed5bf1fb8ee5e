"""`helo train`: make a model."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.console import Console

from pipeline.cli.datasets import Data, DataOptions, Ratings, load, progress
from pipeline.cli.options import Json, print_json
from pipeline.cli.scores import score_table
from pipeline.errors import BadInput

if TYPE_CHECKING:
    from rich.table import Table

    from model.learning.unfinished import Epoch


def train(
    out: Annotated[Path, typer.Option(help="The .safetensors file to write.")],
    data: Data = "simulated",
    ratings: Ratings = None,
    subjects: Annotated[int, typer.Option(min=2, help="Simulated participants; a fifth is for validation.")] = 60,
    minutes: Annotated[float, typer.Option(min=1, help="Length of a simulated session.")] = 8.0,
    hop: Annotated[
        float | None, typer.Option(min=0.1, help="Seconds between windows, of simulated and recorded sessions [1].")
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, help="At most; training ends early when validation says so.")] = 24,
    device: Annotated[str, typer.Option(help="cpu (reproducible), cuda, mps or auto.")] = "cpu",
    report: Annotated[
        Path | None, typer.Option(help="An .html file to write: curves, scores, label correlation.", show_default=False)
    ] = None,
    seed: Annotated[int, typer.Option(help="Of participants, weights and split.")] = 0,
    json: Json = False,
) -> None:
    """Train a model and write its checkpoint; a training that was interrupted goes on where it was."""
    from model.learning.make import make_model
    from model.learning.options import TrainOptions
    from model.predictor import choose_device

    if out.suffix != ".safetensors":
        raise BadInput(f"--out: {out} does not end in .safetensors; give a file name that does")
    if hop is not None and data.startswith(("wesad:", "dmer:")):
        raise BadInput(f"--hop: {data} has windows of its own; leave it out")
    options = TrainOptions(seed=seed, epochs=epochs, device=choose_device(device))
    windows = load(DataOptions(data, ratings, subjects, minutes, hop, seed), simulated_hop=1.0)
    if len(windows.subjects) < 2:
        raise BadInput(
            f"--data: {data}: {len(windows.subjects)} participant; one is for validation, so give two or more"
        )
    with progress("epochs", epochs) as advance:

        def told(epoch: "Epoch") -> None:
            advance(f"epoch {epoch.number}, loss {epoch.loss:.4f}, validation KL {epoch.validation_kl:.4f}")

        header = make_model(windows, options, out, _command(), told, report)
    summary = {"out": str(out), "training": msgspec.to_builtins(header.training), "metrics": header.metrics}
    if json:
        print_json(summary)
        return
    console = Console()
    console.print("validation participants, per window")
    console.print(_metrics_table(header.metrics))
    console.print(f"{out}: {header.training.description}; best after {header.training.epochs} epochs")


def _command() -> str:
    """Return what was typed, as one line."""
    return shlex.join(["helo", *sys.argv[1:]])


def _metrics_table(metrics: dict[str, dict[str, float]]) -> "Table":
    table = score_table(next(iter(metrics.values())))
    for name, values in metrics.items():
        table.add_row(name, *(f"{value:.4f}" for value in values.values()))
    return table
