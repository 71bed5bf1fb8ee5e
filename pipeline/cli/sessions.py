"""Commands that show a recorded session or hand it on: export, report, sessions."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.options import RECORDINGS, Json, Recordings, dashboard_port, print_json
from pipeline.errors import BadInput, RunFailed

SessionDir = Annotated[Path, typer.Argument(help="Folder of a recorded session.", metavar="SESSION_DIR")]


class To(StrEnum):
    """What a session can be exported to."""

    PARQUET = "parquet"
    CSV = "csv"
    BIDS = "bids"


def export(
    session_dir: SessionDir,
    *,
    to: Annotated[To, typer.Option(help="Tables for pandas and R, or a BIDS folder for MNE.")],
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="A new folder.", show_default="SESSION_DIR/export/...")
    ] = None,
    json: Json = False,
) -> None:
    """Export a recorded session for other tools; nothing is overwritten."""
    from pipeline.session.export.run import export as export_session

    result = export_session(session_dir, to.value, out)
    if json:
        print_json(result)
        return
    for note in result["notes"]:
        typer.echo(f"{session_dir}: {note}.")
    typer.echo(f"{len(result['files'])} files in {result['out']}")


def report(
    session_dir: SessionDir,
    *,
    out: Annotated[Path, typer.Option("-o", "--out", help="A new file, ending in .html.")],
    json: Json = False,
) -> None:
    """Write a recorded session as one HTML file that opens without a network; nothing is overwritten."""
    from dashboard.report import write_report

    result = write_report(session_dir, out)
    if json:
        print_json(result)
    else:
        typer.echo(f"{result['bytes'] / 1e6:.1f} MB in {result['out']}")


def sessions(*, recordings: Recordings = RECORDINGS) -> None:
    """Show recorded sessions at http://localhost:8501 (HELO_PORT for another port), without a run."""
    import subprocess

    from dashboard.launch import command
    from pipeline.launch import ends_with_parent
    from pipeline.workers.planning import page_address, require_free

    if not recordings.is_dir():
        raise BadInput(f"{recordings}: is no folder; give one of recorded sessions by --recordings")
    port = dashboard_port()
    require_free(port)
    typer.echo(f"The sessions in {recordings} are at {page_address(port)}; Ctrl-C ends this.", err=True)
    with subprocess.Popen(ends_with_parent(command("", port, recordings))) as served:
        try:
            status = served.wait()
        except KeyboardInterrupt:
            served.terminate()
            return
    if status:
        raise RunFailed(f"the dashboard ended with status {status}; what it said is above")
