"""Whether planted sensor faults are named, and clean signals called good.

``python -m benchmarks.quality [--plantings N] [--people N] [--seed S] [--data DIR]`` prints one JSON object. For each
modality, of simulated people drawn from the seed; with ``--data`` (the folder of real recordings) for each recording:

- ``named``: for each kind of fault, how many of its plantings (random place, channel and strength) are named rightly:
  more than half of the windows judged name that fault, of that channel, and no other channel is named that is not named
  without it; ``named_share``: of all; ``instead``: what was said of the others;
- ``good``: the share of windows with a quality of at least 0.9, of undisturbed signals of simulated people; of a
  recording as it is.
"""

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.planted import KINDS, Planting, plant
from benchmarks.quality_recordings import RECORDINGS
from benchmarks.stretches import BEFORE_S, HOP_S, LASTS_S, MODALITIES, Stretch, people, undisturbed, windows_of
from pipeline.records import FeatureWindow
from pipeline.signals.family import FEATURES

NAMED = "named"

#: Least quality of a window that is called good.
GOOD = 0.9


def verdict(stretch: Stretch, planting: Planting, usual: Sequence[FeatureWindow]) -> str:
    """Return ``named`` where a planting is named rightly, and otherwise what is said most often instead.

    `usual` are the windows without it.
    """
    said = [
        _of_window(stretch, planting, with_it, without)
        for with_it, without in zip(windows_of(stretch, planting.data), usual, strict=True)
        if judged(planting, with_it.end, FEATURES[stretch.info.use].window_s)
    ]
    most, count = Counter(said).most_common(1)[0]
    return NAMED if 2 * said.count(NAMED) > len(said) else f"{most} in {count} of {len(said)}"


def judged(planting: Planting, end: float, lasts_s: float) -> bool:
    """Return whether a window tells of a fault: all of it where the fault lasts, its moment where it has one."""
    if KINDS[planting.kind].at_once:
        return planting.begin + min(lasts_s - HOP_S, 3.0) < end < planting.begin + lasts_s
    return planting.begin <= end - lasts_s and end <= planting.end


def _of_window(stretch: Stretch, planting: Planting, with_it: FeatureWindow, without: FeatureWindow) -> str:
    own = stretch.info.ch_names[planting.channel]
    words = {word.format(own) for word in KINDS[planting.kind].said}
    found = channelwise(with_it.reasons)
    new = found - channelwise(without.reasons) - words
    others = set(stretch.info.ch_names) - {own}
    blamed = any(word in others for reason in new for word in reason.replace(",", "").split(" "))
    return NAMED if found & words and not blamed else str(sorted(new))


def channelwise(reasons: Iterable[str]) -> set[str]:
    """Return reasons with one channel each: ``F3, F4 railed`` are two."""
    found = set()
    for reason in reasons:
        *more, last = reason.split(", ")
        words = last.split(" ")
        if more and len(words) > 1:
            found |= {f"{name} {' '.join(words[1:])}" for name in (*more, words[0])}
        else:
            found.add(reason)
    return found


def planted(
    stretches: Sequence[Stretch], kinds: Sequence[str], n_plantings: int, seed: int
) -> list[tuple[str, int, str]]:
    """Return kind, stretch and verdict of each of some plantings of random kind, place and strength."""
    rng = np.random.default_rng(seed)
    usual = [windows_of(stretch) for stretch in stretches]
    found = []
    for _ in range(n_plantings):
        kind, number = str(rng.choice(kinds)), int(rng.integers(len(stretches)))
        stretch = stretches[number]
        begin = BEFORE_S + rng.uniform(0, 1)
        planting = plant(stretch.data, stretch.info.sfreq, kind, rng, begin=begin, end=begin + LASTS_S)
        found.append((kind, number, verdict(stretch, planting, usual[number])))
    return found


def good(stretches: Sequence[Stretch]) -> float:
    """Return the share of windows that are called good."""
    return float(np.mean([window.quality >= GOOD for stretch in stretches for window in windows_of(stretch)]))


def measured(stretches: Sequence[Stretch], as_is: Sequence[Stretch], n_plantings: int, seed: int) -> dict[str, Any]:
    """Return what is named of faults planted in some stretches, and how much of others is good."""
    kinds = [kind for kind in KINDS if kind.startswith(stretches[0].info.use)]
    results = planted(stretches, kinds, n_plantings, seed)
    by_kind = {kind: [verdict for one, _, verdict in results if one == kind] for kind in kinds}
    return {
        "named": {kind: f"{one.count(NAMED)} of {len(one)}" for kind, one in by_kind.items()},
        "named_share": round(float(np.mean([verdict == NAMED for *_, verdict in results])), 3),
        "instead": sorted(f"{kind}, {number}: {said}" for kind, number, said in results if said != NAMED),
        "good": round(good(as_is), 3),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plantings", type=int, default=200)
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1000)
    parser.add_argument("--data", type=Path)
    given = parser.parse_args()
    found = {}
    disturbed = people(given.seed, given.people)
    for modality in MODALITIES:
        calm = [undisturbed(modality, given.seed + person) for person in range(given.people)]
        found[modality] = measured(disturbed[modality], calm, given.plantings, given.seed)
    if given.data is not None:
        for name, load in RECORDINGS.items():
            stretches = load(given.data)
            found[name] = measured(stretches, stretches, given.plantings, given.seed)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
