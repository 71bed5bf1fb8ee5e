"""How to read each panel of the page of signals."""

from typing import Final

from dashboard.signals.choice import PASS_HZ
from dashboard.signals.says import MAP_S

AS_IT_CAME: Final = "As it came."

#: Each panel's sentence; EEG has one for each way in which it is drawn.
_ENVELOPE: Final = "Each pixel holds the least and the most of its time; a hole is missing time."
SIGNALS: Final = {
    "filtered": f"Filtered for display, {PASS_HZ[0]:g}–{PASS_HZ[1]:g} Hz: not the model's filter. {_ENVELOPE}",
    "raw": f"{AS_IT_CAME} Each trace is about its own middle. {_ENVELOPE}",
    "heads": (
        f"Power per band, from above, nose up: differential entropy (nats), mean of {MAP_S:g} s, bad channels "
        "interpolated. Each head has its own scale."
    ),
    "GSR": (
        f"{AS_IT_CAME} Dashed: tonic level; below: phasic part, ▲ where a further response was first seen (features)."
    ),
    "PPG": f"{AS_IT_CAME} The heart rate is that of the newest 5 s.",
    "Temperature": AS_IT_CAME,
    "Motion": f"{AS_IT_CAME} Three axes; at rest they tell how the sensor lies.",
    "Face": "Drawn from numbers, mirrored like a looking glass; no picture ever leaves the camera's process.",
}
NO_FACE: Final = "no face"
