"""`helo train` and `helo personalize`: make a model, and make it one participant's own."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipeline.cli.datasets import SESSION_HOP_S, Data, DataOptions, Ratings, load, progress
from pipeline.cli.options import Json, print_json
from pipeline.cli.scores import score_table
from pipeline.errors import BadInput
from pipeline.places import require_file

if TYPE_CHECKING:
    from model.learning.personalize import Outcome
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
    require_file(out, "--out")
    if report is not None:
        require_file(report, "--report")
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


def personalize(
    sessions: Annotated[list[Path], typer.Argument(help="Recorded sessions with the participant's rated trials.")],
    ratings: Annotated[Path, typer.Option(help="A CSV file with a row for each rated trial (docs/data.md).")],
    out: Annotated[Path, typer.Option(help="The .safetensors file to write.")],
    model: Annotated[str, typer.Option(help="shipped, or the .safetensors file of a model for everyone.")] = "shipped",
    participant: Annotated[
        str | None, typer.Option(help="Whose trials, where the ratings are of several.", show_default=False)
    ] = None,
    json: Json = False,
) -> None:
    """Adapt a model to one participant by a few rated trials, if that helps on those held out; status 1 if not."""
    from model.data.rated_trials import read_ratings
    from model.data.sessions import read_folders
    from model.header import model_path
    from model.learning.personalize import personalize_model

    if out.suffix != ".safetensors":
        raise BadInput(f"--out: {out} does not end in .safetensors; give a file name that does")
    require_file(out, "--out")
    general = model_path(model)
    if out.exists() and out.samefile(general):
        raise BadInput(f"--out: {out} is the model for everyone; give another file")
    wanted = read_ratings(ratings).of(participant)
    with progress("sessions", len(sessions)) as advance:
        windows = read_folders(sessions, wanted, hop_s=SESSION_HOP_S, on_done=lambda: advance("sessions"))
    outcome = personalize_model(windows, general, out)
    if json:
        print_json(_outcome(outcome, out))
    else:
        _print_outcome(outcome, out)
    if not outcome.found.helps:
        raise typer.Exit(1)


def _outcome(outcome: "Outcome", out: Path) -> dict[str, Any]:
    found = outcome.found
    return {
        "participant": outcome.participant,
        "personalized": found.helps,
        "trials": [
            {"trial": name, "general_kl": float(general), "held_out_kl": float(held_out)}
            for name, general, held_out in zip(outcome.trials, found.general_kl, found.held_out_kl, strict=True)
        ],
        "left_out": list(outcome.left_out),
        "general_kl": float(found.general_kl.mean()),
        "held_out_kl": float(found.held_out_kl.mean()),
        "out": str(out) if found.helps else None,
    }


def _print_outcome(outcome: "Outcome", out: Path) -> None:
    console = Console()
    found = outcome.found
    console.print("KL of each trial, lower is better; personalized means by the other trials")
    table = Table(box=box.SIMPLE, padding=(0, 1, 0, 0))
    table.add_column("trial")
    for column in ("general", "personalized"):
        table.add_column(column, justify="right", no_wrap=True)
    for name, general, held_out in zip(outcome.trials, found.general_kl, found.held_out_kl, strict=True):
        table.add_row(escape(name), f"{general:.4f}", f"{held_out:.4f}")
    table.add_section()
    table.add_row("mean", f"{found.general_kl.mean():.4f}", f"{found.held_out_kl.mean():.4f}")
    console.print(table)
    if outcome.left_out:
        console.print(f"left out, the model abstained throughout: {escape(', '.join(outcome.left_out))}")
    if found.helps:
        console.print(f"{escape(str(out))}: the model of {escape(outcome.participant)}")
    else:
        console.print(f"It does not help {escape(outcome.participant)}: nothing was written, the general model stays.")


def _command() -> str:
    """Return what was typed, as one line."""
    return shlex.join(["helo", *sys.argv[1:]])


def _metrics_table(metrics: dict[str, dict[str, float]]) -> Table:
    table = score_table(next(iter(metrics.values())))
    for name, values in metrics.items():
        table.add_row(name, *(f"{value:.4f}" for value in values.values()))
    return table
