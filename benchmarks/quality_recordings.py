"""Real recordings in which faults are planted, cut into stretches: for `benchmarks.quality` and its tests."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from msgspec.structs import replace

from benchmarks.stretches import STRETCH_S, Stretch
from pipeline.files.read import read_recording
from pipeline.files.table import TableOptions
from pipeline.modalities import Modality
from pipeline.records import Array
from pipeline.simulation.participant import stream_infos

#: Where the electrodes of the example recording of the OpenBCI GUI are, and when its alpha begins and ends (s).
OPENBCI = ("Fp1", "Fp2", "C3", "C4", "P7", "P8", "O1", "O2")
ALPHA_S = (28.0, 75.0)


def stretch(modality: Modality, sfreq: float, data: Array, ch_names: tuple[str, ...] = ()) -> Stretch:
    """Return a whole recording ``(n_times, n_channels)`` in the modality's unit as one stretch."""
    info = stream_infos(0)[modality]
    names = ch_names or info.ch_names
    return Stretch(
        replace(info, sfreq=sfreq, ch_names=names, units=(info.units[0],) * len(names)), data.astype(np.float32)
    )


def cut_up(whole: Stretch, *, every_s: float = STRETCH_S) -> list[Stretch]:
    """Return stretches of a recording, one every so many seconds."""
    length, step = (round(seconds * whole.info.sfreq) for seconds in (STRETCH_S, every_s))
    firsts = range(0, len(whole.data) - length + 1, step)
    return [whole._replace(data=whole.data[first : first + length]) for first in firsts]


def eeglab(folder: Path) -> list[Stretch]:
    """Return EEGLAB's sample without its two EOG channels; the model's cap is interpolated from it."""
    stream = next(s for s in read_recording(folder / "eeg" / "eeglab_data.set").streams if s.info.type == "EEG")
    scalp = [i for i, name in enumerate(stream.info.ch_names) if not name.startswith("EOG")]
    return cut_up(stretch("EEG", 128.0, stream.data[:, scalp], tuple(stream.info.ch_names[i] for i in scalp)))


def openbci(folder: Path) -> Stretch:
    """Return the OpenBCI GUI's sample: blinks, clenched jaws, alpha, and much mains noise; its cap is the model's."""
    path = folder / "eeg" / "OpenBCI_GUI-v6-blinks-jawClench-alpha.txt"
    data = np.loadtxt(path, delimiter=",", skiprows=5, usecols=range(1, 9))
    return stretch("EEG", 250.0, data, OPENBCI)._replace(eeg_channels=OPENBCI)


def openbci_alpha(folder: Path) -> list[Stretch]:
    """Return the stretches of the OpenBCI GUI's sample with closed eyes."""
    whole = openbci(folder)
    begin, end = (round(250 * seconds) for seconds in ALPHA_S)
    return cut_up(whole._replace(data=whole.data[begin:end]))


def neurokit(folder: Path) -> list[Stretch]:
    """Return NeuroKit's skin conductance, at rest and with pictures."""
    options = TableOptions(type="GSR", channels=("EDA",), unit="uS", sfreq=100.0)
    names = ("bio_resting_8min_100hz.csv", "bio_eventrelated_100hz.csv")
    streams = [read_recording(folder / "eda" / name, options).streams[0] for name in names]
    return [one for stream in streams for one in cut_up(stretch("GSR", 100.0, stream.data))]


def biosppy(folder: Path) -> list[Stretch]:
    """Return BioSPPy's skin conductance, whose counts are scaled to 5 uS on average."""
    counts = np.loadtxt(folder / "eda" / "biosppy_eda.txt")
    counts = counts.reshape(len(counts), -1)[:, -1:]
    return cut_up(stretch("GSR", 1000.0, 5 * counts / counts.mean()))


def cogwear(folder: Path, modality: Modality) -> list[Stretch]:
    """Return CogWear's wristband, at rest and under load."""
    name, sfreq = {"GSR": ("eda", 4.0), "PPG": ("bvp", 64.0)}[modality]
    found = []
    for part in ("baseline", "cognitive_load"):
        path = folder / "eda" / "cogwear_pilot0" / part / f"empatica_{name}.csv"
        data = np.loadtxt(path, delimiter=",", skiprows=1, usecols=[0], ndmin=2)
        found += cut_up(stretch(modality, sfreq, data))
    return found


def wesad(folder: Path, subject: str, modality: Modality) -> list[Stretch]:
    """Return a stretch every five minutes of WESAD's wristband."""
    path = folder / "wesad_wrist" / subject / f"{subject}_E4_Data.zip"
    stream = next(s for s in read_recording(path).streams if s.info.type == modality)
    return cut_up(stretch(modality, stream.info.sfreq, stream.data), every_s=300.0)


#: By the name of the recording.
RECORDINGS: dict[str, Callable[[Path], list[Stretch]]] = {
    "EEGLAB": eeglab,
    "OpenBCI": openbci_alpha,
    "NeuroKit": neurokit,
    "BioSPPy": biosppy,
    "CogWear GSR": lambda folder: cogwear(folder, "GSR"),
    "CogWear PPG": lambda folder: cogwear(folder, "PPG"),
    "WESAD S6 GSR": lambda folder: wesad(folder, "S6", "GSR"),
    "WESAD S6 PPG": lambda folder: wesad(folder, "S6", "PPG"),
}
