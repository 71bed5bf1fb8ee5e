"""The feature families that a model may ask for."""

from collections.abc import Mapping
from typing import Final, Literal

from pipeline.modalities import EEG_CHANNELS, Modality
from pipeline.signals.dmer.features import FEATURES as DMER_FEATURES
from pipeline.signals.family import FEATURES, FeatureSpec, eeg_spec

Family = Literal["live", "dmer"]
LIVE: Final = "live"
DMER: Final = "dmer"


def family_specs(family: str, eeg_channels: tuple[str, ...] = EEG_CHANNELS) -> Mapping[Modality, FeatureSpec]:
    """Return the features of each modality that a family has.

    Parameters
    ----------
    family : str
        ``live`` or ``dmer``.
    eeg_channels : tuple of str
        The model's EEG channels, of the family ``live``; DMER's are always 18.
    """
    return DMER_FEATURES if family == DMER else {**FEATURES, "EEG": eeg_spec(eeg_channels)}
