"""Which LSL streams are there, and which of them a session file means."""

import threading
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Final

from pipeline.errors import BadInput
from pipeline.records import StreamInfo
from pipeline.session.config import Match
from pipeline.streams.clock import local_clock
from pipeline.streams.description import FORMATS
from pipeline.streams.liblsl import pylsl

#: Long enough for liblsl's second question, which it asks after 0.5 s; at 0.5 s sharp it would linger for 5 s more.
_SLICE_S: Final = 1.0
_SECOND_LOOK_S: Final = 0.7


class NoStream(BadInput):
    """Nothing on the network matches."""


@dataclass(frozen=True)
class Found:
    """A stream on the network, as far as its outlet tells without being opened (so: no channel labels)."""

    name: str
    type: str
    source_id: str
    sfreq: float
    channels: int
    """Number of channels."""
    format: str
    host: str
    uid: str
    handle: Any = field(repr=False, compare=False)
    """pylsl's description, which an `Inlet` opens."""

    def __str__(self) -> str:
        return f"{self.name!r} (type {self.type!r}, source id {self.source_id!r}, on {self.host})"


def resolve(timeout: float = 1.0) -> list[Found]:
    """Return all streams that answer within `timeout` seconds, by name and source id; it always takes that long."""
    found = [_found(handle) for handle in pylsl.resolve_streams(timeout)]
    return sorted(found, key=lambda stream: (stream.name, stream.source_id, stream.uid))


def find(match: Match, timeout: float, *, give_up: threading.Event | None = None) -> Found:
    """Return the one stream that a session file's ``match`` means, as soon as it is there.

    Parameters
    ----------
    match : Match
        Name, type and source id; every one given must agree.
    timeout : float
        How long to wait for it (s).
    give_up : threading.Event | None
        Ends the wait early.

    Raises
    ------
    NoStream
        No such stream within `timeout`; the sentence names what is there instead.
    BadInput
        More than one such stream.
    """
    matching = _look(_predicate(match), timeout, give_up)
    if not matching:
        raise NoStream(f"no LSL stream with {match} within {timeout:g} s; {_instead()}; start it, or correct `match`")
    return _only(matching, match)


def find_again(match: Match, known: StreamInfo, timeout: float, *, others: Collection[str]) -> Found | None:
    """Look for a stream that was there before: the same one or, failing that, its device under another source id.

    Parameters
    ----------
    match : Match
        What the session file says. Where it names a source id, another one is taken if name and type are as before.
    known : StreamInfo
        The stream as it was.
    timeout : float
        How long to wait for it (s).
    others : collection of str
        Source ids that are somebody else's.

    Raises
    ------
    BadInput
        More than one such stream.
    """
    found = _look(successors(match, known), timeout, None)
    same = [stream for stream in found if match.source_id in {None, stream.source_id}]
    matching = same or [stream for stream in found if stream.source_id not in others]
    return _only(matching, match) if matching else None


def successors(match: Match, known: StreamInfo) -> str:
    """Return liblsl's predicate for all that may be the stream `known` again, see `find_again`."""
    if match.source_id is None:
        return _predicate(match)
    by_name = _predicate(Match(name=known.name, type=known.type))
    return f"(({_predicate(match)}) or ({by_name}))"  # in brackets, since liblsl adds conditions of its own


def _look(predicate: str, timeout: float, give_up: threading.Event | None) -> list[Found]:
    """Return the streams that match, as soon as there is one."""
    deadline = local_clock() + timeout
    handles: list[Any] = []
    # In slices, since neither Ctrl-C nor `give_up` is heard while liblsl waits.
    while not handles and (left := deadline - local_clock()) > 0 and not (give_up and give_up.is_set()):
        handles = pylsl.resolve_bypred(predicate, 1, min(left, _SLICE_S))
    if handles:  # the first answer ends the wait, so ask once more whether a second stream matches
        handles += pylsl.resolve_bypred(predicate, 2, _SECOND_LOOK_S)
    return list({stream.uid: stream for stream in map(_found, handles)}.values())


def _only(matching: list[Found], match: Match) -> Found:
    if len(matching) > 1:
        raise BadInput(
            f"{len(matching)} LSL streams match {match}: {'; '.join(map(str, matching))}; stop one of them, "
            "or add what tells them apart (source_id) to `match`"
        )
    return matching[0]


def _found(handle: Any) -> Found:
    return Found(
        name=handle.name(),
        type=handle.type(),
        source_id=handle.source_id(),
        sfreq=float(handle.nominal_srate()),
        channels=int(handle.channel_count()),
        format=FORMATS[handle.channel_format()],
        host=handle.hostname(),
        uid=handle.uid(),
        handle=handle,
    )


def _predicate(match: Match) -> str:
    """Return the XPath predicate by which liblsl's outlets recognize themselves."""
    return " and ".join(f"{key}={_literal(value)}" for key, value in match.model_dump(exclude_none=True).items())


def _literal(text: str) -> str:
    """Return an XPath string; XPath has no escapes, so a text with both kinds of quotes is put together."""
    if "'" not in text:
        return f"'{text}'"
    if '"' not in text:
        return f'"{text}"'
    parts = ', "\'", '.join(f"'{part}'" for part in text.split("'"))
    return f"concat({parts})"


def _instead() -> str:
    there = resolve(_SECOND_LOOK_S)
    if not there:
        return "there is no LSL stream at all"
    return f"there are {', '.join(map(str, there))}"
