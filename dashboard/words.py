"""The sentences that stand on the page whatever is measured."""

import re
from typing import Final

DEMONSTRATION: Final = (
    "Demonstration model, trained on simulated participants: these numbers say nothing about this person."
)
SHARES: Final = "Shares are relative; intensity is not estimated."
MOVEMENT: Final = "Movement within a trial has not been validated."
MEAN_LABEL: Final = (
    "⊢⊣ is the 90 % interval, ¦ the mean label of the training data. Only the departure from the average carries "
    "information about this moment; a shrunk estimate is ignorance, not mixed emotion."
)
GREEN: Final = "Green means that the sensors work, not that the estimate is true."
NO_DECISION: Final = "No decision about a person may rest on an estimate; not for workplaces or classrooms."
BLIND: Final = "This session is blind: estimates are recorded, not shown."
SIMULATED: Final = (
    "◇ is the simulated state of the moment, from which the signals were drawn; the estimate is of the mean of the "
    "last 5 s."
)

#: Sent with every picture; the page shows each in its place.
ALWAYS: Final = {
    "shares": SHARES,
    "movement": MOVEMENT,
    "mean_label": MEAN_LABEL,
    "green": GREEN,
    "no_decision": NO_DECISION,
    "blind": BLIND,
    "simulated": SIMULATED,
}

#: How to read each panel of the page that shows what the model used.
USED: Final = {
    "weights": (
        "How far the estimate moves when a modality is left out, as a share of all: what the estimate leans on, not "
        "what is true."
    ),
    "distances": (
        "How unlike the training data each modality is: 99 % of validation windows stay below the limit, and above it "
        "the model abstains."
    ),
    "plan": (
        "Which token of body signals (EEG, EDA, PPG) is paired with which of the face, in the newest estimate: the "
        "stronger the more. Tokens are learned; a number means nothing by itself."
    ),
    "correlation": (
        "Which emotions the model has learned to move together (blue) or apart (orange). It belongs to the model and "
        "is the same for everybody; the diagonal is left out."
    ),
}

#: What stands in the place of a plan or a correlation that is not known yet, and of a plan that there cannot be.
ASKED: Final = "Asked; the next estimate that is made answers."
WITHOUT_PLAN: Final = "This model has no transport between two sides."

#: What the screen calls a modality.
MODALITY_NAMES: Final = {"GSR": "EDA"}


def in_sentence(modality: str) -> str:
    """Return what the screen calls a modality within a sentence: words small, abbreviations as they are."""
    name = MODALITY_NAMES.get(modality, modality)
    return name if name.isupper() else name.lower()


#: What sentences count or measure. Names hold digits, too (F3, EEG 001), and 50 Hz and 60 Hz are two things.
FIGURE: Final = re.compile(r"(?<![\w.-])(-?\d+(?:\.\d+)?)(?=\s?%|\s?s\b|\s(?:of|channels|frames)\b)")


def why(reason: str) -> str:
    """Return why there is no estimate, as recorded (``GSR: flat; PPG: ...``), with what the screen calls a modality."""
    return re.sub(r"\b(\w+):", lambda found: f"{MODALITY_NAMES.get(found[1], found[1])}:", reason)


def abstains(reason: str) -> str:
    """Return the sentence that there is no estimate, and why."""
    return f"The model abstains: {why(reason) or 'no reason given'}."


def listing(names: list[str]) -> str:
    """Return names as a sentence lists them: ``a, b and c``."""
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)


def seconds(value: float) -> str:
    """Return a duration as the page says it: tenths below ten seconds, minutes from two on."""
    if value < 10:
        return f"{value:.1f} s"
    if value < 120:
        return f"{value:.0f} s"
    return f"{value / 60:.0f} min"
