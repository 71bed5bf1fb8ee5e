"""DMER's public features: their shapes and windows.

Definitions: Yang et al., A Multimodal Dataset for Mixed Emotion Recognition, Scientific Data 11:847 (2024). A model of
these features cannot serve a session, which computes the family ``live``.
"""

from typing import Final

from pipeline.modalities import EEG_CHANNELS, Modality
from pipeline.signals.family import FeatureSpec, feature_spec

FAMILY: Final = "dmer"
#: Standard deviations below this are not taken as a person's own variation.
_FLOOR: Final = 1e-3


def _spec(shape: tuple[int, ...], size: int, window_s: float) -> FeatureSpec:
    return FeatureSpec(shape, tuple(str(number) for number in range(size)), window_s, (_FLOOR,) * size)


#: In the order of the columns of ``feas``: EEG (index = band + 5 x channel), GSR, PPG, and LBP-TOP of the face.
DMER: Final[dict[Modality, FeatureSpec]] = {
    "EEG": _spec((18, 5), 90, 1.0),
    "GSR": _spec((28,), 28, 5.0),
    "PPG": _spec((27,), 27, 5.0),
    "Face": _spec((768,), 768, 1.0),
}
#: Columns of ``feas``.
COLUMNS: Final = sum(len(spec.names) for spec in DMER.values())


def family_spec(family: str, modality: Modality, eeg_channels: tuple[str, ...] = EEG_CHANNELS) -> FeatureSpec | None:
    """Return a modality's features in a family, ``live`` or ``dmer``; None where the family has no such modality."""
    return DMER.get(modality) if family == FAMILY else feature_spec(modality, eeg_channels)
