"""What an operator asks from the control page: obeyed only with the run's key."""

import hmac
import math
import threading
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from pipeline.commands import Answer
from pipeline.errors import BadInput, RunFailed
from pipeline.session.models import offered
from pipeline.states import Chosen
from pipeline.store.asking import ask
from pipeline.store.board import Board
from pipeline.store.connection import StoreLost, connect
from pipeline.streams.clock import local_clock

#: Who asks, as events say it.
WHO: Final = "the control page"
#: The answers that a page may still ask for.
ANSWERS_KEPT: Final = 50


class Asked(msgspec.Struct):
    """One thing that the operator asks for."""

    id: str
    what: Literal["record", "pause", "stop", "note", "model"]
    text: str = ""
    """Of a note."""
    time: float = math.inf
    """When happened what a note tells, on the host's LSL clock (s)."""
    despite: str = ""
    """Why to record although the pre-flight says no."""
    model: str = ""
    """Which, by the name that the page was given."""
    device: str = ""
    """Where it is to run."""


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
        self._open: set[str] = set()
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
        self._open.discard(asked.id)
        while len(self._answers) > ANSWERS_KEPT:
            del self._answers[next(iter(self._answers))]

    def begins(self, asked: Asked) -> bool:
        """Return whether something is asked for the first time; from then on it is not."""
        new = asked.id not in self._open and asked.id not in self._answers
        self._open.add(asked.id)
        return new


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

    def knows(self, key: str) -> bool:
        """Return whether this is the run's key."""
        return bool(self._key) and hmac.compare_digest(key.encode(), self._key)

    def models(self) -> Path | None:
        """Return where models may lie that can be chosen for this run; None before that is known.

        Raises
        ------
        BadInput, StoreLost
            The store does not answer.
        """
        chosen = self._chosen()
        return Path(chosen.folder) if chosen is not None else None

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
        operator = self.knows(message.key)
        line.heard(message.sent, at, operator=operator)
        for asked in message.asks:
            if not operator:
                line.answer(asked, Answer(asked.id, done=False, sentence="Refused: this is not the operator's page."))
            elif line.begins(asked):
                if asked.what == "model":  # it is tried first: the page must not stand still until then
                    threading.Thread(target=self._answer, args=(line, asked), name="desk", daemon=True).start()
                else:
                    self._answer(line, asked)

    def _answer(self, line: Line, asked: Asked) -> None:
        try:
            answer = ask(self._url, self._session, asked.what, WHO, **self._arguments(asked))
        except (BadInput, RunFailed, StoreLost) as error:
            answer = Answer(asked.id, done=False, sentence=f"Not done, as far as is known: {error}.")
        line.answer(asked, answer)

    def _arguments(self, asked: Asked) -> dict[str, str]:
        """Return what a command says besides its name.

        Raises
        ------
        BadInput
            No page of ours offers such a model.
        StoreLost
            The store does not answer.
        """
        if asked.what == "note":
            # Clocks are compared to some milliseconds only: no key was pressed in the future.
            return {"text": asked.text, "time": repr(min(asked.time, local_clock()))}
        if asked.what == "model":
            return {"model": self._model(asked.model), "device": asked.device}
        return {"despite": asked.despite} if asked.what == "record" and asked.despite else {}

    def _model(self, name: str) -> str:
        """Return the model that a page was offered under a name: no path comes from a browser."""
        chosen = self._chosen()
        models = offered(chosen) if chosen is not None else {}
        if name not in models:
            raise BadInput(f"{name}: is not among the models that may be chosen (any more)")
        return models[name]

    def _chosen(self) -> Chosen | None:
        connection = connect(self._url, source="the store")
        board = Board(connection, self._session)
        try:
            return board.chosen()
        finally:
            board.close()
            connection.close()
