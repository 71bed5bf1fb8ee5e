"""From a trained model and one participant's rated trials to a model of that participant's own."""

from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
import torch

from model.data.dataset import LabelledWindows
from model.distance import read_distances
from model.header import Header, Personalized, model_hash
from model.learning.checkpoint import load_network, save_network
from model.learning.personal import LEAST_TRIALS, Found, Trial, find_offset
from model.network.helo import HeLo
from model.predictor import Predictor
from pipeline.errors import BadInput
from pipeline.signals.families import LIVE


class Outcome(NamedTuple):
    """What came of a personalization."""

    participant: str
    trials: tuple[str, ...]
    """Those that were used."""
    left_out: tuple[str, ...]
    """Rated trials in which the general model estimated nothing."""
    found: Found
    header: Header | None
    """Of the model that was written; None where the general model stays."""


def personalize_model(windows: LabelledWindows, general: Path, out: Path) -> Outcome:
    """Adapt a model to one participant, and write it if that helps on trials that it has not seen.

    Windows in which the general model abstains are not looked at.

    Parameters
    ----------
    windows : LabelledWindows
        Rated trials of one participant.
    general : Path
        The trained model.
    out : Path
        The checkpoint to write.

    Raises
    ------
    BadInput
        The windows are of several participants, the emotions are not the model's, the model cannot be personalized, or
        fewer than three trials have an estimate.
    """
    network, header = load_network(general)
    if not isinstance(network, HeLo):
        raise BadInput(f"{general}: the variant {header.network.variant} cannot be personalized; train a helo model")
    _check(header, windows, general)
    distances, digest = read_distances(general, header), model_hash(general)
    trials, left_out = _estimated(Predictor(network, header, distances, digest, "cpu"), windows)
    (participant,) = windows.subjects
    if len(trials) < LEAST_TRIALS:
        lost = f"; the model abstained throughout {', '.join(left_out)}" if left_out else ""
        raise BadInput(
            f"--ratings: {participant} has {len(trials)} rated trials with an estimate{lost}; "
            f"{LEAST_TRIALS} are needed, so rate more"
        )
    found = find_offset(trials)
    names = tuple(trial.name for trial in trials)
    if found.pull is None:
        return Outcome(participant, names, left_out, found, None)
    network.move(torch.from_numpy(found.offset))
    personal = Personalized(
        participant=participant,
        trials=names,
        general_hash=digest,
        pull=found.pull,
        general_kl=float(found.general_kl.mean()),
        held_out_kl=float(found.held_out_kl.mean()),
    )
    header = msgspec.structs.replace(header, personalized=personal)
    save_network(out, network, header, distances)
    return Outcome(participant, names, left_out, found, header)


def _check(header: Header, windows: LabelledWindows, general: Path) -> None:
    if header.personalized is not None:
        raise BadInput(
            f"{general}: is personalized for {header.personalized.participant} already; give the general model"
        )
    if header.family != LIVE:
        raise BadInput(f"{general}: takes features of the family {header.family}, sessions record {LIVE}; give another")
    if len(windows.subjects) != 1:
        raise BadInput(
            f"--ratings: rates {', '.join(windows.subjects)}; a model is for one, so name one by --participant"
        )
    if set(windows.emotions) != set(header.emotions):
        raise BadInput(
            f"--ratings: its emotions are {', '.join(windows.emotions)}, the model's {', '.join(header.emotions)}; "
            "give the ratings of the model's"
        )
    if "EEG" in windows.features and "EEG" in header.modalities and windows.eeg_channels != header.eeg_channels:
        raise BadInput(
            f"{general}: its EEG channels are {', '.join(header.eeg_channels)}, the sessions' "
            f"{', '.join(windows.eeg_channels)}; give a model of the same"
        )


def _estimated(predictor: Predictor, windows: LabelledWindows) -> tuple[list[Trial], tuple[str, ...]]:
    """Return each trial that has an estimate, and the names of those without."""
    names = list(windows.features)
    present = np.zeros((len(windows), len(predictor.header.modalities)), np.bool_)
    for column, name in enumerate(predictor.header.modalities):
        if name in names:
            present[:, column] = windows.present[:, names.index(name)]
    features = {name: array for name, array in windows.features.items() if name in predictor.header.modalities}
    prediction = predictor.predict(features, present)
    order = [windows.emotions.index(emotion) for emotion in predictor.header.emotions]
    trials, left_out = [], []
    for name in dict.fromkeys(windows.trial.tolist()):
        inside = windows.trial == name
        used = inside & ~prediction.abstained
        if not used.any():
            left_out.append(name)
            continue
        label = windows.labels[inside][0, order].astype(np.float64)
        trials.append(Trial(name, prediction.distribution[used].astype(np.float64), label / label.sum()))
    return trials, tuple(left_out)
