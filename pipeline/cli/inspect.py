"""Commands that look and change nothing: status, check and doctor."""

from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.cli.options import RECORDINGS, Json, Recordings, print_json
from pipeline.errors import BadInput

if TYPE_CHECKING:
    from pipeline.workers.preflight import Check


def status(*, json: Json = False) -> None:
    """Show the running session's processes and streams; status 1 when none is running."""
    from pipeline.session.runtime import running

    runs = running()
    if not runs:
        if json:
            print_json({"session": None, "recording": None, "processes": [], "streams": []})
        else:
            typer.echo("No session is running. Start one with `helo demo` or `helo run SESSION.yaml`.")
        raise typer.Exit(1)
    run = runs[-1]
    result = _status_of(run.session, run.store)
    if json:
        print_json(result)
        return
    from rich.console import Console

    Console().print(_status_table(result))
    if run.control_page:
        typer.echo(f"Control it at {run.control_page}")
    if len(runs) > 1:
        typer.echo(f"Also running: {', '.join(other.session for other in runs[:-1])}.")


def check(
    session: Annotated[Path, typer.Argument(help="The session file.", metavar="SESSION.yaml")],
    *,
    offline: Annotated[bool, typer.Option("--offline", help="Look for no stream.")] = False,
    recordings: Recordings = RECORDINGS,
    json: Json = False,
) -> None:
    """Pre-flight: go or no-go, with reasons; status 1 for no-go."""
    from pipeline.session.settings_file import load_session_file
    from pipeline.workers.preflight import check_offline, check_streams

    settings = load_session_file(session)
    checks = check_offline(settings, recordings)
    if not offline:
        checks += check_streams(settings)
    go = all(item.ok for item in checks)
    if json:
        print_json({"go": go, "checks": [_fields(item) for item in checks]})
    else:
        _print_checks(checks)
        typer.echo("Go." if go else "No go.")
    if not go:
        raise typer.Exit(1)


def doctor(*, json: Json = False) -> None:
    """Say whether this installation is healthy, and what to do if not; status 1 if not."""
    from pipeline.session.runtime import runtime_root
    from pipeline.streams.confine import confine

    confine(runtime_root())
    from pipeline.workers.doctor import examine

    checks = examine()
    healthy = all(item.ok for item in checks)
    if json:
        print_json({"healthy": healthy, "checks": [_fields(item) for item in checks]})
    else:
        _print_checks(checks)
        typer.echo("This installation is healthy." if healthy else "Something is amiss: see above.")
    if not healthy:
        raise typer.Exit(1)


def _status_of(session: str, store: str) -> dict[str, Any]:
    from pipeline.commands import recording_sentence, recording_state
    from pipeline.store.board import Board
    from pipeline.store.connection import StoreLost, connect

    processes, streams, recording, recorded = [], [], None, None
    if store:  # else the session is only just starting
        try:
            with (
                closing(connect(store, source="the store")) as connection,
                closing(Board(connection, session)) as board,
            ):
                processes, streams = board.processes(), board.stream_health()
                recording, recorded = board.recording(), board.recorded()
        except (BadInput, StoreLost) as error:
            raise BadInput(
                f"session {session!r}: its store does not answer ({error}); ask again in a moment"
            ) from error
    return {
        "session": session,
        "recording": {
            "state": recording_state(recording, recorded),
            "sentence": recording_sentence(recording, recorded),
            "samples": recorded.samples if recorded else {},
            "bytes": recorded.bytes if recorded else 0,
        },
        "processes": [
            {"kind": p.kind, "pid": p.pid, "what": p.what, "restarts": p.restarts, "state": p.state} for p in processes
        ],
        "streams": [
            {
                "stream": s.stream,
                "state": s.state,
                "sfreq": s.sfreq,
                "delivered_hz": _rounded(s.delivered_hz, 2),
                "samples_received": s.samples_received,
                "samples_lost": s.samples_lost,
                "gaps": s.gaps,
                "clock": s.clock,
                "clock_settling": s.settling,
                "clock_offset_s": s.offset,
                "drift_ppm": _rounded(s.drift_ppm, 2),
                "round_trip_ms": _rounded(s.round_trip, 3, 1e3),
                "irregularity_ms": _rounded(s.irregularity, 3, 1e3),
            }
            for s in streams
        ],
    }


def _status_table(result: dict[str, Any]) -> Any:
    from rich.table import Table
    from rich.text import Text

    title = f"Session {result['session']}. {result['recording']['sentence']}"
    table = Table(box=None, title=title, title_justify="left")
    for column in ("what", "of", "state", "detail"):
        table.add_column(column)
    for process in result["processes"]:
        detail = f"process {process['pid']}, {process['restarts']} restarts"
        table.add_row(process["kind"], Text(process["what"]), process["state"], detail)
    for stream in result["streams"]:
        known = stream["delivered_hz"] is not None and stream["sfreq"]
        rate = f"{stream['delivered_hz']:.1f} of {stream['sfreq']:g} Hz, " if known else ""
        lost = f", {stream['samples_lost']} lost" if stream["samples_lost"] is not None else ""
        on_disk = result["recording"]["samples"].get(stream["stream"])
        recorded = f", {on_disk} recorded" if on_disk is not None else ""
        detail = f"{rate}{stream['samples_received']} samples{lost}, {stream['gaps']} gaps{recorded}"
        table.add_row("stream", Text(stream["stream"]), stream["state"], detail)
        if stream["clock"]:
            table.add_row("", "", "", Text(_clock(stream)))
    return table


def _clock(stream: dict[str, Any]) -> str:
    """Return what there is to say of a stream's clock."""
    said = [f"clock {stream['clock_offset_s']:+.6f} s from ours" if stream["clock"] == "LSL" else stream["clock"]]
    if stream["clock"] != "LSL":
        said.append("mapped by arrival")
    if stream["clock_settling"]:
        said.append("clock settling")
    for key, text in (
        ("drift_ppm", "drift {:+.1f} ppm"),
        ("round_trip_ms", "round trip {:.2f} ms"),
        ("irregularity_ms", "stamps irregular by {:.2f} ms"),
    ):
        if stream[key] is not None:
            said.append(text.format(stream[key]))
    return ", ".join(said)


def _rounded(value: float | None, digits: int, factor: float = 1.0) -> float | None:
    return None if value is None else round(value * factor, digits)


def _fields(item: "Check") -> dict[str, Any]:
    return {key: value for key, value in asdict(item).items() if key in {"name", "ok", "reason"}}


def _print_checks(checks: "list[Check]") -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False)
    for item in checks:
        mark = Text("yes", style="green") if item.ok else Text("NO", style="bold red")
        table.add_row(mark, Text(item.name), Text(item.reason))
    Console().print(table)
