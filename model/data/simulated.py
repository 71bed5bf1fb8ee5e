"""Simulated participants as labelled windows. They are no evidence about people."""

from collections.abc import Callable
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.data.dataset import Float, LabelledWindows, join
from model.data.parallel import run_all
from model.data.windows import stack
from pipeline.modalities import EEG_CHANNELS, EMOTIONS, Modality
from pipeline.session.config import Match, StreamSettings
from pipeline.signals.offline import Recorded, extract
from pipeline.simulation.participant import SIMULATOR_VERSION, SimulatedBlock, SimulatedParticipant, stream_infos

SIMULATED: Final[tuple[Modality, ...]] = ("EEG", "GSR", "PPG", "Face")
#: A window's label is the mean of the simulated state over this long before the window's end: GSR's window (s).
LABEL_S: Final = 5.0


class Task(NamedTuple):
    """One participant to simulate."""

    subject: str
    seed: int
    minutes: float
    hop_s: float


def simulated_windows(
    n_subjects: int, minutes: float, *, hop_s: float, seed: int, on_done: Callable[[], None] = lambda: None
) -> LabelledWindows:
    """Simulate participants and extract their features, as the live pipeline does.

    A trial is a film clip and the pause after it; what is before the first clip is left out.

    Parameters
    ----------
    n_subjects : int
        Number of participants.
    minutes : float
        Length of each one's session.
    hop_s : float
        Seconds between windows.
    seed : int
        The same seed gives the same participants. Theirs are large numbers drawn from it: nobody whom
        ``helo simulate --seed N`` or the demo shows is among them.
    on_done : callable
        Called after each participant.
    """
    drawn = np.random.SeedSequence(seed).generate_state(n_subjects, np.uint64)
    tasks = [Task(f"sim{i:03}", int(value), minutes, hop_s) for i, value in enumerate(drawn)]
    return join(run_all(participant_windows, tasks, on_done))


def participant_windows(task: Task) -> LabelledWindows:
    """Simulate one participant, and return the labelled windows.

    Parameters
    ----------
    task : Task
        Who, and how long.
    """
    participant = SimulatedParticipant(task.seed)
    seconds = [participant.next_second() for _ in range(round(task.minutes * 60))]
    infos = stream_infos(task.seed)
    recorded: dict[str, Recorded] = {}
    for name in SIMULATED:
        settings = StreamSettings(match=Match(name=infos[name].name), use=name, unit=_unit(name), stamps=_stamps(name))
        times, data = _joined([second[name] for second in seconds])
        recorded[name] = Recorded(infos[name], settings, times, data)
    ends, features, present = stack(extract(recorded, hop_s=task.hop_s), SIMULATED)
    times, state = _joined([second["State"] for second in seconds])
    starts, clips = _clips([second["Markers"] for second in seconds])
    kept = (ends >= starts[0]) & (ends <= times[-1]) & present.any(1)
    return LabelledWindows(
        emotions=EMOTIONS,
        features={name: array[kept] for name, array in features.items()},
        present=present[kept],
        labels=_labels(ends[kept], times, state),
        subject=np.full(int(kept.sum()), task.subject),
        trial=clips[np.searchsorted(starts, ends[kept], side="right") - 1],
        ends=ends[kept],
        hop_s=task.hop_s,
        description=f"simulated participants (simulator {SIMULATOR_VERSION}), not people",
        eeg_channels=EEG_CHANNELS,
        simulator_version=SIMULATOR_VERSION,
    )


def _unit(name: Modality) -> str | None:
    """Return a stream's unit; the face has several, which its stream names."""
    return {"EEG": "uV", "GSR": "uS", "PPG": "a.u."}.get(name)


def _stamps(name: Modality) -> Literal["as-is", "regular"]:
    """Return how a stream's stamps are read: a camera's frames come when they come."""
    return "as-is" if name == "Face" else "regular"


def _joined(blocks: list[SimulatedBlock]) -> tuple[NDArray[np.float64], Float]:
    return np.concatenate([block.times for block in blocks]), np.concatenate([block.data for block in blocks])


def _labels(ends: NDArray[np.float64], times: NDArray[np.float64], state: Float) -> Float:
    """Return the mean state over the `LABEL_S` before each end ``(n_windows, n_emotions)``."""
    sums = np.concatenate([np.zeros((1, state.shape[1])), np.cumsum(state.astype(np.float64), 0)])
    last = np.searchsorted(times, ends, side="right")
    first = np.searchsorted(times, ends - LABEL_S, side="right")
    means = (sums[last] - sums[first]) / (last - first)[:, None]
    return np.asarray(means / means.sum(1, keepdims=True), np.float32)


def _clips(markers: list[SimulatedBlock]) -> tuple[NDArray[np.float64], NDArray[np.str_]]:
    """Return when each clip began (s), and its name; the first begins after 10 s."""
    starts = [
        (float(time), text.removeprefix("start "))
        for block in markers
        for time, (text,) in zip(block.times, block.strings, strict=True)
        if text.startswith("start ")
    ]
    return np.array([time for time, _ in starts]), np.array([name for _, name in starts])
