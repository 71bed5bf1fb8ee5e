"""The helo command."""

import sys

import typer

from pipeline.cli import board, control, inspect, learn, live, recorded, replay, scores, sessions, sources, webcam
from pipeline.errors import BadInput, RunFailed
from pipeline.log import configure_logging

app = typer.Typer(
    name="helo",
    help="A live, honest mixture of emotions: LSL streams in, HeLo in the middle, a dashboard and a recording out.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
for command in (
    live.demo,
    live.run,
    control.control,
    control.note,
    inspect.status,
    replay.replay,
    recorded.analyze,
    recorded.verify,
    sessions.export,
    sessions.report,
    sessions.sessions,
    sources.streams,
    inspect.check,
    sources.simulate,
    webcam.webcam,
    board.brainflow,
    learn.train,
    scores.evaluate,
    inspect.doctor,
):
    app.command()(command)


def main() -> None:
    """Run the command line; input that cannot be used ends in one line and status 2."""
    configure_logging()
    try:
        app()
    except BadInput as error:
        print(f"helo: {error}", file=sys.stderr)  # noqa: T201 - the one line that the user must see
        sys.exit(2)
    except RunFailed as error:
        print(f"helo: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(1)


if __name__ == "__main__":
    main()
