"""From a stream's own samples to what its modality's processor takes."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from pipeline.errors import BadInput
from pipeline.modalities import MODALITIES, UNIT_FACTORS, UNITS, Modality
from pipeline.records import Array, Chunk, StreamInfo
from pipeline.session.config import StreamSettings
from pipeline.signals.dmer.choose import dmer_processor
from pipeline.signals.eda import EdaProcessor
from pipeline.signals.eeg import EegProcessor
from pipeline.signals.face import FaceProcessor
from pipeline.signals.families import DMER, LIVE, Family
from pipeline.signals.motion import MotionProcessor
from pipeline.signals.ppg import PpgProcessor
from pipeline.signals.processor import ModalityProcessor
from pipeline.signals.temperature import TemperatureProcessor

#: Modalities of which a sample may come at any time.
_IRREGULAR: Final = ("Temperature", "Motion", "Face")


class Source:
    """Pick a stream's channels and turn its numbers into the modality's unit.

    Parameters
    ----------
    info : StreamInfo
        What the stream says of itself.
    settings : StreamSettings
        What the session file says of it. A unit that contradicts the stream's own is refused, unless there is a
        `calibration`.
    eeg_channels : tuple of str
        The model's EEG channels.
    family : str
        The model's feature family.

    Attributes
    ----------
    modality : str
        What the stream serves.
    processor : ModalityProcessor
        The modality's processor for these channels and this rate.
    picks : list of int
        The stream's channels that it takes.
    ch_names : tuple of str
        What the session file calls them.
    scale, shift : Array, float
        What each is multiplied by, and what is added, to be in the modality's unit.

    Raises
    ------
    BadInput
        Rate, channels, unit or format are not what the modality needs.
    """

    def __init__(
        self, info: StreamInfo, settings: StreamSettings, eeg_channels: tuple[str, ...], family: Family = LIVE
    ) -> None:
        self.modality = modality_of(settings)
        _check(info, settings, self.modality)
        picks, names = settings.pick(info.ch_names)
        make = dmer_processor if family == DMER else _live_processor
        self.processor = make(self.modality, tuple(names), info, settings, eeg_channels)
        self.picks = [picks[i] for i in self.processor.picks]
        self.ch_names = tuple(names[i] for i in self.processor.picks)
        self._n_channels = len(info.ch_names)
        self.scale, self.shift = _calibration(info, settings, self.modality, self.picks)

    def samples(self, chunk: Chunk) -> Array:
        """Return the samples that the processor takes, float64 ``(n_times, n_picks)``, in the modality's unit.

        Raises
        ------
        ValueError
            The chunk has another number of channels than the stream said.
        """
        if chunk.data.shape[1] != self._n_channels:
            raise ValueError(f"{self.modality}: a chunk of {chunk.data.shape[1]} channels, expected {self._n_channels}")
        return np.asarray(chunk.data[:, self.picks], dtype=np.float64) * self.scale + self.shift


def _check(info: StreamInfo, settings: StreamSettings, modality: Modality) -> None:
    """Refuse a stream whose kind or rate is not the modality's."""
    if info.format == "string":
        raise BadInput(f"use: {info.name!r} sends text, not {modality}; set `use: Markers` or `use: record`")
    if settings.sfreq is not None and abs(info.sfreq - settings.sfreq) > 0.01 * settings.sfreq:
        raise BadInput(f"sfreq: {info.name!r} comes at {info.sfreq:g} Hz, {settings.sfreq:g} Hz was expected")
    if info.sfreq <= 0 and modality not in _IRREGULAR:
        raise BadInput(f"sfreq: {info.name!r} is irregular; {modality} needs a stream with a nominal rate")


def _live_processor(
    modality: Modality,
    ch_names: tuple[str, ...],
    info: StreamInfo,
    settings: StreamSettings,
    eeg_channels: tuple[str, ...],
) -> ModalityProcessor:
    match modality:
        case "EEG":
            return EegProcessor(ch_names, info.sfreq, eeg_channels, settings.montage)
        case "Face":
            return FaceProcessor(ch_names)
        case "Motion":
            _expect(3, modality, ch_names)
            return MotionProcessor()
    _expect(1, modality, ch_names)
    match modality:
        case "GSR":
            return EdaProcessor(info.sfreq)
        case "PPG":
            return PpgProcessor(info.sfreq)
        case "Temperature":
            return TemperatureProcessor()


def _expect(n_channels: int, modality: Modality, ch_names: tuple[str, ...]) -> None:
    if len(ch_names) != n_channels:
        shown = ", ".join(ch_names[:5]) + (", ..." if len(ch_names) > 5 else "")
        raise BadInput(
            f"channels: {modality} takes {n_channels}, the stream has {len(ch_names)} ({shown}); pick by `channels`"
        )


def modality_of(settings: StreamSettings) -> Modality:
    """Return the modality that a stream serves.

    Raises
    ------
    ValueError
        The stream serves none.
    """
    for modality in MODALITIES:
        if settings.use == modality:
            return modality
    raise ValueError(f"a stream with use {settings.use} serves no modality")


def _calibration(
    info: StreamInfo, settings: StreamSettings, modality: Modality, picks: Sequence[int]
) -> tuple[Array, float]:
    """Return what each channel is multiplied by, and what is added, to reach the modality's unit."""
    known = UNIT_FACTORS[modality]
    if settings.calibration is not None:
        unit = settings.unit or UNITS[modality]
        if unit not in known:
            raise BadInput(f"unit: {unit!r} is what counts are turned into, but {modality} takes {', '.join(known)}")
        scale = settings.calibration.scale * known[unit]
        return np.full(len(picks), scale), settings.calibration.offset * known[unit]
    if modality == "Face":
        return np.ones(len(picks)), 0.0
    declared = [info.units[i] if i < len(info.units) else "" for i in picks]
    _agree(info, settings, known, declared)
    units = [settings.unit or own for own in declared]
    unknown = sorted({unit for unit in units if unit not in known})
    if unknown:
        found = ", ".join(repr(unit) for unit in unknown)
        raise BadInput(
            f"unit: {info.name!r} has the unit {found}, {modality} takes {', '.join(known)}; "
            "give `unit`, or `calibration` for raw counts"
        )
    return np.array([known[unit] for unit in units]), 0.0


def _agree(info: StreamInfo, settings: StreamSettings, known: Mapping[str, float], declared: Sequence[str]) -> None:
    """Refuse a session file's unit that contradicts the stream: one of them is wrong, by a factor nobody would see."""
    other = [own for own in declared if own in known and known[own] != known.get(settings.unit or own)]
    if other:
        raise BadInput(
            f"unit: {info.name!r} says that it is in {other[0]}, the session file says {settings.unit}; correct `unit` "
            "or leave it out; if the stream is wrong, add `calibration: {scale: 1}`"
        )
