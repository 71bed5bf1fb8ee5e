"""Whether planted sensor faults are named, and clean signals called good.

``python -m benchmarks.quality [--plantings N] [--seed S]`` prints one JSON object. For each modality, of the simulated
participants drawn from the seed:

- ``named``: for each kind of fault, the share of plantings (random participant, channel, strength) that are named
  rightly: more than half of the windows judged name that fault, of that channel, and no other channel is named that was
  not named without it;
- ``good``: the share of windows of undisturbed signals with a quality of at least 0.9.
"""

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from benchmarks.planted import KINDS, Planting, plant
from pipeline.modalities import EEG_CHANNELS, Modality
from pipeline.records import Array, FeatureWindow, StreamInfo
from pipeline.session.config import Match, StreamSettings
from pipeline.signals.family import FEATURES
from pipeline.signals.offline import Recorded, extract
from pipeline.simulation import eda, eeg, ppg
from pipeline.simulation.body import Body
from pipeline.simulation.participant import SimulatedParticipant, stream_infos

SOURCES = {"EEG": eeg.EegSource, "GSR": eda.EdaSource, "PPG": ppg.PpgSource}
MODALITIES: tuple[Modality, ...] = ("EEG", "GSR", "PPG")

NAMED = "named"
#: Least quality of a window that is called good.
GOOD = 0.9
HOP_S = 0.25
#: A stretch begins so long before its fault, which lasts so long, and ends so long after it (s).
BEFORE_S, LASTS_S, AFTER_S = 8.0, 8.0, 6.0
STRETCH_S = BEFORE_S + LASTS_S + AFTER_S


class Stretch(NamedTuple):
    """Some seconds of one stream of one person."""

    info: StreamInfo
    data: Array
    eeg_channels: tuple[str, ...] = EEG_CHANNELS


def undisturbed(modality: Modality, seed: int, seconds: int = round(STRETCH_S)) -> Stretch:
    """Return a simulated person's signal without any movement, blink, clenched jaw or bad electrode."""
    source = SOURCES[modality](np.random.default_rng(seed))
    if isinstance(source, eeg.EegSource):
        source._faults._hz = 0.0
    if isinstance(source, eda.EdaSource):
        source._drops_hz = 0.0
    drives = np.zeros((5, 5))
    data = [source.second(drives, Body(second, (), (), ())) for second in range(seconds)]
    return Stretch(stream_infos(seed)[modality], np.concatenate(data).astype(np.float32))


def people(seed: int, n_people: int, seconds: int = round(STRETCH_S)) -> dict[Modality, list[Stretch]]:
    """Return the streams of simulated people, with all that disturbs them."""
    found: dict[Modality, list[Stretch]] = {modality: [] for modality in MODALITIES}
    for person in range(seed, seed + n_people):
        participant, infos = SimulatedParticipant(person), stream_infos(person)
        blocks = [participant.next_second() for _ in range(seconds)]
        for modality, stretches in found.items():
            data = np.concatenate([block[modality].data for block in blocks])
            stretches.append(Stretch(infos[modality], data))
    return found


def windows_of(stretch: Stretch, data: Array | None = None) -> list[FeatureWindow]:
    """Return the feature windows of a stretch, or of other data in its place."""
    modality = stretch.info.use
    data = stretch.data if data is None else data
    settings = StreamSettings(match=Match(type=modality), use=modality, stamps="regular", unit=stretch.info.units[0])
    recorded = Recorded(stretch.info, settings, np.arange(len(data)) / stretch.info.sfreq, data)
    return extract({"x": recorded}, hop_s=HOP_S, eeg_channels=stretch.eeg_channels)


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


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plantings", type=int, default=200)
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1000)
    arguments = parser.parse_args()
    found = {}
    disturbed = people(arguments.seed, arguments.people)
    for modality in MODALITIES:
        stretches = disturbed[modality]
        calm = [undisturbed(modality, arguments.seed + person) for person in range(arguments.people)]
        kinds = [kind for kind in KINDS if kind.startswith(modality)]
        results = planted(stretches, kinds, arguments.plantings, arguments.seed)
        by_kind = {kind: [verdict for one, _, verdict in results if one == kind] for kind in kinds}
        found[modality] = {
            "named": {kind: f"{one.count(NAMED)} of {len(one)}" for kind, one in by_kind.items()},
            "named_share": np.mean([verdict == NAMED for *_, verdict in results]),
            "instead": sorted({f"{kind}, {number}: {said}" for kind, number, said in results if said != NAMED}),
            "good": round(good(calm), 3),
        }
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
