"""A checkpoint's header: what a model is, read and checked without torch.

A checkpoint is one safetensors file. Its metadata holds one entry, ``helo``: this header as JSON. Reading it runs no
code of the file.
"""

import hashlib
import itertools
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Final, cast

import msgspec
from safetensors import SafetensorError, safe_open

from model.network.settings import KINDS, Kind, NetworkSettings
from pipeline.errors import BadInput
from pipeline.modalities import Modality
from pipeline.session.config import SessionFile
from pipeline.signals.families import Family, family_specs

#: The metadata entry that holds the header.
ENTRY: Final = "helo"
VERSION: Final = 2
#: The entry of `Header.intervals` for the mean label: no modality.
MEAN_LABEL: Final = ""
_SHIPPED: Final = Path(__file__).with_name("shipped.safetensors")


class ModalityHeader(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the model takes of one modality."""

    kind: Kind
    shape: tuple[int, ...]
    """Shape of the features; the network takes ``(2, *shape)``: absolute and relative values."""
    window_s: float


class Training(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the model was trained on, and how to make it again."""

    description: str
    """One sentence about the training data."""
    command: str
    seed: int
    participants: int
    validation_participants: int
    windows: int
    hop_s: float
    epochs: int
    """Epochs after which the kept weights were reached."""
    simulator_version: int | None = None


class Personalized(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose own model it is, and what that was learned from."""

    participant: str
    trials: tuple[str, ...]
    """The participant's rated trials."""
    general_hash: str
    """Of the model that was personalized."""
    pull: float
    """Strength with which the participant was believed to be like others (`model.learning.personal`)."""
    general_kl: float
    """Mean KL over the trials with the general model (nats)."""
    held_out_kl: float
    """Mean KL over the trials, each held out while the others personalized (nats)."""


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A checkpoint's header."""

    version: int
    emotions: tuple[str, ...]
    modalities: dict[str, ModalityHeader]
    """In the order of the predictor's `present` and `weights` columns."""
    eeg_channels: tuple[str, ...]
    """Channels of the EEG features, in order; empty when the model takes no EEG."""
    family: Family
    """Definition of the features, by which a session computes them."""
    mean_label: tuple[float, ...]
    """Mean label of the training participants: the prior, and the estimate when everything is missing."""
    intervals: dict[str, tuple[float, ...]]
    """For each set of present modalities (names joined by ``+``), half-widths of the shares' 90 % intervals; for none
    of them those of the mean label."""
    network: NetworkSettings
    training: Training
    metrics: dict[str, dict[str, float]]
    """Scores on the validation participants: method -> score -> mean over windows."""
    demonstration: bool
    """Trained on simulated participants: its estimates say nothing about a person."""
    personalized: Personalized | None = None
    """None for a model for everyone. Intervals and scores stay those of the model for everyone."""

    @property
    def description(self) -> str:
        """What the model was trained on, and whose it is, in one line."""
        if self.personalized is None:
            return self.training.description
        n_trials = len(self.personalized.trials)
        return f"{self.training.description}; personalized for {self.personalized.participant} by {n_trials} trials"


def model_path(model: str) -> Path:
    """Return the file of a model: ``shipped``, or a path.

    Raises
    ------
    BadInput
        There is no such file.
    """
    path = _SHIPPED if model == "shipped" else Path(model)
    if not path.is_file():
        raise BadInput(f"{path}: no such model file; give `shipped` or a .safetensors file made by `helo train`")
    return path


def model_hash(path: Path) -> str:
    """Return the SHA-256 of a checkpoint's bytes, in hexadecimal digits: the model's identity in every record."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def pattern(modalities: Iterable[str]) -> str:
    """Return the name of a set of present modalities, as `Header.intervals` spells it."""
    return "+".join(modalities)


def patterns(modalities: tuple[str, ...]) -> list[str]:
    """Return the names of all sets of modalities but the empty one."""
    sizes = range(1, len(modalities) + 1)
    return [pattern(chosen) for size in sizes for chosen in itertools.combinations(modalities, size)]


def read_header(path: Path) -> Header:
    """Read and check the header of a checkpoint.

    Raises
    ------
    BadInput
        The file is missing, is no safetensors file, has no header, or the header contradicts itself, the file's
        tensors or the feature family that this version computes.
    """
    if not path.is_file():
        raise BadInput(f"{path}: no such model file; give a .safetensors file made by `helo train`")
    try:
        with safe_open(path, framework="np") as file:
            text = (file.metadata() or {}).get(ENTRY)
            shapes = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise BadInput(f"{path}: is not a readable safetensors file ({error}); make it by `helo train`") from error
    if text is None:
        raise BadInput(f"{path}: has no {ENTRY!r} entry in its metadata, so it is no helo model; use `helo train`")
    try:
        header = msgspec.json.decode(text, type=Header)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise BadInput(f"{path}: header: {error}; make the model again by `helo train`") from error
    fault = _fault(header) or _tensor_fault(header, shapes)
    if fault:
        raise BadInput(f"{path}: header: {fault}; make the model again by `helo train`")
    return header


def fits(header: Header, session: SessionFile) -> str | None:
    """Say why a model cannot serve a session, or None when it can."""
    takes = list(header.modalities)
    for code, participant in session.participants.items():
        if header.personalized is not None and header.personalized.participant != code:
            return (
                f"model: is personalized for {header.personalized.participant}, but the session has "
                f"participants.{code}; choose the model for everyone, or a session of that participant alone"
            )
        has = sorted(participant.modality_streams())
        if not set(has) & set(takes):
            return (
                f"model: takes {', '.join(takes)}, but participants.{code} has {', '.join(has) or 'no modality'}; "
                "add a stream with one of these as `use`, or choose another model"
            )
    return None


def stands_in(header: Header, runs: Header) -> str | None:
    """Say why a model cannot take the place of one while a session runs, or None when it can.

    What else has been built on the model that runs stays: its features are computed, its emotions drawn, and alarms
    and what is published allowed, or not, by whether it is a demonstration.
    """
    if header.emotions != runs.emotions:
        return f"it estimates {', '.join(header.emotions)}, and the model that runs {', '.join(runs.emotions)}"
    if (header.family, list(header.modalities)) != (runs.family, list(runs.modalities)):
        takes = [f"{one.family} features of {', '.join(one.modalities)}" for one in (header, runs)]
        return f"it takes {takes[0]}, and the model that runs {takes[1]}"
    if header.eeg_channels != runs.eeg_channels:
        channels = [" ".join(one.eeg_channels) for one in (header, runs)]
        return f"it takes the EEG channels {channels[0]}, and the model that runs {channels[1]}"
    if header.demonstration != runs.demonstration:
        demonstration = ["is a demonstration" if one.demonstration else "is none" for one in (header, runs)]
        return f"it {demonstration[0]}, and the model that runs {demonstration[1]}"
    return None


def _fault(header: Header) -> str | None:
    """Say in what the header contradicts itself or the features that this version computes."""
    if header.version != VERSION:
        return f"version {header.version} is not {VERSION}, which this version of helo reads"
    return _label_fault(header) or _modality_fault(header) or _interval_fault(header)


def _label_fault(header: Header) -> str | None:
    n_emotions = len(header.emotions)
    if n_emotions < 2 or len(set(header.emotions)) != n_emotions:
        return f"emotions {', '.join(header.emotions)} are not two or more different names"
    positive = all(share > 0 for share in header.mean_label)
    if (
        len(header.mean_label) != n_emotions
        or not positive
        or not math.isclose(sum(header.mean_label), 1, abs_tol=1e-4)
    ):
        return f"mean_label is not a distribution over the {n_emotions} emotions, every share above 0"
    return None


def _modality_fault(header: Header) -> str | None:
    if not header.modalities:
        return "modalities is empty"
    specs = family_specs(header.family, header.eeg_channels)
    for name, modality in header.modalities.items():
        if name not in KINDS:
            return f"modalities: {name} is not one of {', '.join(KINDS)}"
        if modality.kind != KINDS[name]:
            return f"modalities.{name}: kind {modality.kind} is not {KINDS[name]}"
        spec = specs.get(cast("Modality", name))
        if spec is None:
            return f"modalities: {name} is not one of the features of {header.family}"
        if modality.shape != tuple(spec.shape) or modality.window_s != spec.window_s:
            return (
                f"modalities.{name}: features {modality.shape} of {modality.window_s:g} s are not the "
                f"{tuple(spec.shape)} of {spec.window_s:g} s that this version computes"
            )
    rows = header.modalities["EEG"].shape[0] if "EEG" in header.modalities else 0
    if len(header.eeg_channels) != rows:
        return f"eeg_channels: {len(header.eeg_channels)} names for {rows} rows of EEG features"
    return None


def _interval_fault(header: Header) -> str | None:
    missing = [name for name in (MEAN_LABEL, *patterns(tuple(header.modalities))) if name not in header.intervals]
    if missing:
        return f"intervals: none for {missing[0] or 'the mean label'}"
    for name, widths in header.intervals.items():
        if len(widths) != len(header.emotions) or not all(0 <= width <= 1 for width in widths):
            return f"intervals.{name} is not {len(header.emotions)} half-widths between 0 and 1"
    return None


def _tensor_fault(header: Header, shapes: dict[str, tuple[int, ...]]) -> str | None:
    """Say which normalisation or distance does not have the shape of its modality's features."""
    for name, modality in header.modalities.items():
        shape = (2, *modality.shape)
        expected = {
            f"normalisation.{name}.centre": shape,
            f"normalisation.{name}.scale": shape,
            f"distance.{name}.whitening": (math.prod(shape), math.prod(shape)),
            f"distance.{name}.limit": (),
        }
        for tensor, one in expected.items():
            if shapes.get(tensor) != one:
                return f"tensor {tensor} is {shapes.get(tensor, 'missing')}, not {one}"
    return None
