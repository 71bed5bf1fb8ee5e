"""A session in a server that lives on: nobody else's while it runs, and gone at its end."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Final

from pipeline.errors import BadInput, RunFailed
from pipeline.log import get_log
from pipeline.store import keys
from pipeline.store.connection import URL_VARIABLE, Connection, StoreLost, connect
from pipeline.store.expiry import Expiry
from pipeline.store.lease import Lease, LeaseLost

#: A run that was killed holds its session's name for so long (s).
OWNED_S: Final = 30.0


@contextmanager
def tenancy(url: str, session: str, participants: Mapping[str, Iterable[str]]) -> Iterator[Callable[[], None]]:
    """Own a session's name and keys in somebody else's server, which other machines may use, too.

    Parameters
    ----------
    url : str
        Address of the server.
    session : str
        Name of the session. What an earlier run of this name has left there goes first.
    participants : mapping of str to iterable of str
        Participant -> the session's names of the streams.

    Yields
    ------
    callable
        Call it about every second: it keeps what is owned.

    Raises
    ------
    BadInput
        A session of this name runs there, or the server does not answer.
    RunFailed
        Another run took the name over while this one was held up: the keys are its own now.
    """
    with ExitStack() as leaving:
        connection = connect(url)
        leaving.callback(connection.close)
        lease = Lease(connection, keys.owner(session), ttl_s=OWNED_S)
        expiry = Expiry(connection, session, participants)
        if not lease.take():
            raise BadInput(
                f"{URL_VARIABLE}: session {session!r} runs in {connection.name} already, perhaps from another machine; "
                f"give `session` another name (a run that was killed lets go of it after {OWNED_S:g} s)"
            )
        leaving.callback(lease.release)
        connection.drop(keys.session(session))
        leaving.callback(_forget, connection, session)

        def keep() -> None:
            lease.renew()
            expiry.prolong()

        try:
            yield keep
        except LeaseLost as error:
            leaving.pop_all()
            connection.close()
            raise RunFailed(f"Another run of session {session!r} has begun in {connection.name}.") from error


def _forget(connection: Connection, session: str) -> None:
    """Leave nothing of the participants in a server that lives on."""
    try:
        connection.drop(keys.session(session))
    except StoreLost as error:
        get_log("store").error("the session's data may still be in the store", session=session, error=error)
