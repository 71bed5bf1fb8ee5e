"""Stretches of one person's signal, simulated and undisturbed or with all that disturbs, and their feature windows."""

from typing import NamedTuple

import numpy as np

from pipeline.modalities import EEG_CHANNELS, Modality
from pipeline.records import Array, FeatureWindow, StreamInfo
from pipeline.session.config import Match, StreamSettings
from pipeline.signals.offline import Recorded, extract
from pipeline.simulation import eda, eeg, ppg
from pipeline.simulation.body import Body
from pipeline.simulation.participant import SimulatedParticipant, stream_infos

SOURCES = {"EEG": eeg.EegSource, "GSR": eda.EdaSource, "PPG": ppg.PpgSource}
MODALITIES: tuple[Modality, ...] = ("EEG", "GSR", "PPG")

HOP_S = 0.25
#: A stretch begins so long before its fault, which lasts so long, and ends so long after it (s).
BEFORE_S, LASTS_S, AFTER_S = 8.0, 8.0, 2.0
STRETCH_S = BEFORE_S + LASTS_S + AFTER_S


class Stretch(NamedTuple):
    """Some seconds of one stream of one person."""

    info: StreamInfo
    data: Array
    eeg_channels: tuple[str, ...] = EEG_CHANNELS


def undisturbed(modality: Modality, seed: int, seconds: int = round(STRETCH_S)) -> Stretch:
    """Return a simulated person's signal without any movement, blink, clenched jaw or bad electrode."""
    source = SOURCES[modality](np.random.default_rng(seed))
    if isinstance(source, eeg.EegSource):
        source._faults._hz = 0.0
    if isinstance(source, eda.EdaSource):
        source._drops_hz = 0.0
    drives = np.zeros((5, 5))
    data = [source.second(drives, Body(second, (), (), ())) for second in range(seconds)]
    return Stretch(stream_infos(seed)[modality], np.concatenate(data).astype(np.float32))


def people(seed: int, n_people: int, seconds: int = round(STRETCH_S)) -> dict[Modality, list[Stretch]]:
    """Return the streams of simulated people, with all that disturbs them."""
    found: dict[Modality, list[Stretch]] = {modality: [] for modality in MODALITIES}
    for person in range(seed, seed + n_people):
        participant, infos = SimulatedParticipant(person), stream_infos(person)
        blocks = [participant.next_second() for _ in range(seconds)]
        for modality, stretches in found.items():
            data = np.concatenate([block[modality].data for block in blocks])
            stretches.append(Stretch(infos[modality], data))
    return found


def windows_of(stretch: Stretch, data: Array | None = None) -> list[FeatureWindow]:
    """Return the feature windows of a stretch, or of other data in its place."""
    modality = stretch.info.use
    data = stretch.data if data is None else data
    settings = StreamSettings(match=Match(type=modality), use=modality, stamps="regular", unit=stretch.info.units[0])
    recorded = Recorded(stretch.info, settings, np.arange(len(data)) / stretch.info.sfreq, data)
    return extract({"x": recorded}, hop_s=HOP_S, eeg_channels=stretch.eeg_channels)
