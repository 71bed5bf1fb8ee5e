"""Sensor faults planted in recordings, by a seed: for `benchmarks.quality` and the tests of signal quality.

Strengths are those that a person at the device would call a fault; where they come from stands with each.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from pipeline.records import Array


class Planting(NamedTuple):
    """A recording with one fault."""

    data: Array
    kind: str
    channel: int
    begin: float
    """When the fault begins, in seconds since the recording's start."""
    end: float


class Part(NamedTuple):
    """The part of a channel that is spoiled."""

    signal: Array
    """``(n_times,)``."""
    sfreq: float
    reach: float
    """Largest value of the whole recording."""


Spoil = Callable[[Part, np.random.Generator], Array]


def plant(data: Array, sfreq: float, kind: str, rng: np.random.Generator, *, begin: float, end: float) -> Planting:
    """Return a copy of a recording ``(n_times, n_channels)`` with a fault in a random channel from `begin` to `end`."""
    spoiled = data.astype(np.float64)
    channel = int(rng.integers(data.shape[1]))
    rows = slice(round(begin * sfreq), round(end * sfreq))
    spoiled[rows, channel] = KINDS[kind].spoil(Part(spoiled[rows, channel], sfreq, float(np.abs(data).max())), rng)
    return Planting(spoiled.astype(np.float32), kind, channel, begin, end)


def eeg_flat(part: Part, rng: np.random.Generator) -> Array:
    """Return nothing, the last value for ever, or an amplifier's own noise (a few hundredths of a uV)."""
    value = float(rng.choice([0.0, part.signal[0]]))
    return value + rng.choice([0.0, rng.uniform(0.01, 0.1)]) * rng.standard_normal(len(part.signal))


def eeg_railed(part: Part, rng: np.random.Generator) -> Array:
    """Return the end of the amplifier's range (16 bits of 0.1 or 0.5 uV, 24 bits): stuck there, or cut off."""
    ranges = np.array([3276.7, 16384.0, 187500.0])
    rail = rng.choice(ranges[ranges > part.reach]) * rng.choice([-1, 1])
    if rng.random() < 0.5:
        return np.full(len(part.signal), rail)
    times = np.arange(len(part.signal)) / part.sfreq
    wander = rail * (1 + 0.3 * np.sin(2 * np.pi * rng.uniform(0.5, 3.0) * times + rng.uniform(0, 6)))
    return np.clip(wander + part.signal, -abs(rail), abs(rail))


def eeg_line(part: Part, rng: np.random.Generator) -> Array:
    """Add mains noise of 30 to 500 uV, its frequency off by up to 0.1 Hz."""
    mains = rng.choice([50.0, 60.0]) + rng.uniform(-0.1, 0.1)
    phase = 2 * np.pi * mains * np.arange(len(part.signal)) / part.sfreq
    return part.signal + np.exp(rng.uniform(np.log(30), np.log(500))) * np.sin(phase + rng.uniform(0, 6))


def eeg_popped(part: Part, rng: np.random.Generator) -> Array:
    """Add a step of 150 uV to 3 mV that decays within 0.05 to 2 s, as the electrode's charge does."""
    size = np.exp(rng.uniform(np.log(150), np.log(3000))) * rng.choice([-1, 1])
    return part.signal + size * np.exp(-np.arange(len(part.signal)) / part.sfreq / rng.uniform(0.05, 2.0))


def eeg_lost(part: Part, rng: np.random.Generator) -> Array:
    """Return what an open input gives: broad noise of 100 to 500 uV, or a walk of 1 to 5 mV a second."""
    noise = rng.standard_normal(len(part.signal))
    if rng.random() < 0.5:
        noise = np.exp(rng.uniform(np.log(100), np.log(500))) * noise
    else:
        noise = rng.uniform(1000, 5000) / np.sqrt(part.sfreq) * noise.cumsum()
    return noise + rng.uniform(0, 30) * np.sin(2 * np.pi * 50 * np.arange(len(part.signal)) / part.sfreq)


def gsr_railed(part: Part, rng: np.random.Generator) -> Array:
    """Return the end of the range, as electrodes that touch do; or cut off what is above too small a range."""
    if rng.random() < 0.5:
        return np.full(len(part.signal), rng.choice([60.0, 100.0]))
    times = np.arange(len(part.signal)) / part.sfreq
    rising = part.signal + rng.uniform(0.5, 3.0) * np.sin(2 * np.pi * rng.uniform(0.1, 0.2) * times) ** 2
    return np.minimum(rising, np.quantile(rising, rng.uniform(0.3, 0.6)))


def gsr_lost(part: Part, rng: np.random.Generator) -> Array:
    """Return what an open circuit gives: nothing, but for noise."""
    return np.maximum(rng.uniform(0, 0.02) + 0.002 * rng.standard_normal(len(part.signal)), 0)


def gsr_moved(part: Part, rng: np.random.Generator) -> Array:
    """Add a hand that moves: swings of half the level to all of it, once or twice a second."""
    times = np.arange(len(part.signal)) / part.sfreq
    size = rng.uniform(0.5, 1.0) * max(part.signal.mean(), 2.0)
    return part.signal + size * (1 + np.sin(2 * np.pi * rng.uniform(0.7, 1.5) * times)) * np.hanning(len(part.signal))


def gsr_counts(part: Part, rng: np.random.Generator) -> Array:
    """Return what a converter of 12 or 16 bits gives."""
    return np.round(rng.uniform(500, 3000) + rng.uniform(20, 200) * (part.signal - part.signal.mean()))


def ppg_railed(part: Part, rng: np.random.Generator) -> Array:
    """Cut off peaks or troughs, as too much light or gain does."""
    share = rng.uniform(0.2, 0.4)
    if rng.random() < 0.5:
        return np.minimum(part.signal, np.quantile(part.signal, 1 - share))
    return np.maximum(part.signal, np.quantile(part.signal, share))


def held(part: Part, rng: np.random.Generator) -> Array:
    """Return the last value for ever, or nothing."""
    return np.full(len(part.signal), float(rng.choice([0.0, part.signal[0]])))


def stuck(part: Part, _: np.random.Generator) -> Array:
    """Return the last value for ever."""
    return np.full(len(part.signal), part.signal[0])


def ppg_moved(part: Part, rng: np.random.Generator) -> Array:
    """Add a movement of 0.5 to 2 s, 3 to 10 times as large as the pulse."""
    length = round(rng.uniform(0.5, 2.0) * part.sfreq)
    times = np.arange(length) / part.sfreq
    moved = part.signal.copy()
    swing = np.sin(2 * np.pi * rng.uniform(0.7, 3.0) * times + rng.uniform(0, 6)) * np.hanning(length)
    moved[:length] += rng.uniform(3, 10) * np.ptp(part.signal) * swing
    return moved


class Kind(NamedTuple):
    """A kind of fault."""

    spoil: Spoil
    said: tuple[str, ...]
    """What a window may say of it; ``{}`` stands for the channel."""
    at_once: bool = False
    """It happens in a moment: a window is judged if it holds that, not if it lies within the fault."""


KINDS: dict[str, Kind] = {
    "EEG flat": Kind(eeg_flat, ("{} flat",)),
    "EEG railed": Kind(eeg_railed, ("{} railed",)),
    "EEG line noise": Kind(eeg_line, ("50 Hz noise on {}", "60 Hz noise on {}")),
    "EEG popped": Kind(eeg_popped, ("{} popped",), at_once=True),
    "EEG lost contact": Kind(eeg_lost, ("{} lost contact",)),
    "GSR flat": Kind(stuck, ("flat",)),
    "GSR railed": Kind(gsr_railed, ("railed",)),
    "GSR lost contact": Kind(gsr_lost, ("no skin contact (below 0.05 uS)", "lost contact")),
    "GSR movement": Kind(gsr_moved, ("changes faster than skin does: movement",), at_once=True),
    "GSR raw counts": Kind(gsr_counts, ("above 100 uS: looks like raw counts",)),
    "PPG flat": Kind(held, ("flat",)),
    "PPG railed": Kind(ppg_railed, ("railed",)),
    "PPG movement": Kind(ppg_moved, ("movement",), at_once=True),
}
