"""What both kinds of WESAD folder give of a rated condition."""

from typing import Final, NamedTuple

#: The ten rated items that make the label: DMER's, with Annoyed for Upset.
ITEMS: Final = (
    "Inspired", "Alert", "Excited", "Enthusiastic", "Determined",
    "Afraid", "Annoyed", "Nervous", "Scared", "Distressed",
)  # fmt: skip
#: What a rating that is missing is read as.
NOT_AT_ALL: Final = 1.0


class Condition(NamedTuple):
    """One rated condition of one participant."""

    name: str
    start: float
    """Seconds from the start of the recording."""
    end: float
    ratings: tuple[float, ...]
    """1 to 5, in the order of `ITEMS`."""
