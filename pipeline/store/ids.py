"""Entry ids: an entry's id says which samples, or which tick, it holds.

A chunk's id is ``<segment>-<first index + 1>``, a feature window's and an estimate's ``1-<tick + 1>`` (the server
refuses ``0-0``, hence the one that is added).
"""

from typing import Final

#: Before every entry.
START: Final = "0-0"
#: After every entry: the largest id that the server knows.
END: Final = f"{2**64 - 1}-{2**64 - 1}"


def raw_id(segment: int, first: int) -> str:
    """Return the id of the chunk that begins with sample `first` of `segment`."""
    return f"{segment}-{first + 1}"


def tick_id(tick: int) -> str:
    """Return the id of the record of a tick."""
    return f"1-{tick + 1}"


def parse(entry_id: str) -> tuple[int, int]:
    """Return both numbers of an id; ids are ordered as these pairs are.

    Raises
    ------
    ValueError
        It is not an entry id.
    """
    head, dash, tail = entry_id.partition("-")
    if not (dash and head.isdecimal() and tail.isdecimal()):
        raise ValueError(f"{entry_id!r} is not an entry id, which is two whole numbers with a dash between them")
    return int(head), int(tail)
