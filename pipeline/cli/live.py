"""Commands that run a session: demo and run."""

from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline.cli.options import (
    RECORDINGS,
    Duration,
    Json,
    NoDashboard,
    Recordings,
    dashboard_port,
    print_json,
)
from pipeline.cli.webcam import require_webcam
from pipeline.errors import BadInput

Setup = Annotated[
    bool, typer.Option("--setup", help="Look at the signals first; `helo control record` begins the recording.")
]
NoRecord = Annotated[bool, typer.Option("--no-record", help="Write nothing to the disk.")]


def demo(
    *,
    duration: Duration = None,
    no_dashboard: NoDashboard = False,
    no_record: NoRecord = False,
    setup: Setup = False,
    seed: Annotated[int, typer.Option(min=0, help="Which simulated participant.")] = 1,
    webcam: Annotated[bool, typer.Option("--webcam", help="A real face: that before the camera.")] = False,
    camera: Annotated[int, typer.Option(min=0, help="With --webcam: which camera.")] = 0,
    recordings: Recordings = RECORDINGS,
    json: Json = False,
) -> None:
    """Show a simulated participant through the whole live pipeline, LSL included."""
    from pipeline.session.runtime import runtime_root
    from pipeline.streams.confine import confine

    confine(runtime_root())  # before anything loads liblsl, which reads this once
    from pipeline.workers.demo import demo_session, sources

    if webcam:
        require_webcam()
    filmed = camera if webcam else None
    settings, where = demo_session(seed, filmed)
    _run(
        settings,
        where,
        duration,
        no_dashboard,
        no_record,
        setup,
        recordings,
        json,
        recordings.resolve().parent,
        sources(seed, filmed),
    )


def run(
    session: Annotated[Path, typer.Argument(help="The session file.", metavar="SESSION.yaml")],
    *,
    duration: Duration = None,
    no_dashboard: NoDashboard = False,
    no_record: NoRecord = False,
    setup: Setup = False,
    recordings: Recordings = RECORDINGS,
    json: Json = False,
) -> None:
    """Run a live experiment from a session file."""
    from pipeline.session.settings_file import load_session_file

    settings = load_session_file(session)
    _run(settings, str(session), duration, no_dashboard, no_record, setup, recordings, json, session.parent, [])


def _run(
    settings: Any,
    where: str,
    duration: float | None,
    no_dashboard: bool,
    no_record: bool,
    setup: bool,
    recordings: Path,
    json: bool,
    beside: Path,
    sources: list[Any],
) -> None:
    from pipeline.cli.screen import screen
    from pipeline.workers.run import Options, run_session

    if setup and no_record:
        raise BadInput("--setup: with --no-record nothing is ever recorded; leave one of them out")
    port = None if no_dashboard else dashboard_port()
    options = Options(
        recordings=recordings,
        record=not no_record,
        port=port,
        duration_s=duration,
        models=beside / "models",
        setup=setup,
    )
    with screen(quiet=json) as shown:
        result = run_session(settings, where, options, shown, sources)
    if json:
        print_json(result)
        return
    latency = result["latency_ms"]["p95"]
    told = f"{result['estimates']} estimates and {result['abstained']} abstentions in {result['duration_s']:g} s"
    if latency is not None:
        told += f"; 95 % of the estimates were stored within {latency:g} ms of the arrival of their last sample"
    typer.echo(told)
    for modality, count in result["used"].items():
        if count < result["ticks"]:
            typer.echo(f"{modality} was used in {count} of {result['ticks']}")
    if result["recording_stopped"]:
        typer.echo(result["recording_stopped"])
    if result["session_dir"]:
        typer.echo(f"Recorded in {result['session_dir']}")
