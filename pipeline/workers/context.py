"""What every worker process shares: its arguments, its settings, the store, and how it stops."""

import argparse
import gc
import os
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipeline.errors import BadInput
from pipeline.log import Log, configure_logging, get_log
from pipeline.session.config import SessionFile
from pipeline.session.settings_file import load_session_file
from pipeline.stopping import stop_on_signals
from pipeline.store import keys
from pipeline.store.board import Board
from pipeline.store.connection import STORE_VARIABLE, Connection, StoreLost, connect
from pipeline.store.lease import Lease, LeaseLost
from pipeline.workers.child import BAD_INPUT_STATUS, RENEWAL_STATUS
from pipeline.workers.pulse import Pulse

#: How often a worker renews its lease (s).
RENEW_EVERY_S: Final = 0.5


class Renewal(Exception):  # noqa: N818 - it is no error
    """A worker asks for a new process in its place; it has finished what it held."""


@dataclass(frozen=True)
class WorkerContext:
    """What a worker is given."""

    session: str
    """Name of the session: its folder and the part of every key."""
    settings: SessionFile
    connection: Connection
    board: Board
    stop: threading.Event
    """Set when the process is asked to stop; a worker then finishes what it holds and returns."""
    log: Log
    participant: str
    """The participant it works for; empty for a worker that serves all."""
    stream: str
    """The stream it works for; empty for a worker that serves all."""
    session_dir: Path | None
    """Where the session is recorded; None where nothing is."""
    folder: Path
    """The run's private folder, which ends with the run."""
    pulse: Pulse
    """What the worker's loop proves with that it runs."""


def leased(context: WorkerContext, kind: str, participant: str) -> Lease | None:
    """Wait until this is the one worker of its kind for a participant; None when asked to stop before."""
    lease = Lease(context.connection, keys.lease(context.session, participant, kind))
    return lease if lease.wait(context.stop, context.pulse.beat) else None


class Every:
    """Say when something that is done every so often is due.

    Parameters
    ----------
    seconds : float
        How often (s).
    first : float
        The first time (s); at once if it is not given.
    """

    def __init__(self, seconds: float, *, first: float = float("-inf")) -> None:
        self._seconds = seconds
        self._next = first

    def due(self, now: float) -> bool:
        """Return whether it is due at `now` (s); if so, the next time is that much later."""
        if now < self._next:
            return False
        self._next = now + self._seconds
        return True


def arguments(
    *,
    session: str,
    settings: Path,
    participant: str = "",
    stream: str = "",
    session_dir: Path | None = None,
) -> list[str]:
    """Return the command-line arguments from which `worker_main` makes a context."""
    given = {
        "--session": session,
        "--settings": str(settings),
        "--participant": participant,
        "--stream": stream,
        "--session-dir": str(session_dir) if session_dir else "",
    }
    return [f"{option}={value}" for option, value in given.items() if value]


def worker_main(kind: str, run: Callable[[WorkerContext], None]) -> None:
    """Run a worker until it returns or is asked to stop (SIGTERM, SIGINT).

    Parameters
    ----------
    kind : str
        The worker's kind, for its log lines.
    run : callable
        The worker; returns soon after ``context.stop`` is set.
    """
    configure_logging()
    parser = argparse.ArgumentParser(prog=f"pipeline.workers.{kind}")
    for option in ("--session", "--settings"):
        parser.add_argument(option, required=True)
    for option in ("--participant", "--stream", "--session-dir"):
        parser.add_argument(option, default="")
    options = parser.parse_args()
    stop = threading.Event()
    stop_on_signals(stop)
    what = "/".join(part for part in (options.participant, options.stream) if part)
    log = get_log(kind, session=options.session, **({"stream": what} if what else {}))
    try:
        connection = connect(os.environ[STORE_VARIABLE], source="the store")
    except BadInput as error:
        # The supervisor has reached it, so it may be back soon: fail in the way that is tried again.
        log.error(str(error))  # noqa: TRY400 - the sentence says it all
        sys.exit(1)
    try:
        board = Board(connection, options.session)
        context = WorkerContext(
            session=options.session,
            settings=load_session_file(Path(options.settings)),
            connection=connection,
            board=board,
            stop=stop,
            log=log,
            participant=options.participant,
            stream=options.stream,
            session_dir=Path(options.session_dir) if options.session_dir else None,
            folder=Path(options.settings).parent,
            pulse=Pulse(board, kind, what),
        )
        gc.freeze()  # what was imported stays: to look through it again and again is a tenth of a reader's work
        run(context)
    except BadInput as error:
        log.critical(str(error))
        sys.exit(BAD_INPUT_STATUS)
    except Renewal:
        sys.exit(RENEWAL_STATUS)
    except (LeaseLost, StoreLost) as error:  # start again with nothing that we believed
        log.error(str(error))  # noqa: TRY400 - the sentence says it all
        sys.exit(1)
    finally:
        log.info("stopped")
