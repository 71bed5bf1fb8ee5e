"""The 27 numbers that GSR and PPG have in common."""

import numpy as np

from pipeline.records import Array


def wave_features(wave: Array) -> Array:
    """Return statistics of a window, its steps, their steps, and its spectrum, in the order of `features.WAVE`.

    Parameters
    ----------
    wave : Array
        float64 ``(n_times,)``.

    Returns
    -------
    features : Array
        float64 ``(27,)``.
    """
    steps = np.diff(wave)
    return np.array([*_statistics(wave), *_statistics(steps), *_statistics(np.diff(steps)), *_spectrum(wave)])


def _statistics(values: Array) -> tuple[float, ...]:
    """Return median, mean, standard deviation, minimum, maximum, and the shares of samples equal to these two."""
    low, high = values.min(), values.max()
    return (
        float(np.median(values)),
        float(values.mean()),
        float(values.std()),
        float(low),
        float(high),
        float((values == low).mean()),
        float((values == high).mean()),
    )


def _spectrum(wave: Array) -> tuple[float, ...]:
    """Return real parts of median, mean, standard deviation, minimum, maximum and range of the complex spectrum.

    Complex numbers are ordered by their real part first, so that only ties ask for the imaginary one, and these have
    the same real part.
    """
    spectrum = np.fft.fft(wave)
    real = spectrum.real
    low, high = real.min(), real.max()
    return float(np.median(real)), float(real.mean()), float(spectrum.std()), float(low), float(high), float(high - low)
