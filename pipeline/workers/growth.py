"""The proof that a recording grows: every stream that is received gets longer on the disk, too."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from pipeline.states import StreamHealth

#: A stream that is received and of which nothing reached the disk for this long is not recorded (s).
PATIENCE_S: Final = 5.0
#: What readers say of their samples is at most this late (s): samples can be on the disk before they are counted.
LAG_S: Final = 2.0


@dataclass
class _Grown:
    received: int
    """Samples that were received when it had grown last."""
    recorded: int
    grown: float
    """When it grew last (s)."""
    since: float
    """Until when it had nothing to grow by (s)."""
    told: bool = False


class Growth:
    """Compare what readers receive with what is on the disk. Time counts only while both are looked at."""

    def __init__(self) -> None:
        self._streams: dict[str, _Grown] = {}
        self._looked = float("-inf")

    def reset(self) -> None:
        """Forget what was, for example because the recording was paused."""
        self._streams.clear()

    def stuck(self, now: float, health: Iterable[StreamHealth], recorded: Mapping[str, int]) -> list[str]:
        """Return the streams that are received, but have not grown on the disk for a while; each once.

        Call it every second or so. Whoever has not for longer than `PATIENCE_S` could not write, since the store was
        away, say, and has that to catch up with first.

        Parameters
        ----------
        now : float
            Seconds, only ever rising.
        health : iterable of StreamHealth
            What the readers say.
        recorded : mapping of str to int
            ``<participant>/<stream>`` -> samples on the disk.
        """
        if now - self._looked > PATIENCE_S:
            self.reset()
        self._looked = now
        found = []
        for stream in health:
            have = recorded.get(stream.stream, 0)
            before = self._streams.get(stream.stream)
            if before is None or have > before.recorded:
                self._streams[stream.stream] = _Grown(stream.samples_received, have, now, now)
            elif now - before.grown <= LAG_S:
                before.received, before.since = stream.samples_received, now
            elif stream.samples_received <= before.received:
                before.since = now  # nothing came that could have been recorded
            elif now - before.since > PATIENCE_S and not before.told:
                before.told = True
                found.append(stream.stream)
        return found
