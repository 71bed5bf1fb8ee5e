"""How a viewer wants to see the signals."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from dashboard.signals.montages import AS_RECORDED

#: How much time is seen (s).
SPANS: Final = (5, 10, 30)
#: What the display's filter leaves of EEG (Hz).
PASS_HZ: Final = (1.0, 40.0)


@dataclass(frozen=True)
class Choice:
    """What a viewer chose."""

    span: int = 10
    """How much time is seen (s)."""
    montage: str = AS_RECORDED
    filtered: bool = True
    """EEG as the display's filter leaves it, or as it came."""

    @classmethod
    def of(cls, said: object) -> "Choice":
        """Return what a browser asks for; what makes no sense is left as it is at first."""
        asked: Mapping[str, Any] = said if isinstance(said, Mapping) else {}
        default = cls()
        span, montage, filtered = asked.get("span"), asked.get("montage"), asked.get("filtered")
        return cls(
            int(span) if span in SPANS else default.span,
            montage if isinstance(montage, str) else default.montage,
            filtered if isinstance(filtered, bool) else default.filtered,
        )
