"""Ask the supervisor of a running session for something, and wait for its answer."""

import time
import uuid
from typing import Final

from pipeline.commands import Answer, Command
from pipeline.errors import RunFailed
from pipeline.store import keys
from pipeline.store.board import Board
from pipeline.store.connection import Connection
from pipeline.store.ring import BlockingReader

#: The supervisor answers within a fraction of a second, if it runs (s).
PATIENCE_S: Final = 10.0


def ask(connection: Connection, session: str, what: str, who: str, **arguments: str) -> Answer:
    """Send a command and return what came of it.

    Parameters
    ----------
    connection : Connection
        The session's store.
    session : str
        Its name.
    what : str
        record, pause, stop or note.
    who : str
        Who asks.
    **arguments : str
        The command's.

    Raises
    ------
    RunFailed
        There was no answer; whether it was obeyed is not known.
    StoreLost
        The store does not answer; nothing was asked.
    """
    command = Command(uuid.uuid4().hex, what, arguments, who)
    board = Board(connection, session)
    answers = BlockingReader(connection, {keys.answers(session): "$"}, Answer)
    try:
        board.append_command(command)
        deadline = time.monotonic() + PATIENCE_S
        while (left := deadline - time.monotonic()) > 0:
            for entry in answers.read(left):
                if entry.record.command == command.id:
                    return entry.record
    finally:
        answers.close()
        board.close()
    raise RunFailed(f"session {session!r} has not answered within {PATIENCE_S:g} s; see `helo status`")
