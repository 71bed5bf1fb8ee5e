"""What is said of gaps that come thick: the first one at once, those that follow in one sentence."""

from typing import Final

#: Gaps within this long after one that was said are summed up (s).
SUM_UP_S: Final = 5.0


class Gaps:
    """Keep the gaps of one stream that have not been said yet.

    A stream that drops one sample in twenty has more gaps a second than anybody can read.

    Parameters
    ----------
    source : str
        The stream.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._until = float("-inf")
        self._gaps = self._missing = 0

    def add(self, missing: int, now: float) -> bool:
        """Take a gap at `now` (s), of so many samples; return whether to say it at once."""
        if now >= self._until and not self._gaps:
            self._until = now + SUM_UP_S
            return True
        self._gaps += 1
        self._missing += missing
        return False

    def sum_up(self, now: float, *, over: bool = False) -> str | None:
        """Return the sentence about those that have not been said, when it is time, or when the stream is `over`."""
        if not self._gaps or (now < self._until and not over):
            return None
        sentence = f"Stream {self._source}: {self._missing} more samples missing, in {self._gaps} gaps."
        self._gaps = self._missing = 0
        self._until = float("-inf") if over else now + SUM_UP_S
        return sentence
