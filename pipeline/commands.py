"""What an operator asks of a running session, and what is recorded of it."""

from typing import Final

from pipeline.records import Record


class Command(Record, frozen=True, tag="command"):
    """What the operator asks of the supervisor."""

    id: str
    """Chosen by whoever asks, so that the answer is known."""
    what: str
    """record, pause, stop, note, model or rating."""
    arguments: dict[str, str]
    """Of a note: its ``text``, and the ``time`` (s) of what it tells; of a rating the same. Of record: ``despite`` what
    the pre-flight says, the reason why. Of model: ``model`` and ``device``, of which one may be left out."""
    who: str


class Answer(Record, frozen=True, tag="answer"):
    """What came of a command."""

    command: str
    """The command's id."""
    done: bool
    sentence: str
    overridable: bool = False
    """Whether it would be done if a reason were given."""


class Recording(Record, frozen=True, tag="recording"):
    """Whether the session is recorded, written by the supervisor.

    A chunk belongs to the recording if it arrived within one of the spans. A span begins and ends a little after the
    command, so that everybody knows of it in time: what is recorded does not depend on who read what how fast.
    """

    state: str
    """off (nothing will be recorded), set-up, recording or paused."""
    spans: tuple[tuple[float, float | None], ...] = ()
    """Beginning (s, included) and end (s, excluded; None while it lasts)."""

    @property
    def begun(self) -> float | None:
        """When the recording began (s); None before that."""
        return self.spans[0][0] if self.spans else None

    def span(self, arrival: float) -> int | None:
        """Return the number of the span that a time (s) lies in; None where it lies in none."""
        for number, (begin, end) in enumerate(self.spans):
            if begin <= arrival and (end is None or arrival < end):
                return number
        return None


#: What a page and a terminal say of the states.
_SENTENCES: Final = {
    "off": "Nothing is recorded.",
    "set-up": "Set-up: nothing is recorded yet.",
    "paused": "Paused: nothing is recorded or estimated.",
}


class Recorded(Record, frozen=True, tag="recorded"):
    """What has reached the disk, written by the recorder."""

    samples: dict[str, int]
    """``<participant>/<stream>`` -> samples."""
    bytes: int
    """Of the raw file."""
    free: int
    """Bytes that are free on its disk."""
    stopped: str
    """Why the recording was stopped although the run goes on, a sentence; empty where it was not."""
    time: float


def recording_state(recording: Recording | None, recorded: Recorded | None) -> str:
    """Return the state of a recording in one word: as of `Recording`, or stopped; empty while it is not known."""
    if recorded is not None and recorded.stopped:
        return "stopped"
    return recording.state if recording is not None else ""


def recording_sentence(recording: Recording | None, recorded: Recorded | None) -> str:
    """Return what there is to say of a recording; empty while nothing is known."""
    if recorded is not None and recorded.stopped:
        return recorded.stopped
    if recording is None:
        return ""
    if recording.state != "recording":
        return _SENTENCES[recording.state]
    if recorded is None:
        return "The recording begins."
    samples = sum(recorded.samples.values())
    return f"Recording: {samples:,} samples of {len(recorded.samples)} streams, {recorded.bytes / 1e6:.1f} MB."
