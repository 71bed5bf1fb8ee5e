"""`helo train` and `helo evaluate`: make a model, and compare methods on participants that none has learned from."""

import shlex
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer
from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from pipeline.cli.options import Json, print_json
from pipeline.errors import BadInput

if TYPE_CHECKING:
    from model.data.dataset import LabelledWindows
    from model.learning.evaluate import MethodScores

_DATA_HELP = "simulated, or wesad:DIR (WESAD's wrist device)."
#: Folds over simulated participants; with them each is left out with others, never split.
_SIMULATED_FOLDS = 4

Data = Annotated[str, typer.Option(help=_DATA_HELP)]
Seed = Annotated[int, typer.Option(help="Of participants, weights and folds.")]


def train(
    out: Annotated[Path, typer.Option(help="The .safetensors file to write.")],
    data: Data = "simulated",
    subjects: Annotated[int, typer.Option(min=2, help="Simulated participants; a fifth is for validation.")] = 60,
    minutes: Annotated[float, typer.Option(min=1, help="Length of a simulated session.")] = 8.0,
    hop: Annotated[float, typer.Option(min=0.1, help="Seconds between simulated windows.")] = 1.0,
    epochs: Annotated[int, typer.Option(min=1, help="At most; training ends early when validation says so.")] = 24,
    device: Annotated[str, typer.Option(help="cpu (reproducible), cuda, mps or auto.")] = "cpu",
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Train a model and write its checkpoint."""
    from model.learning.make import make_model
    from model.learning.options import TrainOptions
    from model.predictor import choose_device

    if out.suffix != ".safetensors":
        raise BadInput(f"--out: {out} does not end in .safetensors; give a file name that does")
    options = TrainOptions(seed=seed, epochs=epochs, device=choose_device(device))
    windows = _load(data, subjects, minutes, hop, seed)
    with _progress("epochs", epochs) as advance:
        header = make_model(windows, options, out, _command(), lambda _epoch, kl: advance(f"epochs, KL {kl:.4f}"))
    summary = {"out": str(out), "training": msgspec.to_builtins(header.training), "metrics": header.metrics}
    if json:
        print_json(summary)
        return
    console = Console()
    console.print(_metrics_table(header.metrics))
    console.print(f"{out}: {header.training.description}; best after {header.training.epochs} epochs")


def evaluate(
    data: Data = "simulated",
    protocol: Annotated[str, typer.Option(help="loso: participants are left out, and never split.")] = "loso",
    methods: Annotated[
        str, typer.Option(help="Names with commas between, from docs/model.md.")
    ] = "helo,mean-label,knn",
    subjects: Annotated[int, typer.Option(min=3, help="Simulated participants.")] = 40,
    minutes: Annotated[float, typer.Option(min=1, help="Length of a simulated session.")] = 6.0,
    hop: Annotated[float, typer.Option(min=0.1, help="Seconds between simulated windows.")] = 4.0,
    folds: Annotated[
        int | None, typer.Option(min=2, help="Folds of participants [simulated: 4, otherwise one a participant].")
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, help="At most, for a network.")] = 24,
    device: Annotated[str, typer.Option(help="cpu (reproducible), cuda, mps or auto.")] = "cpu",
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Compare methods on participants that none of them has learned from."""
    from model.learning.evaluate import evaluate as run
    from model.learning.evaluate import folds as make_folds
    from model.learning.options import TrainOptions
    from model.predictor import choose_device

    if protocol != "loso":
        raise BadInput(f"--protocol: {protocol!r} is not known; give loso")
    names = _method_names(methods)
    options = TrainOptions(seed=seed, epochs=epochs, device=choose_device(device))
    windows = _load(data, subjects, minutes, hop, seed)
    n_subjects = len(windows.subjects)
    if n_subjects < 3:
        raise BadInput(f"--data: {data}: {n_subjects} participants; leaving one out needs three or more")
    n_folds = min(folds or (_SIMULATED_FOLDS if data == "simulated" else n_subjects), n_subjects)
    plan = list(make_folds(windows.subjects, n_folds, seed))
    with _progress("folds and methods", n_folds * len({"mean-label", *names})) as advance:
        results = run(windows, names, plan, options, lambda name: advance(f"folds and methods: {name}"))
    if json:
        print_json(_as_json(windows, protocol, data, results))
    else:
        _print_tables(windows, data, n_folds, results)


def _load(data: str, subjects: int, minutes: float, hop: float, seed: int) -> "LabelledWindows":
    """Return the data set that ``--data`` names."""
    from model.data.simulated import simulated_windows
    from model.data.wesad import read_wesad, wesad_subjects

    kind, _, place = data.partition(":")
    if data == "simulated":
        with _progress("participants", subjects) as advance:
            return simulated_windows(subjects, minutes, hop_s=hop, seed=seed, on_done=lambda: advance("participants"))
    if kind == "wesad" and place:
        folder = Path(place)
        with _progress("participants", wesad_subjects(folder)) as advance:
            windows = read_wesad(folder, lambda: advance("participants"))
        for note in windows.notes:
            Console(stderr=True).print(note)
        return windows
    raise BadInput(f"--data: {data!r} is not known; give simulated or wesad:DIR")


def _method_names(methods: str) -> list[str]:
    from model.learning.methods import METHODS

    names = [name.strip() for name in methods.split(",") if name.strip()]
    unknown = [name for name in names if name not in METHODS]
    if unknown or not names:
        raise BadInput(f"--methods: {', '.join(unknown) or 'none'} is not known; give some of {', '.join(METHODS)}")
    return names


def _command() -> str:
    """Return what was typed, as one line."""
    return shlex.join(["helo", *sys.argv[1:]])


@contextmanager
def _progress(what: str, total: int) -> Iterator[Callable[[str], None]]:
    """Show a progress bar on stderr; the function that is handed out takes one step and renames it."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(what, total=total)
        yield lambda description: progress.update(task, advance=1, description=description)


def _as_json(
    windows: "LabelledWindows", protocol: str, data: str, results: "dict[str, MethodScores]"
) -> dict[str, Any]:
    return {
        "protocol": protocol,
        "data": data,
        "subjects": len(windows.subjects),
        "windows": len(windows),
        "trials": len(set(windows.groups().tolist())),
        "normalization": "causal",
        "methods": {
            name: {
                part: {score: spread._asdict() for score, spread in values.items()}
                for part, values in method._asdict().items()
            }
            for name, method in results.items()
        },
    }


def _print_tables(windows: "LabelledWindows", data: str, n_folds: int, results: "dict[str, MethodScores]") -> None:
    console = Console()
    titles = {
        "window": "per window",
        "trial": "per trial",
        "difference_to_mean_label": "per trial, less the mean label's",
    }
    for part, title in titles.items():
        heading = f"{data}, {n_folds} folds of {len(windows.subjects)} participants, {title}"
        table = _table(heading, next(iter(results.values())).window)
        for name, method in results.items():
            spreads = getattr(method, part).values()
            table.add_row(name, *(f"{s.mean:.4f}\n[dim]{s.low:.4f}\n{s.high:.4f}[/dim]" for s in spreads))
        console.print(table)
    console.print("Below each mean over participants: its 95 % bootstrap interval.")


def _metrics_table(metrics: dict[str, dict[str, float]]) -> Table:
    table = _table("validation participants, per window", next(iter(metrics.values())))
    for name, values in metrics.items():
        table.add_row(name, *(f"{value:.4f}" for value in values.values()))
    return table


def _table(title: str, columns: Iterable[str]) -> Table:
    """Return an empty table that fits a terminal of 80 columns."""
    table = Table(title=title, box=box.SIMPLE)
    table.add_column("method", no_wrap=True)
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    return table
