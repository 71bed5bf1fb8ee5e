"""Which channels the sentences about a window of EEG name."""

from collections.abc import Iterable, Sequence
from typing import Final

_EVERY: Final = "every channel"
#: Before the names, where they stand at the end.
_ON: Final = " on "


def bad_channels(reasons: Iterable[str], ch_names: Sequence[str]) -> dict[str, str]:
    """Return the channels that a window's reasons call bad, and why.

    Parameters
    ----------
    reasons : iterable of str
        As the processors say them: ``Fp1, O2 flat``, ``every channel railed``, ``50 Hz noise on Fp1, O2``; others name
        no channel.
    ch_names : sequence of str
        The stream's channels; a name may hold blanks and commas.
    """
    found: dict[str, str] = {}
    for reason in reasons:
        why, on, names = reason.rpartition(_ON)
        ends = _leading(f"{names} ", ch_names) if on else ([], "")
        channels, rest = ends if ends[0] and not ends[1] else _leading(reason, ch_names)
        found |= dict.fromkeys(channels, rest or why)
    return found


def _leading(text: str, ch_names: Sequence[str]) -> tuple[list[str], str]:
    """Split a text into the channels that it begins with, and what comes after them."""
    if text.startswith(f"{_EVERY} "):
        return list(ch_names), text[len(_EVERY) + 1 :]
    longest_first, names = sorted(ch_names, key=len, reverse=True), []
    while True:
        name = next((name for name in longest_first if text.startswith((f"{name}, ", f"{name} "))), None)
        if name is None:
            return [], ""
        names.append(name)
        more = text[len(name)] == ","
        text = text[len(name) + (2 if more else 1) :]
        if not more:
            return names, text
