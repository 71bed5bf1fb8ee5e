"""A scale that participants rate themselves on: its items, their anchors, and in which order they are asked."""

import hashlib
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

#: Columns of a ratings file that say which trial a row rates; no item may be called so.
TRIAL_COLUMNS: Final = ("participant", "session", "trial", "start", "end")
#: A row of buttons holds so many answers.
MOST_ANSWERS: Final = 11

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
#: The name of an item is that of its column; a participant reads its text.
ItemName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Item(_Model):
    """One thing that is asked."""

    name: ItemName
    text: Text
    anchors: dict[int, Text] | None = None
    """Words for some answers; unless given, those of the scale."""


class Words(_Model):
    """What the page says besides, in the language of the scale."""

    wait: Text = "Please wait."
    done: Text = "Done"
    saving: Text = "One moment, please."
    thanks: Text = "Thank you."
    ended: Text = "This is the end. Thank you."


class Scale(_Model):
    """The content of a scale file."""

    title: Text
    source: str = ""
    """Where the items come from."""
    language: Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
    """As web pages name it: ``en``, ``de``, ``pt-BR``."""
    question: Text
    order: Literal["random", "fixed"] = "random"
    """Whether every trial has an order of its own."""
    least: Annotated[int, Field(ge=-100, le=100)]
    most: Annotated[int, Field(ge=-100, le=100)]
    """Answers are the whole numbers between, both included."""
    anchors: dict[int, Text] = Field(default_factory=dict)
    items: Annotated[list[Item], Field(min_length=1, max_length=50)]
    words: Words = Words()

    @model_validator(mode="after")
    def _a_row_of_answers(self) -> Self:
        if not 1 <= self.most - self.least < MOST_ANSWERS:
            raise ValueError(
                f"from least, {self.least}, to most, {self.most}, there must be 2 to {MOST_ANSWERS} answers; correct it"
            )
        places = [("anchors", self.anchors)]
        places += [(f"items.{number}.anchors", item.anchors or {}) for number, item in enumerate(self.items)]
        for where, anchors in places:
            outside = next((answer for answer in anchors if not self.least <= answer <= self.most), None)
            if outside is not None:
                raise ValueError(f"{where}: {outside} is no answer; they go from {self.least} to {self.most}")
        return self

    @model_validator(mode="after")
    def _names_of_columns(self) -> Self:
        seen: set[str] = set()
        for number, item in enumerate(self.items):
            if item.name in TRIAL_COLUMNS:
                raise ValueError(f"items.{number}.name: {item.name!r} is a column of ratings.csv; take another name")
            if item.name in seen:
                raise ValueError(f"items.{number}.name: {item.name!r} stands here twice; each item has its own name")
            seen.add(item.name)
        return self

    def asked(self, session: str, participant: str, onset: float) -> list[Item]:
        """Return the items in the order in which they are asked after a trial.

        At random means: by the SHA-256 of ``session/participant/onset/name``, the onset with six decimals as in
        ``trials.tsv``. So the order is another one after each trial, and can be told afterwards.

        Parameters
        ----------
        session : str
            Its name, which is that of its folder.
        participant : str
            The participant's code.
        onset : float
            When the trial began (s).
        """
        if self.order == "fixed":
            return list(self.items)

        def lot(item: Item) -> bytes:
            return hashlib.sha256(f"{session}/{participant}/{onset:.6f}/{item.name}".encode()).digest()

        return sorted(self.items, key=lot)
