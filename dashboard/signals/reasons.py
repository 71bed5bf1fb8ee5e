"""Which channels the sentences about a window of EEG name."""

from collections.abc import Iterable, Sequence
from typing import Final

_EVERY: Final = "every channel "


def bad_channels(reasons: Iterable[str], ch_names: Sequence[str]) -> dict[str, str]:
    """Return the channels that a window's reasons call bad, and why.

    Parameters
    ----------
    reasons : iterable of str
        As the processors say them: ``Fp1, O2 flat``, ``every channel railed or loose``; others name no channel.
    ch_names : sequence of str
        The stream's channels; a name may hold blanks and commas.
    """
    found: dict[str, str] = {}
    for reason in reasons:
        if reason.startswith(_EVERY):
            found |= dict.fromkeys(ch_names, reason.removeprefix(_EVERY))
            continue
        names, why = _named(reason, ch_names)
        found |= dict.fromkeys(names, why)
    return found


def _named(reason: str, ch_names: Sequence[str]) -> tuple[list[str], str]:
    """Split a reason into the channels that it begins with, and what it says of them."""
    longest_first, names = sorted(ch_names, key=len, reverse=True), []
    while True:
        name = next((name for name in longest_first if reason.startswith((f"{name}, ", f"{name} "))), None)
        if name is None:
            return [], ""
        names.append(name)
        more = reason[len(name)] == ","
        reason = reason[len(name) + (2 if more else 1) :]
        if not more:
            return names, reason
