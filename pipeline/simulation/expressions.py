"""How emotions show on a face: MediaPipe's 52 blendshapes at rest, and what each emotion moves.

The movements follow action units that the literature ties to each emotion (Ekman and Friesen 1978; Cordaro et al.
2018), as far as MediaPipe's blendshapes render them. Cheek squint, nose sneer, cheek puff and forward jaw are nearly
dead in its model (their means on real faces are at most 0.002), so they are here, and disgust would hardly show.
"""

from typing import Final

import numpy as np

from pipeline.modalities import BLENDSHAPES, EMOTIONS
from pipeline.records import Array

#: Values of a resting face, about those of real recordings; the others rest at 0.01.
_RESTING: Final = {
    "browDown": 0.03, "browInnerUp": 0.06, "browOuterUp": 0.10, "eyeBlink": 0.12, "eyeLookDown": 0.25,
    "eyeLookIn": 0.10, "eyeLookOut": 0.10, "eyeLookUp": 0.05, "eyeSquint": 0.30, "eyeWide": 0.015, "jawOpen": 0.03,
    "mouthLowerDown": 0.03, "mouthPress": 0.07, "mouthPucker": 0.03, "mouthRollLower": 0.03, "mouthRollUpper": 0.03,
    "mouthShrugLower": 0.05, "mouthShrugUpper": 0.02, "mouthSmile": 0.04, "mouthUpperUp": 0.03,
}  # fmt: skip
DEAD: Final = ("_neutral", "cheekPuff", "cheekSquint", "jawForward", "noseSneer")

#: What each emotion moves, in units of the log-odds of a blendshape at a full expression.
_MOVED: Final[dict[str, dict[str, float]]] = {
    "Inspired": {"mouthSmile": 1.2, "browInnerUp": 1.0, "eyeWide": 0.6, "jawOpen": 0.4},
    "Alert": {"eyeWide": 1.5, "browOuterUp": 0.9, "eyeSquint": -0.8, "mouthPress": 0.3},
    "Excited": {"mouthSmile": 2.6, "mouthUpperUp": 1.8, "jawOpen": 1.5, "eyeWide": 0.8, "browOuterUp": 0.9},
    "Enthusiastic": {"mouthSmile": 2.8, "mouthUpperUp": 1.5, "eyeSquint": 0.7, "browOuterUp": 0.5},
    "Determined": {"browDown": 1.6, "mouthPress": 1.4, "mouthRollLower": 0.5, "eyeSquint": 0.6},
    "Afraid": {"browInnerUp": 1.8, "eyeWide": 1.4, "mouthStretch": 1.5, "browOuterUp": 0.6},
    "Upset": {"mouthFrown": 1.9, "mouthShrugLower": 1.3, "browDown": 0.8, "browInnerUp": 0.6},
    "Nervous": {"mouthPress": 1.0, "mouthRollLower": 1.4, "mouthRollUpper": 1.3, "mouthStretch": 0.5},
    "Scared": {"eyeWide": 2.0, "jawOpen": 1.6, "mouthStretch": 1.3, "browInnerUp": 1.3, "browOuterUp": 0.9},
    "Distressed": {"browInnerUp": 1.4, "mouthFrown": 1.4, "eyeSquint": 0.9, "browDown": 0.9, "mouthUpperUp": 0.5},
}

#: Smallest value of a resting blendshape.
_FAINT: Final = 0.01
_DEAD_VALUE: Final = 3e-4


def stem(blendshape: str) -> str:
    """Return a blendshape's name without its side."""
    return blendshape.removesuffix("Left").removesuffix("Right")


def resting_log_odds() -> Array:
    """Return the blendshapes of a resting face as log-odds, ``(52,)``."""
    values = np.array([_DEAD_VALUE if stem(name) in DEAD else _RESTING.get(stem(name), _FAINT) for name in BLENDSHAPES])
    return np.asarray(np.log(values / (1 - values)))


def movements() -> Array:
    """Return what each emotion's full expression adds to the log-odds, ``(10, 52)``."""
    return np.array([[_MOVED[emotion].get(stem(name), 0.0) for name in BLENDSHAPES] for emotion in EMOTIONS])


def columns(*stems: str) -> list[int]:
    """Return the blendshapes of these names, both sides."""
    return [index for index, name in enumerate(BLENDSHAPES) if stem(name) in stems]
