"""What an operator asks from the control page: obeyed only with the run's key."""

import hmac
import math
import uuid
from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec

from pipeline.commands import Answer
from pipeline.errors import BadInput, RunFailed
from pipeline.store.asking import ask
from pipeline.store.connection import StoreLost, connect
from pipeline.streams.clock import local_clock

#: Who asks, as events say it.
WHO: Final = "the control page"
#: The answers that a page may still ask for.
ANSWERS_KEPT: Final = 50


class Asked(msgspec.Struct):
    """One thing that the operator asks for."""

    id: str
    what: Literal["record", "pause", "stop", "note"]
    text: str = ""
    """Of a note."""
    time: float = math.inf
    """When happened what a note tells, on the host's LSL clock (s)."""
    despite: str = ""
    """Why to record although the pre-flight says no."""


class Told(msgspec.Struct):
    """What a page says at once."""

    sent: float
    """When, on the page's own clock: it gets this back, and so learns how the clocks differ."""
    key: str
    asks: list[Asked]


class Line:
    """What has been said to one page: a page that hears no answer asks again, and nothing is done twice."""

    def __init__(self) -> None:
        self._id = uuid.uuid4().hex
        self._answers: dict[str, dict[str, Any]] = {}
        self._heard: dict[str, Any] = {"sent": None, "at": None, "operator": None}

    def reply(self) -> dict[str, Any]:
        """Return what the page is to know: what it said last, when that came, and what came of what it asked for."""
        return {"line": self._id, **self._heard, "left": local_clock(), "answers": list(self._answers.values())}

    def heard(self, sent: float, at: float, *, operator: bool) -> None:
        """Note that something came at a moment (s, LSL clock), and whether from the operator."""
        self._heard = {"sent": sent, "at": at, "operator": operator}

    def answer(self, asked: Asked, answer: Answer) -> None:
        """Note what came of something."""
        self._answers[asked.id] = {
            "id": asked.id, "done": answer.done, "sentence": answer.sentence, "overridable": answer.overridable,
        }  # fmt: skip
        while len(self._answers) > ANSWERS_KEPT:
            del self._answers[next(iter(self._answers))]

    def has_answered(self, asked: Asked) -> bool:
        """Return whether it is known what came of something."""
        return asked.id in self._answers


class Desk:
    """Passes on what whoever has the key asks for.

    Parameters
    ----------
    store_url : str
        Where the store is.
    session : str
        Name of the session.
    key : str
        The operator's key; empty: nobody may ask for anything.
    """

    def __init__(self, store_url: str, session: str, key: str) -> None:
        self._url = store_url
        self._session = session
        self._key = key.encode()

    def take(self, line: Line, told: Mapping[str, Any], at: float) -> None:
        """Do what a page asks for.

        Parameters
        ----------
        line : Line
            To this page.
        told : mapping
            What it says: a `Told`.
        at : float
            When that came (s, LSL clock).

        Raises
        ------
        ValidationError
            It is no `Told`: no page of ours said it.
        """
        message = msgspec.convert(told, Told)
        operator = bool(self._key) and hmac.compare_digest(message.key.encode(), self._key)
        line.heard(message.sent, at, operator=operator)
        for asked in message.asks:
            if not operator:
                line.answer(asked, Answer(asked.id, done=False, sentence="Refused: this is not the operator's page."))
            elif not line.has_answered(asked):
                line.answer(asked, self._ask(asked))

    def _ask(self, asked: Asked) -> Answer:
        arguments = {}
        if asked.what == "note":
            # Clocks are compared to some milliseconds only: no key was pressed in the future.
            arguments = {"text": asked.text, "time": repr(min(asked.time, local_clock()))}
        elif asked.what == "record" and asked.despite:
            arguments = {"despite": asked.despite}
        try:
            connection = connect(self._url, source="the store")
            try:
                return ask(connection, self._session, asked.what, WHO, **arguments)
            finally:
                connection.close()
        except (BadInput, RunFailed, StoreLost) as error:
            return Answer(asked.id, done=False, sentence=f"Not done, as far as is known: {error}.")
