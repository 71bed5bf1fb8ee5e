"""A session's keys in a server that lives on: they expire by themselves if nobody is left to remove them."""

from collections.abc import Iterable, Mapping
from typing import Final

from pipeline.modalities import MODALITIES
from pipeline.store import keys
from pipeline.store.connection import Connection, StoreLost

#: The keys of a session whose supervisor was killed are gone after this long (s).
LIFE_S: Final = 120.0

#: Prolong the life of those keys that are there.
_PROLONG: Final = """
local found = 0
for _, key in ipairs(KEYS) do found = found + redis.call('PEXPIRE', key, ARGV[1]) end
return found
"""


class Expiry:
    """Prolong the life of a session's keys, again and again.

    A lease is left out, since it has a life of its own.

    Parameters
    ----------
    connection : Connection
        The store.
    session : str
        Name of the session.
    participants : mapping of str to iterable of str
        Participant -> the session's names of the streams.
    """

    def __init__(self, connection: Connection, session: str, participants: Mapping[str, Iterable[str]]) -> None:
        self._connection = connection
        self._keys = [
            name(session)
            for name in (
                keys.events, keys.commands, keys.answers, keys.recording, keys.recorded, keys.health, keys.info,
                keys.model, keys.chosen, keys.noted, keys.alarms,
            )
        ]  # fmt: skip
        self._keys.append(f"{keys.owner(session)}:number")
        for participant, streams in participants.items():
            rings = [
                *(keys.raw(session, participant, stream) for stream in streams),
                *(keys.features(session, participant, modality) for modality in MODALITIES),
                keys.estimates(session, participant),
            ]
            self._keys += [*rings, *map(keys.read, rings), *map(keys.written, rings)]
            self._keys += [
                name(session, participant)
                for name in (
                    keys.published, keys.streams, keys.taken, keys.grid, keys.snapshot, keys.asked, keys.explained,
                )
            ]  # fmt: skip
            self._keys += [keys.fencing(session, participant, kind) for kind in ("preprocess", "infer")]

    def prolong(self) -> None:
        """Let the keys live for another while; call it every second. A store that is lost has none to prolong."""
        try:
            self._connection.script(_PROLONG, self._keys, round(1000 * LIFE_S))
        except StoreLost:
            return
