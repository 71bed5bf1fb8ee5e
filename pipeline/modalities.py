"""Modalities, their units and the channels of the demo's streams."""

from typing import Final, Literal, get_args

Modality = Literal["EEG", "GSR", "PPG", "Temperature", "Motion", "Face"]
Use = Literal["EEG", "GSR", "PPG", "Temperature", "Motion", "Face", "Markers", "record"]

MODALITIES: Final[tuple[Modality, ...]] = get_args(Modality)

#: The unit in which each modality is processed.
UNITS: Final[dict[Modality, str]] = {
    "EEG": "uV", "GSR": "uS", "PPG": "a.u.", "Temperature": "degC", "Motion": "g", "Face": "a.u.",
}  # fmt: skip

#: For each modality, the units that are understood and the factor to the unit in which it is processed.
UNIT_FACTORS: Final[dict[Modality, dict[str, float]]] = {
    "EEG": {
        "uV": 1.0,
        "µV": 1.0,
        "μV": 1.0,
        "microvolts": 1.0,
        "mV": 1e3,
        "V": 1e6,
        "volts": 1e6,
        "nV": 1e-3,
    },
    "GSR": {"uS": 1.0, "µS": 1.0, "μS": 1.0, "microsiemens": 1.0, "nS": 1e-3, "S": 1e6},
    "PPG": {"a.u.": 1.0, "au": 1.0, "nW": 1.0},
    "Temperature": {"degC": 1.0, "°C": 1.0, "C": 1.0, "celsius": 1.0},
    "Motion": {"g": 1.0, "mg": 1e-3, "m/s2": 1 / 9.80665, "m/s^2": 1 / 9.80665},
    "Face": {"a.u.": 1.0, "deg": 1.0, "cm": 1.0, "share": 1.0},
}

#: What a channel is called that counts samples, in small letters and without spaces, dashes and the like.
COUNTER_LABELS: Final = frozenset(
    {"counter", "samplecounter", "samplecount", "samplenumber", "sampleindex", "packetcounter"}
)

#: The 18 channels of the demo's cap, in order.
EEG_CHANNELS: Final = (
    "Fp1", "Fp2", "F7", "F3", "Fz", "F4", "F8", "T7", "C3", "Cz", "C4", "T8", "P7", "P3", "P4", "P8", "O1", "O2",
)  # fmt: skip

#: MediaPipe's 52 face blendshapes, in its order.
BLENDSHAPES: Final = (
    "_neutral", "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight", "cheekPuff",
    "cheekSquintLeft", "cheekSquintRight", "eyeBlinkLeft", "eyeBlinkRight", "eyeLookDownLeft", "eyeLookDownRight",
    "eyeLookInLeft", "eyeLookInRight", "eyeLookOutLeft", "eyeLookOutRight", "eyeLookUpLeft", "eyeLookUpRight",
    "eyeSquintLeft", "eyeSquintRight", "eyeWideLeft", "eyeWideRight", "jawForward", "jawLeft", "jawOpen", "jawRight",
    "mouthClose", "mouthDimpleLeft", "mouthDimpleRight", "mouthFrownLeft", "mouthFrownRight", "mouthFunnel",
    "mouthLeft", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthPressLeft", "mouthPressRight", "mouthPucker",
    "mouthRight", "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper", "mouthSmileLeft",
    "mouthSmileRight", "mouthStretchLeft", "mouthStretchRight", "mouthUpperUpLeft", "mouthUpperUpRight",
    "noseSneerLeft", "noseSneerRight",
)  # fmt: skip

HEAD_POSE: Final = ("yaw_deg", "pitch_deg", "roll_deg", "tx_cm", "ty_cm", "tz_cm")

#: The 59 channels of a Face stream.
FACE_CHANNELS: Final = ("face_found", *BLENDSHAPES, *HEAD_POSE)

#: What a Face stream may say further: how well the picture shows the face. `helo webcam` does.
FACE_SIGHT: Final = ("brightness", "left_eye_contrast", "right_eye_contrast", "mouth_contrast", "inside_picture")

#: DMER's ten emotions, which the shipped model estimates.
EMOTIONS: Final = (
    "Inspired", "Alert", "Excited", "Enthusiastic", "Determined",
    "Afraid", "Upset", "Nervous", "Scared", "Distressed",
)  # fmt: skip
