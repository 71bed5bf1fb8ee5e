"""One run of a session, from the first check to the last line: what `helo run` and `helo demo` do."""

import shutil
from collections.abc import Callable, Collection, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from pipeline.errors import BadInput, RunFailed
from pipeline.log import get_log
from pipeline.records import Estimate
from pipeline.session.config import SessionFile
from pipeline.session.folder import LOG, RAW, reserve
from pipeline.session.runtime import Run, announce, open_runtime
from pipeline.states import StreamHealth
from pipeline.stopping import ignore_signals, interrupt_on_signals
from pipeline.store import ids, keys
from pipeline.store.board import Board
from pipeline.store.connection import StoreLost, connect, store_url
from pipeline.store.ring import BlockingReader
from pipeline.store.server import EmbeddedServer
from pipeline.store.tenancy import tenancy
from pipeline.streams.clock import local_clock
from pipeline.workers.child import ProcessSpec
from pipeline.workers.choosing import Choosing
from pipeline.workers.control import Control, obeying
from pipeline.workers.planning import STORE, plan_of, require_free, session_info, store_of
from pipeline.workers.preflight import check_offline, check_streams, require
from pipeline.workers.processes import Plan, processes
from pipeline.workers.ready import amiss
from pipeline.workers.summary import Summary
from pipeline.workers.supervisor import Supervisor
from pipeline.workers.watch import watching

#: Without these there are no estimates.
ESTIMATING = ("preprocess", "infer")

_log = get_log("supervisor")


@dataclass(frozen=True)
class Options:
    """What was asked for on the command line."""

    recordings: Path
    record: bool
    port: int | None
    """Of the dashboard; None: no dashboard."""
    duration_s: float | None
    """From tick 0 (s); None: until stopped."""
    models: Path
    """Where other models may lie, which can be chosen in set-up."""
    setup: bool = False
    """Begin with looking at the signals; record when asked to."""


@dataclass(frozen=True)
class Screen:
    """Where a run shows itself."""

    echo: Callable[[str], None]
    """Takes each line of the processes' logs."""
    show: Callable[[Supervisor, str], None]
    """Called several times a second, with the session's name."""
    tell: Callable[[str], None]
    """Takes what stays in sight and stands in no log: the address from which the session is controlled."""


def run_session(
    settings: SessionFile, where: str, options: Options, screen: Screen, sources: Sequence[ProcessSpec] = ()
) -> dict[str, Any]:
    """Run a session until its duration is over or it is interrupted.

    Parameters
    ----------
    settings : SessionFile
        The session.
    where : str
        Its file, for messages.
    options : Options
        What was asked for.
    screen : Screen
        Where it shows itself.
    sources : sequence of ProcessSpec
        Processes that publish the session's streams (the demo's simulator), started before they are looked for.

    Returns
    -------
    dict
        What ``--json`` prints.

    Raises
    ------
    BadInput
        Something that was given cannot be used; every process has been stopped then.
    """
    require(check_offline(settings, options.recordings), where)
    if options.port is not None:
        require_free(options.port)
    url = store_url()
    if url is not None:
        connect(url).close()
    session_dir = reserve(options.recordings, settings.session) if options.record else None
    settings = settings.model_copy(update={"session": session_dir.name if session_dir else settings.session})
    try:
        with open_runtime(settings.session) as runtime:
            server = EmbeddedServer(runtime) if url is None else None
            where_store = server.url if server else str(url)
            plan = plan_of(settings, options.port, where_store, runtime, options.recordings, session_dir)
            return _supervise(plan, where, options, screen, [*store_of(server), *sources], runtime)
    finally:
        if session_dir is not None and not _recorded(session_dir):
            shutil.rmtree(session_dir, ignore_errors=True)  # the run never began; or somebody has taken the folder away


def _supervise(
    plan: Plan, where: str, options: Options, screen: Screen, first: Sequence[ProcessSpec], runtime: Path
) -> dict[str, Any]:
    """Run the session's processes; whatever happens, none of them is left."""
    session, kinds = plan.settings.session, {spec.kind for spec in first}
    streams = {code: list(participant.streams) for code, participant in plan.settings.participants.items()}
    with nullcontext(_nothing) if STORE in kinds else tenancy(plan.store, session, streams) as keep:
        log_file = (plan.session_dir or runtime) / LOG
        supervisor = Supervisor(session, [*first, *processes(plan)], log_file=log_file, echo=screen.echo)
        try:
            interrupt_on_signals()
            return _run(plan, where, options, screen, supervisor, kinds, runtime, keep)
        finally:
            ignore_signals()
            supervisor.stop()


def _nothing() -> None:
    """Keep nothing: a store of the run's own goes with it."""


def _run(
    plan: Plan,
    where: str,
    options: Options,
    screen: Screen,
    supervisor: Supervisor,
    first: Collection[str],
    runtime: Path,
    keep: Callable[[], None],
) -> dict[str, Any]:
    """Check the streams, start the rest, follow the estimates; a run that is interrupted has a summary, too."""
    settings = plan.settings
    summary = Summary(tuple(settings.participants), settings.hop_s, options.duration_s)
    board: Board | None = None
    reader: BlockingReader[Estimate] | None = None
    try:
        supervisor.start(first)
        if STORE in first:
            supervisor.wait_for_store()
        connection = connect(plan.store, source="the store")
        board = Board(connection, settings.session)
        supervisor.publish(board)
        where_to = str(plan.session_dir.resolve()) if plan.session_dir is not None else ""
        announce(runtime, Run(settings.session, plan.store, where_to, options.port, plan.control_page))
        screen.echo(f"Looking for the streams of session {settings.session} (up to {settings.resolve_timeout_s:g} s).")
        checks = check_streams(settings)
        require(checks, where)
        screen.echo(f"All are there; {_where_to(plan, options)}. Ctrl-C ends the session.")
        if plan.control_page:
            screen.tell(f"Control it at {plan.control_page}")
        board.put_session(session_info(plan, checks))
        choosing = Choosing(board, settings, plan.settings_file, options.models, supervisor)
        control = Control(board, _first_state(options), partial(amiss, settings, options.recordings, board), choosing)
        supervisor.start()
        reader = BlockingReader(connection, dict.fromkeys(_estimate_keys(settings), ids.START), Estimate)
        with (
            watching(connection, settings.session, supervisor.children),
            obeying(connection, settings.session, board, control),
        ):
            _follow(summary, reader, settings, board, supervisor, screen, control, keep)
    except KeyboardInterrupt:
        screen.echo("Stopping.")
    supervisor.stop_all_but(STORE)  # which has the readers' last word, and estimates that nobody has counted yet
    if reader is not None:
        _count(summary, reader, watched=False)
    recorded = plan.session_dir if plan.session_dir is not None and _recorded(plan.session_dir) else None
    health, stopped = _last_words(board)
    return summary.result(health, supervisor.restarts, recorded, stopped)


def _follow(
    summary: Summary,
    reader: BlockingReader[Estimate],
    settings: SessionFile,
    board: Board,
    supervisor: Supervisor,
    screen: Screen,
    control: Control,
    keep: Callable[[], None],
) -> None:
    """Count estimates and report the processes' health until the run is over."""
    while not summary.complete and not control.stop.is_set():
        _count(summary, reader, watched=True)
        supervisor.publish(board)
        keep()
        screen.show(supervisor, settings.session)
        if supervisor.failed.is_set():
            raise BadInput(supervisor.fault)
        if summary.duration_s is not None and supervisor.gave_up(ESTIMATING):
            raise RunFailed("No estimates come any more, so that the duration would never be over; see the log.")


def _count(summary: Summary, reader: BlockingReader[Estimate], *, watched: bool) -> None:
    """Count the estimates that are new; while the run is watched, wait for some and take their latency."""
    for entry in reader.read(0.25 if watched else 0):
        summary.add(keys.participant_of(entry.key), entry.record, local_clock() if watched else None)


def _estimate_keys(settings: SessionFile) -> list[str]:
    return [keys.estimates(settings.session, participant) for participant in settings.participants]


def _first_state(options: Options) -> str:
    if not options.record:
        return "off"
    return "set-up" if options.setup else "recording"


def _where_to(plan: Plan, options: Options) -> str:
    if plan.session_dir is None:
        return "nothing is recorded"
    if options.setup:
        return f"nothing is recorded until `helo control record` begins it, in {plan.session_dir}"
    return f"recording in {plan.session_dir}"


def _last_words(board: Board | None) -> tuple[list[StreamHealth], str]:
    """Return how the streams did, and why the recording was stopped, if it was.

    Nothing is known of a run that ended before its store began, or after its store was lost.
    """
    if board is None:
        return [], ""
    try:
        recorded = board.recorded()
        return board.stream_health(), recorded.stopped if recorded is not None else ""
    except StoreLost as error:
        _log.warning("the store is lost; how the streams did is not known", error=error)
        return [], ""


def _recorded(session_dir: Path) -> bool:
    """Return whether a folder holds a recording, or may hold one: its disk may have failed."""
    try:
        return (session_dir / RAW).exists()
    except OSError:
        return True
