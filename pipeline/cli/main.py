"""The helo command."""

import sys
from collections.abc import Callable
from typing import Final

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
#: What the list of commands says of each, in one line; its own help says more.
COMMANDS: Final[dict[Callable[..., None], str]] = {
    live.demo: "Show a simulated participant, live.",
    live.run: "Run a live experiment from a session file.",
    control.control: "Record, pause or stop the running session.",
    control.note: "Write a note among its events.",
    inspect.status: "Show its processes and streams.",
    replay.replay: "Publish a recording over LSL again.",
    recorded.analyze: "Compute the estimates of a recording offline.",
    recorded.verify: "Compute a session again, compare every estimate.",
    sessions.export: "Export a recorded session: Parquet, CSV, BIDS.",
    sessions.report: "Write a recorded session as one HTML file.",
    sessions.sessions: "Show recorded sessions in the browser.",
    sources.streams: "List the LSL streams on the network.",
    inspect.check: "Pre-flight: go or no-go, with reasons.",
    sources.simulate: "Publish a simulated participant over LSL.",
    webcam.webcam: "Publish the face before a camera, as numbers.",
    board.brainflow: "Publish a BrainFlow board over LSL.",
    learn.train: "Train a model.",
    learn.personalize: "Make a model one participant's own.",
    scores.evaluate: "Compare methods without leakage.",
    inspect.doctor: "Say whether this installation is healthy.",
}
for command, in_short in COMMANDS.items():
    app.command(short_help=in_short)(command)


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
