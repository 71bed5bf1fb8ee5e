"""The feature family ``dmer``: DMER's public features, their order and their windows.

Definitions: Yang et al., A Multimodal Dataset for Mixed Emotion Recognition, Scientific Data 11:847 (2024), and the
data set's public programs.
"""

from typing import Final

from pipeline.modalities import Modality
from pipeline.signals.family import FeatureSpec

#: Rates at which the features are defined (Hz).
EEG_HZ: Final = 300.0
GSR_HZ: Final = 4.0
PPG_HZ: Final = 100.0
FRAMES_HZ: Final = 30.0

#: EEG bands (Hz).
BANDS: Final = ((1, 4), (4, 8), (8, 14), (14, 31), (31, 49))

#: The 18 channels, in the order of the cap that recorded them (DSI-24) without reference and earlobes.
CHANNELS: Final = (
    "P3", "C3", "F3", "Fz", "F4", "C4", "P4", "Cz", "Fp1", "Fp2", "T7", "P7", "O1", "O2", "F7", "F8", "P8", "T8",
)  # fmt: skip

_STATISTICS: Final = ("median", "mean", "sd", "minimum", "maximum", "share_minimum", "share_maximum")
_SPECTRUM: Final = ("median", "mean", "sd", "minimum", "maximum", "range")

#: Names of the 21 statistics and the 6 of the spectrum.
WAVE: Final = (
    *(f"{of}{name}" for of in ("", "step_", "second_step_") for name in _STATISTICS),
    *(f"spectrum_{name}" for name in _SPECTRUM),
)

PLANES: Final = ("xy", "xt", "yt")
#: Names of the three histograms of 256 local binary patterns; also the channels of the stream that brings them.
PATTERNS: Final = tuple(f"{plane}_{code}" for plane in PLANES for code in range(256))

#: Standard deviations below this are not taken as a person's own variation.
_FLOOR: Final = 1e-3


def _spec(shape: tuple[int, ...], names: tuple[str, ...], window_s: float) -> FeatureSpec:
    return FeatureSpec(shape, names, window_s, (_FLOOR,) * len(names))


#: In the order of the columns of ``feas``; EEG's is band + 5 x channel.
FEATURES: Final[dict[Modality, FeatureSpec]] = {
    "EEG": _spec((18, 5), tuple(f"{name} {low}-{high} Hz" for name in CHANNELS for low, high in BANDS), 1.0),
    "GSR": _spec((28,), (*WAVE, "welch_mean"), 5.0),
    "PPG": _spec((27,), WAVE, 5.0),
    "Face": _spec((768,), PATTERNS, 1.0),
}

#: Columns of ``feas``.
COLUMNS: Final = sum(len(spec.names) for spec in FEATURES.values())
