"""The emotions' colours are told apart by every kind of colour vision, on light and on dark."""

import itertools

import numpy as np
import pytest

from dashboard.theme import EMOTION_COLOURS, OTHER_COLOURS, emotion_colours
from pipeline.modalities import EMOTIONS

# Machado, Oliveira & Fernandes (2009), severity 1, on linear RGB.
VISION = {
    "normal": np.eye(3),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
# OKLab (Ottosson 2020).
TO_CONES = np.array(
    [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
     [0.0883024619, 0.2817188376, 0.6299787005]]
)  # fmt: skip
TO_LAB = np.array(
    [[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099],
     [0.0259040371, 0.7827717662, -0.8086757660]]
)  # fmt: skip


def linear(colour: str) -> np.ndarray:
    rgb = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def seen(colour: str, vision: str) -> np.ndarray:
    return TO_LAB @ np.cbrt(TO_CONES @ np.clip(VISION[vision] @ linear(colour), 0, 1))


def contrast(one: str, other: str) -> float:
    low, high = sorted(float(np.dot([0.2126, 0.7152, 0.0722], linear(colour))) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("vision", VISION)
def test_no_two_emotions_look_alike(vision):
    pairs = itertools.combinations(emotion_colours(EMOTIONS), 2)
    assert min(np.linalg.norm(seen(one, vision) - seen(other, vision)) for one, other in pairs) > 0.07


@pytest.mark.parametrize("background", ["#FFFFFF", "#151D2D"])
def test_every_emotion_stands_out_from_the_background(background):
    assert min(contrast(colour, background) for colour in EMOTION_COLOURS.values()) > 1.45


def test_a_colour_does_not_depend_on_the_company():
    assert emotion_colours(["Nervous", "Joy"])[0] == emotion_colours(EMOTIONS)[EMOTIONS.index("Nervous")]


def test_emotions_of_other_models_get_colours_of_their_own():
    emotions = [*EMOTIONS, "Annoyed", "Joy", "Calm"]
    assert len(set(emotion_colours(emotions))) == len(emotions)
    assert emotion_colours(["Joy", "Calm"]) == emotion_colours(["Calm", "Joy"])[::-1]
    assert set(OTHER_COLOURS).isdisjoint(EMOTION_COLOURS.values())
