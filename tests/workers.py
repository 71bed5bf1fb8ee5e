"""Workers in a thread of the test, with a context made by hand."""

import math
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.commands import Recording
from pipeline.log import get_log
from pipeline.session.config import SessionFile
from pipeline.session.settings_file import parse_session
from pipeline.store.board import Board
from pipeline.store.connection import Connection, connect
from pipeline.store.server import EmbeddedServer
from pipeline.workers.choosing import Choosing
from pipeline.workers.context import Renewal, WorkerContext
from pipeline.workers.pulse import Pulse
from pipeline.workers.supervisor import Supervisor


def session_of(name: str, streams: dict[str, dict[str, Any]], **more: Any) -> SessionFile:
    """Return a session with one participant, P001."""
    participants = {"P001": {"consent": "ICF-v3", "streams": streams}}
    return parse_session({"session": name, "participants": participants, **more}, "test")


def choosing_of(board: Board, session: str, folder: Path) -> Choosing:
    """Return what keeps the model of a session that has no processes."""
    settings = session_of(session, {"gsr": {"match": {"type": "GSR"}, "use": "GSR"}})
    supervisor = Supervisor(session, [], log_file=folder / "log.txt", echo=print)
    supervisor.stop()  # nothing runs that could say something
    return Choosing(board, settings, folder / "session.yaml", folder, supervisor)


@contextmanager
def context_of(
    connection: Connection,
    settings: SessionFile,
    *,
    participant: str = "P001",
    stream: str = "",
    folder: Path | None = None,
) -> Iterator[WorkerContext]:
    """Give what a worker is given; without `folder` it has a private one for itself. All is recorded."""
    board = Board(connection, settings.session)
    board.put_recording(Recording("recording", ((-math.inf, None),)))
    with tempfile.TemporaryDirectory(prefix="helo-") as private:
        yield _context(connection, settings, board, participant, stream, folder or Path(private))
    board.close()


@contextmanager
def board_apart(context: WorkerContext) -> Iterator[tuple[WorkerContext, EmbeddedServer]]:
    """Give the same with a board in a store of its own, which can be stopped while samples go on; and that store."""
    with tempfile.TemporaryDirectory(prefix="helo-") as folder, EmbeddedServer(Path(folder)) as server:
        connection = connect(server.url)
        board = Board(connection, context.session)
        yield replace(context, board=board, pulse=Pulse(board, "test", context.participant)), server
        board.close()
        connection.close()


def _context(
    connection: Connection, settings: SessionFile, board: Board, participant: str, stream: str, folder: Path
) -> WorkerContext:
    return WorkerContext(
        session=settings.session,
        settings=settings,
        connection=connection,
        board=board,
        stop=threading.Event(),
        log=get_log("test", session=settings.session),
        participant=participant,
        stream=stream,
        session_dir=None,
        folder=folder,
        pulse=Pulse(board, "test", participant),
    )


def renewing(run: Callable[[WorkerContext], None]) -> Callable[[WorkerContext], None]:
    """Return a worker that goes on where it asks for a new process, as under its supervisor."""

    def renewed(context: WorkerContext) -> None:
        while True:
            try:
                return run(context)
            except Renewal:
                continue

    return renewed


@contextmanager
def working(run: Callable[[WorkerContext], None], context: WorkerContext) -> Iterator[None]:
    """Run a worker until the block ends; what it raises is raised here."""
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(run, context)
        try:
            yield
        finally:
            context.stop.set()
            done.result(60)
