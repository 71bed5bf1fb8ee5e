"""When a model does not say anything: what is missing, what is strange, and what tells nothing."""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.header import MEAN_LABEL, Header, pattern

NOTHING_PRESENT: Final = "no modality has valid data"
UNLIKE: Final = "unlike anything in the training data"
NO_BETTER: Final = "no better here than the mean label"
#: An estimate abstains whose intervals are wider than the mean label's own, by more than chance may make them.
_WIDER = 1.1


def abstentions(header: Header, present: NDArray[np.bool_], distance: NDArray[np.float32]) -> list[str]:
    """Return why each row's estimate abstains, in words; empty where it does not.

    An estimate needs a modality with valid data, of which none lies further from the training data than the limit, and
    that together have told the validation participants' labels at least as well as the mean label does.

    Parameters
    ----------
    header : Header
        The model's.
    present : ndarray
        ``(n, n_modalities)``, bool.
    distance : ndarray
        From the training data, ``(n, n_modalities)``; above 1 is beyond the limit, NaN where a modality is missing.
    """
    return ["; ".join(_reasons(header, *row)) for row in zip(present, distance, strict=True)]


def _reasons(header: Header, present: NDArray[np.bool_], distance: NDArray[np.float32]) -> Iterator[str]:
    names = np.array(list(header.modalities))
    used = names[present].tolist()
    if not used:
        yield NOTHING_PRESENT
        return
    strange = names[present & (distance > 1)].tolist()
    if strange:
        yield f"{', '.join(strange)}: {UNLIKE}"
    if sum(header.intervals[pattern(used)]) > _WIDER * sum(header.intervals[MEAN_LABEL]):
        yield f"{', '.join(used)}: {NO_BETTER}"
