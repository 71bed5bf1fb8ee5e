"""90 % intervals by split conformal prediction, for each set of present modalities."""

import numpy as np
from numpy.typing import NDArray

from model.data.dataset import Float, LabelledWindows
from model.header import MEAN_LABEL, patterns
from model.learning.train import estimate
from model.network.helo import HeLo
from model.network.released import ReleasedHeLo

COVERAGE = 0.9
#: Windows of the validation participants that are looked at for each set of modalities.
_WINDOWS = 1500


def conformal_widths(
    network: HeLo | ReleasedHeLo, validation: LabelledWindows, prior: Float
) -> dict[str, tuple[float, ...]]:
    """Return half-widths of the shares' intervals, and of the prior's ``(n_emotions,)``.

    For each set of modalities, the other ones are hidden from the validation participants' windows; the half-width of
    an emotion is the ``ceil(0.9 (n + 1)) / n`` quantile of ``|label - estimate|`` (Lei et al., JASA 2018, split
    conformal). Exchangeable are the participants at best, not a participant's windows: the coverage holds on average
    over new participants of the same kind, in the limit of many.

    Returns
    -------
    dict of str to tuple of float
        Names of the set's modalities joined by ``+`` -> ``(n_emotions,)``; for no modality those of the prior.
    """
    step = max(1, len(validation) // _WINDOWS)
    windows = validation.take(np.arange(0, len(validation), step))
    names = tuple(windows.features)
    residuals = {MEAN_LABEL: np.abs(windows.labels - prior)}
    for name in patterns(names):
        shown = windows.present & np.isin(names, name.split("+"))
        residuals[name] = np.abs(windows.labels - estimate(network, windows, shown))[shown.any(1)]
    return {name: tuple(quantile(found).tolist()) for name, found in residuals.items()}


def quantile(residuals: Float) -> NDArray[np.float64]:
    """Return the conformal quantile of each column of residuals ``(n, n_emotions)``; 1 where n is too small."""
    n_rows, n_emotions = residuals.shape
    rank = int(np.ceil(COVERAGE * (n_rows + 1)))
    if rank > n_rows:
        return np.ones(n_emotions)
    return np.asarray(np.sort(residuals, axis=0)[rank - 1].clip(0, 1), np.float64)
