"""Commands to a running session: control and note."""

import getpass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.options import Json, print_json
from pipeline.errors import BadInput

if TYPE_CHECKING:
    from pipeline.session.runtime import Run

Session = Annotated[str | None, typer.Option(help="Which session, if several run.", show_default="the newest")]


class What(StrEnum):
    """What a running session can be asked to do."""

    RECORD = "record"
    PAUSE = "pause"
    STOP = "stop"
    MODEL = "model"


def control(
    what: Annotated[
        What,
        typer.Argument(
            help="Begin to record, or go on after a pause; pause; end the session; or choose another model."
        ),
    ],
    file: Annotated[
        str | None,
        typer.Argument(
            metavar="FILE", help="Of `model`, in set-up: shipped, or a .safetensors file.", show_default=False
        ),
    ] = None,
    *,
    device: Annotated[
        str | None, typer.Option(help="Of `model`: cpu, cuda, mps or auto.", show_default="as it is")
    ] = None,
    despite: Annotated[
        str, typer.Option(metavar="REASON", help="Begin to record although the pre-flight says no; it is recorded why.")
    ] = "",
    session: Session = None,
    json: Json = False,
) -> None:
    """Record, pause or stop a running session, or choose its model; status 1 when that does not fit its state."""
    chosen = {name: value for name, value in (("model", file), ("device", device)) if value is not None}
    if what is What.MODEL and not chosen:
        raise BadInput("control model: which? give shipped or a .safetensors FILE, or --device")
    if what is not What.MODEL and chosen:
        raise BadInput(f"control {what.value}: takes no FILE and no --device; those are for `helo control model`")
    if file not in {None, "shipped"}:
        chosen["model"] = str(Path(chosen["model"]).resolve())  # the session may have been started elsewhere
    _ask(session, what.value, json=json, **chosen, **({"despite": despite} if despite else {}))


def note(
    text: Annotated[str, typer.Argument(help="What happened.")],
    *,
    seconds_ago: Annotated[float, typer.Option(min=0, help="How long ago it happened.")] = 0.0,
    session: Session = None,
    json: Json = False,
) -> None:
    """Write a note among the events of a running session."""
    from pipeline.streams.clock import local_clock

    _ask(session, "note", json=json, text=text, time=repr(local_clock() - seconds_ago))


def _ask(session: str | None, what: str, *, json: bool, **arguments: str) -> None:
    from pipeline.store.asking import ask
    from pipeline.store.connection import StoreLost

    run = _running(session)
    try:
        answer = ask(run.store, run.session, what, _who(), **arguments)
    except StoreLost as error:
        raise BadInput(
            f"session {run.session!r}: its store does not answer ({error}); ask again in a moment"
        ) from error
    if json:
        print_json({"session": run.session, "done": answer.done, "answer": answer.sentence})
    else:
        typer.echo(answer.sentence)
    if not answer.done:
        raise typer.Exit(1)


def _running(session: str | None) -> "Run":
    from pipeline.session.runtime import running

    runs = [run for run in running() if run.store and session in {None, run.session}]
    if not runs:
        which = f"no session {session!r}" if session else "no session"
        raise BadInput(f"{which} is running; `helo status` shows what is")
    return runs[-1]


def _who() -> str:
    """Return the name of the user's account; a number where it has none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        import os

        return f"user {os.getuid()}"
