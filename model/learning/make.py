"""From labelled windows to a checkpoint."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from model.data.dataset import LabelledWindows
from model.header import VERSION, Header, ModalityHeader, Training
from model.learning.checkpoint import save_network
from model.learning.evaluate import split_validation, subject_scores
from model.learning.intervals import conformal_widths
from model.learning.methods import mean_label, nearest_neighbours
from model.learning.options import TrainOptions
from model.learning.train import Trained, estimate, train_network
from model.network.settings import KINDS
from pipeline.signals.family import feature_spec


def make_model(
    windows: LabelledWindows,
    options: TrainOptions,
    path: Path,
    command: str,
    on_epoch: Callable[[int, float], None] = lambda _epoch, _kl: None,
) -> Header:
    """Train a model on labelled windows and write its checkpoint.

    A fifth of the participants is kept for validation: they decide when training ends, give the intervals, and the
    scores in the header.

    Parameters
    ----------
    windows : LabelledWindows
        Of two participants at least.
    options : TrainOptions
        Network, seed and optimisation.
    path : Path
        The checkpoint to write.
    command : str
        What was typed; kept in the header.
    on_epoch : callable
        Called after each epoch with its number and the validation KL.

    Returns
    -------
    Header
        The checkpoint's header.
    """
    names = split_validation(windows.subjects, options.seed)
    training, validation = (windows.of(part) for part in names)
    trained = train_network(training, validation, options, on_epoch)
    prior = training.mean_label().astype(np.float64)
    header = Header(
        version=VERSION,
        emotions=windows.emotions,
        modalities={
            name: ModalityHeader(KINDS[name], shape, _window_s(name, windows.eeg_channels))
            for name, shape in windows.shapes.items()
        },
        eeg_channels=windows.eeg_channels,
        family="live",
        mean_label=tuple((prior / prior.sum()).tolist()),
        intervals=conformal_widths(trained.network, validation),
        network=options.network,
        training=Training(
            description=windows.description,
            command=command,
            seed=options.seed,
            participants=len(names[0]),
            validation_participants=len(names[1]),
            windows=len(training),
            hop_s=windows.hop_s,
            epochs=trained.epochs,
            simulator_version=windows.simulator_version,
        ),
        metrics=_metrics(trained, training, validation, options),
        demonstration=windows.simulator_version is not None,
    )
    save_network(path, trained.network, header)
    return header


def _window_s(name: str, eeg_channels: tuple[str, ...]) -> float:
    return feature_spec(name, eeg_channels).window_s  # type: ignore[arg-type]  # a modality's name


def _metrics(
    trained: Trained, training: LabelledWindows, validation: LabelledWindows, options: TrainOptions
) -> dict[str, dict[str, float]]:
    """Return each method's scores on the validation participants, per window."""
    estimates = {
        "helo": estimate(trained.network, validation),
        "mean-label": mean_label(training, validation, validation, options),
        "knn": nearest_neighbours(training, validation, validation, options),
    }
    return {
        name: {
            score: float(values.mean()) for score, values in subject_scores(validation, shares, by_trial=False).items()
        }
        for name, shares in estimates.items()
    }
