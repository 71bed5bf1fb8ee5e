"""How often the model abstains: on simulated participants that it has not seen, and on signals that are no such thing.

Signals are altered, and features made of them as live; a window whose quality is too low is masked, as live. The last
rows alter the features themselves.

Run: python -m benchmarks.abstention [--model FILE]
"""

import argparse
import json
from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from model.estimating import estimates_of
from model.header import model_path
from model.predictor import Predictor
from pipeline.records import FeatureWindow
from pipeline.session.config import Match, StreamSettings
from pipeline.signals.offline import Recorded, extract
from pipeline.simulation.participant import SimulatedParticipant, stream_infos

Recording = dict[str, Recorded]
Ticks = list[dict[str, FeatureWindow]]
_UNITS = {"EEG": "uV", "GSR": "uS", "PPG": "a.u.", "Face": None}


def main() -> None:
    """Print one JSON object: for each case the share of ticks that abstain."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="shipped")
    parser.add_argument("--subjects", type=int, default=4)
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--seed", type=int, default=900)
    options = parser.parse_args()
    predictor = Predictor.load(model_path(options.model), "cpu")
    recordings = [recorded(options.seed + i, options.seconds) for i in range(options.subjects)]
    rng = np.random.default_rng(0)
    found = {
        name: share_abstained(predictor, (ticks for one in recordings for ticks in ticks_of(alter(one, rng))))
        for name, alter in SIGNALS.items()
    }
    clean = [tick for one in recordings for tick in ticks_of(one)]
    for name, alter_features in FEATURES.items():
        found[f"features: {name}"] = share_abstained(predictor, (_with_features(t, alter_features, rng) for t in clean))
    print(json.dumps({**vars(options), "abstained": found}, indent=1))


def recorded(seed: int, seconds: int) -> Recording:
    """Return the streams of a simulated participant."""
    participant, infos = SimulatedParticipant(seed), stream_infos(seed)
    parts = [participant.next_second() for _ in range(seconds)]
    found = {}
    for name, unit in _UNITS.items():
        stamps = "as-is" if name == "Face" else "regular"
        settings = StreamSettings(match=Match(name=infos[name].name), use=name, unit=unit, stamps=stamps)
        times, data = (np.concatenate([getattr(part[name], what) for part in parts]) for what in ("times", "data"))
        found[name] = Recorded(infos[name], settings, times, data)
    return found


def _noise(recording: Recording, names: Iterable[str], rng: np.random.Generator) -> Recording:
    """Put white noise of each channel's mean and deviation in place of some streams."""
    changed = dict(recording)
    for name in names:
        data = recording[name].data
        noise = rng.normal(np.nanmean(data, 0), np.nanstd(data, 0), data.shape)
        if name == "Face":
            noise[:, 0] = 1  # a face is found
        changed[name] = recording[name]._replace(data=noise.astype(data.dtype))
    return changed


def _gain(recording: Recording, name: str, factor: float) -> Recording:
    return {**recording, name: recording[name]._replace(data=factor * recording[name].data)}


def _swapped(recording: Recording, one: str, other: str) -> Recording:
    """Give each of two streams the other's samples."""
    pair = {one: recording[other], other: recording[one]}
    taken = {
        name: recording[name]._replace(
            data=np.interp(recording[name].times, source.times, source.data[:, 0])[:, None].astype(np.float32)
        )
        for name, source in pair.items()
    }
    return {**recording, **taken}


def ticks_of(recording: Recording) -> Ticks:
    """Return the windows of each tick, as live."""
    by_tick: dict[int, dict[str, FeatureWindow]] = {}
    for window in extract(recording, hop_s=1.0):
        by_tick.setdefault(window.tick, {})[window.modality] = window
    return [by_tick[tick] for tick in sorted(by_tick)]


def _with_features(
    tick: dict[str, FeatureWindow], alter: Callable[[NDArray, np.random.Generator], NDArray], rng: np.random.Generator
) -> dict[str, FeatureWindow]:
    return {
        name: FeatureWindow(w.tick, w.end, name, alter(w.features, rng).astype(np.float32), w.valid, w.quality)
        for name, w in tick.items()
    }


def share_abstained(predictor: Predictor, ticks: Iterable[dict[str, FeatureWindow]]) -> float:
    """Return the share of ticks whose estimate abstains."""
    prediction, _ = estimates_of(predictor, list(ticks))
    return round(float(prediction.abstained.mean()), 4)


SIGNALS: dict[str, Callable[[Recording, np.random.Generator], Recording]] = {
    "clean": lambda r, _: r,
    "noise in all": lambda r, rng: _noise(r, _UNITS, rng),
    **{f"noise in {name}": lambda r, rng, name=name: _noise(r, [name], rng) for name in _UNITS},
    **{f"EEG x {factor:g}": lambda r, _, factor=factor: _gain(r, "EEG", factor) for factor in (0.001, 0.1, 10, 1000)},
    "GSR and PPG swapped": lambda r, _: _swapped(r, "GSR", "PPG"),
}
FEATURES: dict[str, Callable[[NDArray, np.random.Generator], NDArray]] = {
    "standard normal": lambda f, rng: rng.normal(size=f.shape),
    "zeros": lambda f, _: 0 * f,
    "sign flipped": lambda f, _: -f,
    "shuffled": lambda f, rng: rng.permutation(f.ravel()).reshape(f.shape),
}


if __name__ == "__main__":
    main()
