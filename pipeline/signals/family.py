"""The feature family ``live``: which features each modality gives, on which window."""

from dataclasses import dataclass
from typing import Final

from pipeline.modalities import EEG_CHANNELS, Modality

#: EEG bands (Hz): lower edge included, upper edge not.
BANDS: Final[tuple[tuple[float, float], ...]] = ((1, 4), (4, 8), (8, 14), (14, 31), (31, 45))

#: Facial actions and the blendshapes whose mean each is. Left out: `_neutral`, cheekPuff, cheekSquint, jawForward,
#: jawLeft, jawRight, mouthClose and noseSneer, which MediaPipe's model leaves near zero whatever the face does.
FACE_ACTIONS: Final[dict[str, tuple[str, ...]]] = {
    "browDown": ("browDownLeft", "browDownRight"),
    "browInnerUp": ("browInnerUp",),
    "browOuterUp": ("browOuterUpLeft", "browOuterUpRight"),
    "eyeBlink": ("eyeBlinkLeft", "eyeBlinkRight"),
    "eyeLookDown": ("eyeLookDownLeft", "eyeLookDownRight"),
    "eyeLookUp": ("eyeLookUpLeft", "eyeLookUpRight"),
    "eyeLookSide": ("eyeLookInLeft", "eyeLookInRight", "eyeLookOutLeft", "eyeLookOutRight"),
    "eyeSquint": ("eyeSquintLeft", "eyeSquintRight"),
    "eyeWide": ("eyeWideLeft", "eyeWideRight"),
    "jawOpen": ("jawOpen",),
    "mouthDimple": ("mouthDimpleLeft", "mouthDimpleRight"),
    "mouthFrown": ("mouthFrownLeft", "mouthFrownRight"),
    "mouthFunnel": ("mouthFunnel",),
    "mouthLowerDown": ("mouthLowerDownLeft", "mouthLowerDownRight"),
    "mouthPress": ("mouthPressLeft", "mouthPressRight"),
    "mouthPucker": ("mouthPucker",),
    "mouthRollLower": ("mouthRollLower",),
    "mouthRollUpper": ("mouthRollUpper",),
    "mouthShrugLower": ("mouthShrugLower",),
    "mouthShrugUpper": ("mouthShrugUpper",),
    "mouthSide": ("mouthLeft", "mouthRight"),
    "mouthSmile": ("mouthSmileLeft", "mouthSmileRight"),
    "mouthStretch": ("mouthStretchLeft", "mouthStretchRight"),
    "mouthUpperUp": ("mouthUpperUpLeft", "mouthUpperUpRight"),
}


@dataclass(frozen=True)
class FeatureSpec:
    """The features of one modality."""

    shape: tuple[int, ...]
    """Shape of one feature vector; a window's `features` have shape ``(2, *shape)``."""
    names: tuple[str, ...]
    """One name a feature, in C order of `shape`; ``_ln`` ends the name of a natural logarithm."""
    window_s: float
    floors: tuple[float, ...]
    """Smallest standard deviation taken as a person's own variation, one a feature: keeps a feature that hardly moves
    from turning its noise into large relative values."""


def _spec(window_s: float, floors: dict[str, float]) -> FeatureSpec:
    return FeatureSpec((len(floors),), tuple(floors), window_s, tuple(floors.values()))


def eeg_spec(channels: tuple[str, ...]) -> FeatureSpec:
    """Return the EEG features for a model's channels: differential entropy (nats), channel by band.

    Parameters
    ----------
    channels : tuple of str
        The model's channels, in its order.
    """
    names = tuple(f"{channel} {low:g}-{high:g} Hz" for channel in channels for low, high in BANDS)
    return FeatureSpec((len(channels), len(BANDS)), names, window_s=1.0, floors=(0.1,) * len(names))


GSR: Final = _spec(
    5.0,
    {
        "level_ln": 0.02,
        "slope": 0.002,
        "phasic_mean": 0.1,
        "phasic_sd_ln": 0.2,
        "range_ln": 0.2,
        "rise_ln": 0.2,
        "fall_ln": 0.2,
        "rising_share": 0.1,
        "scr_rate": 0.05,
        "scr_amplitude_ln": 0.2,
        "scr_rise_s": 0.1,
        "curvature_ln": 0.2,
    },
)

PPG: Final = _spec(
    5.0,
    {
        "heart_rate_ln": 0.03,
        "periodicity": 0.05,
        "spectral_rate_ln": 0.03,
        "beat_rate": 0.1,
        "ibi_sd_ln": 0.2,
        "rmssd_ln": 0.2,
        "amplitude_ln": 0.1,
        "amplitude_variation_ln": 0.2,
        "skewness": 0.1,
        "sharpness_ln": 0.1,
    },
)

TEMPERATURE: Final = _spec(10.0, {"level": 0.05, "slope": 0.002, "sd_ln": 0.2, "departure": 0.02})

MOTION: Final = _spec(
    5.0,
    {
        "x_mean": 0.02,
        "y_mean": 0.02,
        "z_mean": 0.02,
        "x_sd_ln": 0.2,
        "y_sd_ln": 0.2,
        "z_sd_ln": 0.2,
        "magnitude_mean": 0.01,
        "magnitude_sd_ln": 0.2,
        "jerk_ln": 0.2,
        "peak_ln": 0.2,
    },
)

FACE: Final = _spec(
    1.0,
    {f"{action}_mean_ln": 0.1 for action in FACE_ACTIONS}
    | {f"{action}_sd_ln": 0.2 for action in FACE_ACTIONS}
    | {
        "smile_asymmetry": 0.01,
        "brow_asymmetry": 0.01,
        "blink_share": 0.05,
        "yaw_mean": 0.5,
        "pitch_mean": 0.5,
        "roll_mean": 0.5,
        "yaw_sd_ln": 0.2,
        "pitch_sd_ln": 0.2,
        "roll_sd_ln": 0.2,
        "distance_ln": 0.02,
        "head_speed_ln": 0.2,
        "presence": 0.05,
    },
)

#: The features of each modality; EEG's for the demo's channels.
FEATURES: Final[dict[Modality, FeatureSpec]] = {
    "EEG": eeg_spec(EEG_CHANNELS),
    "GSR": GSR,
    "PPG": PPG,
    "Temperature": TEMPERATURE,
    "Motion": MOTION,
    "Face": FACE,
}
