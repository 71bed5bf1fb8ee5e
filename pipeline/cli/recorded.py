"""Commands that compute a recording's estimates: analyze and verify."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import typer

from pipeline.cli.options import (
    Json,
    TableChannels,
    TableRate,
    TableTime,
    TableType,
    TableUnit,
    print_json,
    table_options,
)

_OBJECTS_BETWEEN_LOOKS: Final = 200_000


def analyze(
    recording: Annotated[
        Path,
        typer.Argument(
            help="A session folder, an .xdf file, a file that MNE reads, a folder or zip of E4 files, or a .csv table."
        ),
    ],
    *,
    session: Annotated[Path | None, typer.Option(help="Session file that says what each stream is.")] = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Folder for the results.", show_default=False)] = None,
    stream_type: TableType = None,
    channels: TableChannels = None,
    unit: TableUnit = None,
    sfreq: TableRate = None,
    time: TableTime = None,
    json: Json = False,
) -> None:
    """Compute the estimates of a recording offline, as fast as possible: no LSL, no Redis."""
    from pipeline.session import analyze as analysis

    _expect_many_objects()
    options = table_options(stream_type, channels, unit, sfreq, time)
    with _progress() as track:
        result = analysis.analyze(recording, session, out, track, options)
    if json:
        print_json(result)
        return
    for note in result["notes"]:
        typer.echo(f"{recording}: {note}.")
    for name, segments in result["streams"].items():
        for segment in segments[1:]:
            typer.echo(f"{name}: a segment of {segment['samples']} samples begins ({segment['began']}).")
    speed = result["duration_s"] / max(result["elapsed_s"], 1e-3)
    typer.echo(
        f"{result['estimates']} estimates and {result['abstained']} abstentions of {result['duration_s']:.1f} s, "
        f"{speed:.0f} times as fast as it was recorded; in {result['out']}"
    )


def verify(
    session_dir: Annotated[Path, typer.Argument(help="Folder of a recorded session.", metavar="SESSION_DIR")],
    *,
    json: Json = False,
) -> None:
    """Recompute a recorded session and compare every estimate; status 1 when any differs."""
    from pipeline.session import verify as verification

    _expect_many_objects()
    with _progress() as track:
        verdict = verification.verify(session_dir, track)
    found = verdict.comparison
    if json:
        print_json(
            {
                "compared": found.compared,
                "different": found.different,
                # JSON knows no infinity: an estimate that is no number at all is told by its count alone.
                "max_abs_diff": found.max_abs_diff if found.max_abs_diff < float("inf") else None,
                "fields": dict(found.fields),
                "first": found.first,
                "notes": verdict.notes,
            }
        )
    else:
        for note in verdict.notes:
            typer.echo(f"{session_dir}: {note}.")
        if found.different:
            fields = ", ".join(f"{name} in {count}" for name, count in found.fields.items())
            typer.echo(
                f"{found.different} of {found.compared} estimates differ, by up to {found.max_abs_diff:.3g} "
                f"in a share; first {found.first}; {fields}"
            )
        else:
            typer.echo(f"All {found.compared} estimates came out the same, bit for bit.")
    if found.different:
        raise typer.Exit(1)


def _expect_many_objects() -> None:
    """Look for garbage seldom: a session's windows all stay, and to look at them again is a tenth of the work."""
    gc.freeze()
    gc.set_threshold(_OBJECTS_BETWEEN_LOOKS)


@contextmanager
def _progress() -> Iterator[Callable[[str, int], Callable[[int], None]]]:
    """Show progress bars on stderr, one for each piece of work, where somebody looks."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:

        def track(what: str, steps: int) -> Callable[[int], None]:
            task = bars.add_task(what, total=steps)
            return lambda done: bars.update(task, advance=done)

        yield track
