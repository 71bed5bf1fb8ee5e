"""Colours that mean the same everywhere: one an emotion, told apart by colour-blind eyes, on light and on dark."""

from collections.abc import Sequence
from typing import Final

#: Positive affect runs from indigo to green, negative from yellow to purple; within each the lightness differs step by
#: step, which every kind of colour vision sees.
EMOTION_COLOURS: Final[dict[str, str]] = {
    "Inspired": "#3F4FA8",
    "Alert": "#4A86C6",
    "Excited": "#38A7B5",
    "Enthusiastic": "#7CC6C0",
    "Determined": "#B9DDB2",
    "Afraid": "#F5CF62",
    "Upset": "#F0A04B",
    "Nervous": "#E4703F",
    "Scared": "#C43C4E",
    "Distressed": "#8C2A5B",
}

#: Okabe and Ito's colours, which every kind of colour vision tells apart.
MODALITY_COLOURS: Final[dict[str, str]] = {
    "EEG": "#0072B2",
    "GSR": "#E69F00",
    "PPG": "#CC79A7",
    "Face": "#009E73",
    "Temperature": "#D55E00",
    "Motion": "#56B4E9",
}

#: For emotions that other models estimate; taken in the order of their names.
OTHER_COLOURS: Final = (
    "#8E6FB8", "#7A8794", "#C59BD6", "#5E8C61", "#A68A64", "#D98AA6", "#3D7A78", "#B8B04A",
)  # fmt: skip


def emotion_colours(emotions: Sequence[str]) -> list[str]:
    """Return a colour for each emotion.

    Parameters
    ----------
    emotions : sequence of str
        What the model estimates.

    Returns
    -------
    list of str
        ``#rrggbb``, all different while there are no more emotions than colours.
    """
    taken = {EMOTION_COLOURS[emotion] for emotion in emotions if emotion in EMOTION_COLOURS}
    free = [*OTHER_COLOURS, *(colour for colour in EMOTION_COLOURS.values() if colour not in taken)]
    others = sorted(emotion for emotion in emotions if emotion not in EMOTION_COLOURS)
    given = {emotion: free[place % len(free)] for place, emotion in enumerate(others)}
    return [EMOTION_COLOURS.get(emotion) or given[emotion] for emotion in emotions]
