"""The data sets that `helo train` and `helo evaluate` take, as ``--data`` names them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from pipeline.errors import BadInput

if TYPE_CHECKING:
    from model.data.dataset import LabelledWindows

Data = Annotated[str, typer.Option(help="simulated, wesad:DIR, dmer:DIR or sessions:DIR (recorded sessions).")]
Ratings = Annotated[
    Path | None,
    typer.Option(
        help="sessions: a CSV file with a row for each rated trial: participant, session, trial or start and end, "
        "and a rating for each emotion.",
        show_default=False,
    ),
]
#: Seconds between the windows of recorded sessions.
SESSION_HOP_S: Final = 1.0
_KNOWN: Final = "simulated, wesad:DIR, dmer:DIR or sessions:DIR"


@dataclass(frozen=True)
class DataOptions:
    """What the command line says of the data."""

    data: str
    ratings: Path | None
    subjects: int
    minutes: float
    hop: float | None
    """Seconds between windows; None as the data set has it by default."""
    seed: int


def load(options: DataOptions, simulated_hop: float) -> "LabelledWindows":
    """Return the live windows of a data set; what was repaired or left out is said on stderr.

    Raises
    ------
    BadInput
        ``--data`` is not known, ``--ratings`` is missing or too much, or a file cannot be used.
    """
    kind, _, place = options.data.partition(":")
    if kind == "sessions" and place:
        return _sessions(Path(place), options)
    if options.ratings is not None:
        raise BadInput(f"--ratings: belongs to --data sessions:DIR, not to {options.data}; leave it out")
    if options.data == "simulated":
        from model.data.simulated import simulated_windows

        hop = options.hop or simulated_hop
        with progress("participants", options.subjects) as advance:
            return simulated_windows(
                options.subjects, options.minutes, hop_s=hop, seed=options.seed, on_done=lambda: advance("participants")
            )
    if kind in {"wesad", "dmer"} and place:
        return _downloaded(kind, Path(place))
    raise BadInput(f"--data: {options.data!r} is not known; give {_KNOWN}")


@contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[str], None]]:
    """Show a progress bar on stderr; the function that is handed out takes one step and renames it."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(what, total=total)
        yield lambda description: bar.update(task, advance=1, description=description)


def _downloaded(kind: str, folder: Path) -> "LabelledWindows":
    from model.data.dmer import dmer_files, read_dmer
    from model.data.wesad import list_participants, read_wesad

    total = len(dmer_files(folder)[0] if kind == "dmer" else list_participants(folder)[0])
    read = read_dmer if kind == "dmer" else read_wesad
    with progress("participants", total) as advance:
        windows = read(folder, lambda: advance("participants"))
    for note in windows.notes:
        Console(stderr=True).print(note)
    return windows


def _sessions(folder: Path, options: DataOptions) -> "LabelledWindows":
    from model.data.rated_trials import read_ratings
    from model.data.sessions import read_sessions

    if options.ratings is None:
        raise BadInput(f"--ratings: is missing; {options.data} needs a CSV file with the participants' ratings")
    ratings = read_ratings(options.ratings)
    hop = options.hop or SESSION_HOP_S
    with progress("sessions", len({trial.session for trial in ratings.trials})) as advance:
        return read_sessions(folder, ratings, hop_s=hop, on_done=lambda: advance("sessions"))
