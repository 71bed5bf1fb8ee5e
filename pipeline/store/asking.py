"""Ask the supervisor of a running session for something, and wait for its answer."""

import time
import uuid
from typing import Final

from pipeline.commands import Answer, Command
from pipeline.errors import RunFailed
from pipeline.store import keys
from pipeline.store.board import Board
from pipeline.store.connection import Connection, connect
from pipeline.store.ring import BlockingReader

#: The supervisor answers within a fraction of a second, if it runs (s).
PATIENCE_S: Final = 10.0
#: What takes longer: a model is tried before it is taken (s).
PATIENCE_OF_S: Final = {"model": 90.0}


def ask(store_url: str, session: str, what: str, who: str, **arguments: str) -> Answer:
    """Send a command and return what came of it.

    Parameters
    ----------
    store_url : str
        Where the session's store is.
    session : str
        Its name.
    what : str
        record, pause, stop, note, model or rating.
    who : str
        Who asks.
    **arguments : str
        The command's.

    Raises
    ------
    RunFailed
        There was no answer; whether it was obeyed is not known.
    BadInput, StoreLost
        The store does not answer; nothing was asked.
    """
    connection = connect(store_url, source="the store")
    try:
        return _answer(connection, session, Command(uuid.uuid4().hex, what, arguments, who))
    finally:
        connection.close()


def _answer(connection: Connection, session: str, command: Command) -> Answer:
    """Send a command, and wait."""
    patience_s = PATIENCE_OF_S.get(command.what, PATIENCE_S)
    board = Board(connection, session)
    answers = BlockingReader(connection, {keys.answers(session): "$"}, Answer)
    try:
        board.append_command(command)
        deadline = time.monotonic() + patience_s
        while (left := deadline - time.monotonic()) > 0:
            for entry in answers.read(left):
                if entry.record.command == command.id:
                    return entry.record
    finally:
        answers.close()
        board.close()
    raise RunFailed(f"session {session!r} has not answered within {patience_s:g} s; see `helo status`")
