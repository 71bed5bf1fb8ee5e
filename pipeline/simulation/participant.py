"""A simulated participant: every signal of one person, a second at a time."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pipeline.modalities import EEG_CHANNELS, EMOTIONS, FACE_CHANNELS, HEAD_POSE
from pipeline.records import Array, StreamInfo
from pipeline.simulation import eda, eeg, face, ppg
from pipeline.simulation.affect import STEPS, Affect
from pipeline.simulation.body import BodyProcess
from pipeline.simulation.trials import Trials

#: Rises with every change that changes a sample; a model's checkpoint names the version that it was trained on.
SIMULATOR_VERSION: Final = 1

PREFIX: Final = "helo-demo"


@dataclass(frozen=True)
class SimulatedBlock:
    """One second of one stream."""

    times: Array
    """float64 ``(n_times,)``, seconds since the participant's start: sample ``i`` at ``i / sfreq``, exactly."""
    data: Array
    """float32 ``(n_times, n_channels)``; ``(n_times, 0)`` for markers."""
    strings: tuple[tuple[str, ...], ...] = ()
    """Markers, one tuple of one text a sample."""


class SimulatedParticipant:
    """One participant, made from a seed: the same seed gives the same samples, on the same machine bit for bit.

    Parameters
    ----------
    seed : int
        Who it is, 0 or more.
    counter : bool
        Put the sample's index before the EEG channels, to prove that none is lost. The other channels stay the same.

    Examples
    --------
    >>> second = SimulatedParticipant(1).next_second()
    >>> second["EEG"].data.shape
    (300, 18)
    """

    def __init__(self, seed: int, *, counter: bool = False) -> None:
        # A generator for each part: what one part draws never moves another.
        parts = np.random.SeedSequence((SIMULATOR_VERSION, seed)).spawn(7)
        trials, affect, body, eeg_rng, eda_rng, ppg_rng, face_rng = map(np.random.default_rng, parts)
        self._counter = counter
        self._second = 0
        self._affect = Affect(affect, Trials(trials))
        self._body = BodyProcess(body)
        self._eeg = eeg.EegSource(eeg_rng)
        self._eda = eda.EdaSource(eda_rng)
        self._ppg = ppg.PpgSource(ppg_rng)
        self._face = face.FaceSource(face_rng)

    def next_second(self) -> dict[str, SimulatedBlock]:
        """Return the next second of every stream: EEG, GSR, PPG, Face, State and Markers."""
        second = self._second
        self._second += 1
        state = self._affect.second()
        body = self._body.second(second, state.drives)
        signals = {
            "EEG": self._count(self._eeg.second(state.drives, body), second),
            "GSR": self._eda.second(state.drives, body),
            "PPG": self._ppg.second(state.drives, body),
            "Face": self._face.second(state, body),
            "State": state.mixture[:STEPS],
        }
        blocks = {kind: _block(second, data) for kind, data in signals.items()}
        markers = Trials.markers(second)
        blocks["Markers"] = SimulatedBlock(
            np.array([time for time, _ in markers], np.float64),
            np.empty((len(markers), 0), np.float32),
            tuple((text,) for _, text in markers),
        )
        return blocks

    def _count(self, signal: Array, second: int) -> Array:
        if not self._counter:
            return signal
        return np.column_stack([second * eeg.SFREQ + np.arange(eeg.SFREQ), signal])


def _block(second: int, data: Array) -> SimulatedBlock:
    sfreq = len(data)
    return SimulatedBlock((second * sfreq + np.arange(sfreq)) / sfreq, data.astype(np.float32))


def stream_infos(seed: int, *, counter: bool = False, prefix: str = PREFIX) -> dict[str, StreamInfo]:
    """Return what each stream of a simulated participant says of itself.

    Parameters
    ----------
    seed : int
        The participant's; it is part of the source ids.
    counter : bool
        The EEG stream has a `counter` before its channels.
    prefix : str
        Begins every stream's name.
    """
    extra_name, extra_unit = (("counter",), ("count",)) if counter else ((), ())
    eeg_names, eeg_units = (*extra_name, *EEG_CHANNELS), (*extra_unit, *("uV",) * len(EEG_CHANNELS))
    face_units = (*("a.u.",) * (len(FACE_CHANNELS) - len(HEAD_POSE)), "deg", "deg", "deg", "cm", "cm", "cm")
    rows: list[tuple[str, str, str, float, tuple[str, ...], tuple[str, ...]]] = [
        ("EEG", "EEG", "EEG", eeg.SFREQ, eeg_names, eeg_units),
        ("GSR", "GSR", "GSR", eda.SFREQ, ("EDA",), ("uS",)),
        ("PPG", "PPG", "PPG", ppg.SFREQ, ("PPG",), ("a.u.",)),
        ("Face", "Face", "Face", face.SFREQ, FACE_CHANNELS, face_units),
        ("State", "EmotionState", "record", STEPS, EMOTIONS, ("share",) * len(EMOTIONS)),
        ("Markers", "Markers", "Markers", 0, ("marker",), ("",)),
    ]
    return {
        kind: StreamInfo(
            stream=kind.lower(),
            name=f"{prefix}-{kind}",
            type=type_,
            source_id=f"{prefix}-{seed}-{kind}",
            sfreq=float(sfreq),
            ch_names=names,
            units=units,
            format="string" if kind == "Markers" else "float32",
            host="",
            uid="",
            use=use,
            can_drop_samples=kind == "Face",
        )
        for kind, type_, use, sfreq, names, units in rows
    }
