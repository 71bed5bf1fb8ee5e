"""Mains noise in EEG before the filter that takes it out: it tells of an electrode that hardly touches the skin."""

import math
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np

from pipeline.records import Array
from pipeline.signals.filters import MAINS

#: A line with a smaller amplitude (uV) is nothing to speak of: it is no larger than EEG itself, and is filtered out.
LEAST_UV: Final = 20.0

#: A line is that many times the amplitude at the frequencies beside it; broad noise and steps are not.
PURE: Final = 5.0

#: How far beside it (Hz): under a Hann window of 1 s nothing of the line itself is left there.
BESIDE_HZ: Final = 3.0


class LineNoise(NamedTuple):
    """One mains frequency in one window."""

    hz: float
    amplitude: Array
    """``(n_sources,)`` (uV)."""
    is_line: Array
    """bool ``(n_sources,)``: it is large enough to speak of, and a line."""


def line_noise(raw: Array, sfreq: float) -> list[list[LineNoise]]:
    """Return the line noise of windows; nothing for most.

    Parameters
    ----------
    raw : Array
        float32 ``(n_windows, n_sources, n_times)`` (uV), unfiltered.
    sfreq : float
        Sampling rate (Hz).
    """
    lines = tuple(line for line in MAINS if line < sfreq / 2)
    if not lines:
        return [[] for _ in raw]
    power = _power(raw, sfreq, lines)
    loud = np.asarray(power > LEAST_UV**2)
    if not loud.any():
        return [[] for _ in raw]
    return [_of_window(raw[i], power[i], sfreq, lines) if loud[i].any() else [] for i in range(len(raw))]


def _of_window(raw: Array, power: Array, sfreq: float, lines: tuple[float, ...]) -> list[LineNoise]:
    """Return the line noise of one window ``(n_sources, n_times)``, `power` ``(n_sources, n_lines)`` at the lines."""
    beside = [tuple(line + shift for line in lines) for shift in (-BESIDE_HZ, BESIDE_HZ)]
    below, above = (_power(raw, sfreq, frequencies) for frequencies in beside)
    seen = np.array(beside[1]) < sfreq / 2
    around = np.where(seen, (below + above) / 2, below)
    is_line = (power > LEAST_UV**2) & (power > PURE**2 * around)
    return [LineNoise(hz, np.sqrt(power[:, i]), is_line[:, i]) for i, hz in enumerate(lines) if is_line[:, i].any()]


def _power(raw: Array, sfreq: float, frequencies: tuple[float, ...]) -> Array:
    """Return the squared amplitude of signals ``(..., n_times)`` at some frequencies, ``(..., n_frequencies)``."""
    parts = raw @ _waves(raw.shape[-1], sfreq, frequencies)
    parts *= parts
    return np.asarray(parts[..., ::2] + parts[..., 1::2])


@lru_cache(maxsize=64)
def _waves(n_times: int, sfreq: float, frequencies: tuple[float, ...]) -> Array:
    """Return cosine and sine of each frequency under a Hann window, float32 ``(n_times, 2 n_frequencies)``.

    They are scaled so that the product with a wave of this frequency is its amplitude.
    """
    taper = np.hanning(n_times + 1)[:-1]
    taper *= 2 / float(taper.sum())
    phases = [2 * math.pi * frequency / sfreq * np.arange(n_times) for frequency in frequencies]
    return np.stack([taper * wave(phase) for phase in phases for wave in (np.cos, np.sin)], axis=1).astype(np.float32)
