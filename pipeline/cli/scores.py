"""`helo evaluate`: compare methods on data that none of them has learned from."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, cast

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from pipeline.cli.datasets import Data, DataOptions, Ratings, load, progress
from pipeline.cli.options import Json, print_json
from pipeline.errors import BadInput
from pipeline.places import require_file, require_folder

if TYPE_CHECKING:
    from model.data.dataset import LabelledWindows
    from model.learning.evaluate import Evaluated, MethodScores
    from model.learning.plan import Plan

#: Folds over simulated participants; with them each is left out with others, never split.
_SIMULATED_FOLDS: Final = 4
#: Windows of WESAD (s): length, and from one to the next.
_WESAD: Final = (60.0, 30.0)
_ALL: Final = "all"
#: Names of the scores at the head of a narrow column.
_SHORT: Final = {
    "chebyshev": "Cheb",
    "clark": "Clark",
    "canberra": "Canb",
    "kl": "KL",
    "cosine": "Cos",
    "intersection": "Int",
}
_TITLES: Final = {
    "window": "per window",
    "trial": "per trial",
    "difference_to_mean_label": "per trial, less the mean label's",
    "difference_to_helo": "per trial, less HeLo's",
}


def evaluate(
    data: Data = "simulated",
    ratings: Ratings = None,
    protocol: Annotated[
        str,
        typer.Option(help="loso (participants are left out), trial (a participant's own trials) or released (leaky)."),
    ] = "loso",
    methods: Annotated[str, typer.Option(help="all, or names with commas between, from docs/model.md.")] = _ALL,
    train_on: Annotated[
        str | None, typer.Option(help="Participants to learn from, with commas between.", show_default=False)
    ] = None,
    test_on: Annotated[
        str | None, typer.Option(help="Participants to test, with commas between.", show_default=False)
    ] = None,
    subjects: Annotated[int, typer.Option(min=3, help="Simulated participants.")] = 40,
    minutes: Annotated[float, typer.Option(min=1, help="Length of a simulated session.")] = 6.0,
    window: Annotated[
        float | None,
        typer.Option(
            min=1, help="Length of a window (s); the mean of the live windows in it [wesad: 60, else as live]."
        ),
    ] = None,
    hop: Annotated[
        float | None, typer.Option(min=0.1, help="Seconds between windows [simulated: 4, wesad: 30, sessions: 1].")
    ] = None,
    folds: Annotated[
        int | None, typer.Option(min=3, help="Folds [simulated: 4; loso: one a participant; trial, released: 5].")
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, help="At most, for a network.")] = 24,
    device: Annotated[str, typer.Option(help="cpu (reproducible), cuda, mps or auto.")] = "cpu",
    report: Annotated[Path | None, typer.Option(help="An .html file to write.", show_default=False)] = None,
    cache: Annotated[
        Path | None,
        typer.Option(
            help="Folder of results by their content [helo/evaluate in the user's cache].", show_default=False
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of participants, weights and folds.")] = 0,
    json: Json = False,
) -> None:
    """Compare methods on data that none of them has learned from; a second run computes only what has changed."""
    from model.learning.evaluate import evaluate as run
    from model.learning.evaluate import fits_of
    from model.learning.fits import default_cache
    from model.learning.options import TrainOptions
    from model.learning.report import write_evaluation
    from model.predictor import choose_device

    _check_protocol(protocol, train_on, test_on)
    _check_names(methods)
    kept = cache or default_cache()
    _check_places(kept, report)
    options = TrainOptions(seed=seed, epochs=epochs, device=choose_device(device))
    live = load(DataOptions(data, ratings, subjects, minutes, hop, seed), simulated_hop=4.0)
    windows = _pooled(live, data, window, hop)
    if data == "simulated" and protocol == "loso":
        folds = folds or _SIMULATED_FOLDS
    windows, plan = _plan(windows, protocol, train_on, test_on, folds, seed)
    names = _names(methods, windows, plan)
    with progress("fits", len(fits_of(["mean-label", *names], plan))) as advance:
        found = run(
            windows,
            names,
            plan,
            options,
            kept=kept,
            on_fit=lambda name, _: advance(f"fits: {name}"),
        )
    result = _as_json(found, plan, protocol, data)
    if report is not None:
        write_evaluation(report, result, found)
    if json:
        print_json(result)
    else:
        _print_tables(result, found.scores)


def score_table(columns: Iterable[str]) -> Table:
    """Return an empty table of scores that fits a terminal of 80 columns."""
    table = Table(box=box.SIMPLE, padding=(0, 1, 0, 0))
    table.add_column("method", no_wrap=True)
    for column in columns:
        table.add_column(_SHORT[column], justify="right", no_wrap=True)
    return table


def _check_protocol(protocol: str, train_on: str | None, test_on: str | None) -> None:
    from model.learning.plan import PROTOCOLS

    if protocol not in PROTOCOLS:
        raise BadInput(f"--protocol: {protocol!r} is not known; give one of {', '.join(PROTOCOLS)}")
    if (train_on is None) != (test_on is None):
        raise BadInput("--train-on, --test-on: one goes with the other; give both or none")
    if train_on is not None and protocol != "loso":
        raise BadInput(f"--train-on, --test-on: belong to --protocol loso, not to {protocol}")


def _check_places(kept: Path, report: Path | None) -> None:
    require_folder(kept, "--cache")
    if report is not None:
        require_file(report, "--report")


def _check_names(methods: str) -> None:
    from model.learning.methods import method_of

    if methods != _ALL:
        listed = _listed(methods)
        if not listed:
            raise BadInput("--methods: is empty; give all, or names with commas between")
        for name in listed:
            method_of(name)


def _names(methods: str, windows: "LabelledWindows", plan: "Plan") -> list[str]:
    """Return the rows of the table; those of all that cannot be had are left out, in words."""
    from model.learning.ldl import is_there
    from model.learning.methods import fault, whole_table

    if methods == _ALL:
        names = whole_table(windows, splits_trials=plan.leaky)
        if not is_there():
            names = [name for name in names if not name.startswith("ldl/")]
            Console(stderr=True).print("ldl/… are left out: install python-ldl by pip install 'helo-live[baselines]'")
        return names
    names = _listed(methods)
    for name in names:
        why = fault(name, windows, splits_trials=plan.leaky)
        if why:
            raise BadInput(f"--methods: {why}; leave it out")
    return names


def _listed(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _pooled(windows: "LabelledWindows", data: str, window: float | None, hop: float | None) -> "LabelledWindows":
    from model.data.pooling import pooled

    if data.startswith("wesad:"):
        return pooled(windows, window or _WESAD[0], hop or _WESAD[1])
    if window is None and hop is not None and data.startswith("dmer:"):
        raise BadInput(f"--hop: goes with --window for {data}; give both or none")
    return pooled(windows, window, hop or window / 2) if window else windows


def _plan(
    windows: "LabelledWindows", protocol: str, train_on: str | None, test_on: str | None, folds: int | None, seed: int
) -> "tuple[LabelledWindows, Plan]":
    from model.learning.plan import Protocol, make_plan, split_plan

    if train_on is None or test_on is None:
        return windows, make_plan(windows, cast("Protocol", protocol), folds, seed)
    wanted = _listed(train_on), _listed(test_on)
    plan = split_plan(windows, *wanted)
    chosen = windows.of([*wanted[0], *wanted[1]])
    return chosen, split_plan(chosen, *wanted) if len(chosen) < len(windows) else plan


def _as_json(found: "Evaluated", plan: "Plan", protocol: str, data: str) -> dict[str, Any]:
    tested = found.tested
    return {
        "protocol": protocol,
        "leaky": plan.leaky,
        "data": data,
        "subjects": len(tested.subjects),
        "windows": len(tested),
        "trials": len(set(tested.groups().tolist())),
        "normalization": "causal",
        "methods": {
            name: {
                part: {score: spread._asdict() for score, spread in values.items()}
                for part, values in method._asdict().items()
                if values
            }
            for name, method in found.scores.items()
        },
    }


def _print_tables(result: dict[str, Any], methods: "dict[str, MethodScores]") -> None:
    console = Console()
    leaky = ", leaky: a trial's windows are in training and in test" if result["leaky"] else ""
    for part, title in _TITLES.items():
        there = [name for name in methods if getattr(methods[name], part)]
        if not there:
            continue
        heading = f"{result['data']}, {result['protocol']}{leaky}, {result['subjects']} participants, {title}"
        console.print(heading)
        table = score_table(next(iter(methods.values())).window)
        ordered = sorted(there, key=lambda name: "@" in name)
        for name, following in zip(ordered, [*ordered[1:], ""], strict=True):
            spreads = getattr(methods[name], part).values()
            cells = (f"{s.mean:.4f}\n[dim]{s.low:.4f}\n{s.high:.4f}[/dim]" for s in spreads)
            table.add_row(name, *cells, end_section="@" not in name and "@" in following)
        console.print(table)
    console.print("Below each mean over participants: its 95 % bootstrap interval.")
    if any("@" in name for name in methods):
        console.print("Rows with @ know the whole session or the trial's borders: they cannot run live.")
