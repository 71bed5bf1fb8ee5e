"""Who is learned from and who is tested: three protocols, each a partition of the windows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from model.data.dataset import LabelledWindows
from pipeline.errors import BadInput

#: ``loso``: participants are left out, none is split. ``trial``: each participant's own trials are left out, none is
#: split. ``released``: each participant's windows are split at random, as the released program does: leaky.
Protocol = Literal["loso", "trial", "released"]
PROTOCOLS: tuple[str, ...] = get_args(Protocol)
#: Parts into which a participant's own trials or windows are split.
_WITHIN = 5


@dataclass(frozen=True)
class Plan:
    """A partition of the windows; each tested part is estimated from the rest of its pool.

    Choices are made by leaving out a second part of the pool, one after the other.
    """

    part: NDArray[np.intp]
    """Part of each window ``(n_windows,)``."""
    pool: NDArray[np.intp]
    """Pool of each window ``(n_windows,)``; no part is in two."""
    tested: tuple[int, ...]
    leaky: bool = False

    def others(self, part: int) -> list[int]:
        """Return the other parts of a part's pool."""
        pool = self.pool[self.part == part][0]
        return [int(one) for one in np.unique(self.part[self.pool == pool]) if one != part]

    def training(self, left_out: Sequence[int]) -> NDArray[np.intp]:
        """Return the windows of the pool of some parts that are in none of them."""
        pool = self.pool[self.part == left_out[0]][0]
        return np.flatnonzero((self.pool == pool) & ~np.isin(self.part, left_out))

    def left_out(self, left_out: Sequence[int]) -> NDArray[np.intp]:
        """Return the windows of some parts, in the order of the data."""
        return np.flatnonzero(np.isin(self.part, left_out))

    def pairs(self) -> Iterator[tuple[int, ...]]:
        """Yield the pairs of parts that choices are made by, each once."""
        seen = {tuple(sorted((part, other))) for part in self.tested for other in self.others(part)}
        yield from sorted(seen)


def make_plan(windows: LabelledWindows, protocol: Protocol, n_folds: int | None, seed: int) -> Plan:
    """Return the plan of a protocol.

    Parameters
    ----------
    windows : LabelledWindows
        The data set.
    protocol : {"loso", "trial", "released"}
        See `Protocol`.
    n_folds : int or None
        Parts of a pool; by default one a participant (loso) or 5 (trial, released), and never more than there are
        participants or trials.
    seed : int
        Of the shuffling.

    Raises
    ------
    BadInput
        There are too few participants or trials.
    """
    rng = np.random.default_rng(seed)
    if protocol == "loso":
        subjects = windows.subjects
        part = _folds(windows.subject, min(n_folds or len(subjects), len(subjects)), rng)
        _check(part, "participants", "in all")
        return Plan(part, np.zeros_like(part), tuple(range(int(part.max()) + 1)))
    part, pool = np.zeros((2, len(windows)), np.intp)
    first = 0
    for number, subject in enumerate(windows.subjects):
        mine = windows.subject == subject
        names = windows.trial[mine] if protocol == "trial" else np.arange(mine.sum())
        own = _folds(names, min(n_folds or _WITHIN, len(set(names.tolist()))), rng)
        _check(own, "trials" if protocol == "trial" else "windows", f"of {subject}")
        part[mine], pool[mine] = first + own, number
        first += int(own.max()) + 1
    return Plan(part, pool, tuple(range(first)), leaky=protocol == "released")


def split_plan(windows: LabelledWindows, train_on: Sequence[str], test_on: Sequence[str]) -> Plan:
    """Return the plan that learns from some participants and tests others; choices leave out one at a time.

    A participant who is named twice counts once.

    Raises
    ------
    BadInput
        A participant is not there or on both sides, or there are fewer than two to learn from.
    """
    unknown = [name for name in (*train_on, *test_on) if name not in windows.subjects]
    if unknown:
        raise BadInput(f"--train-on, --test-on: {unknown[0]} is not there; there are {', '.join(windows.subjects)}")
    both = [name for name in train_on if name in test_on]
    if both:
        raise BadInput(f"--train-on, --test-on: {both[0]} is named by both; a participant is never split")
    learned = list(dict.fromkeys(train_on))
    if len(learned) < 2 or not test_on:
        raise BadInput("--train-on, --test-on: give two participants or more to learn from, and one or more to test")
    part = np.full(len(windows), len(learned), np.intp)
    for number, subject in enumerate(learned):
        part[windows.subject == subject] = number
    return Plan(part, np.zeros_like(part), (len(learned),))


def _folds(names: NDArray[np.generic], n_folds: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Return a fold for each window, the same for windows of one name."""
    each, place = np.unique(names, return_inverse=True)
    fold = np.empty(len(each), np.intp)
    fold[rng.permutation(len(each))] = np.arange(len(each)) % n_folds
    return fold[place]


def _check(part: NDArray[np.intp], what: str, whose: str) -> None:
    if len(np.unique(part)) < 3:
        raise BadInput(f"--protocol: there are {len(np.unique(part))} {what} {whose} to leave out; three are needed")
