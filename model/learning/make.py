"""From labelled windows to a checkpoint."""

from collections.abc import Callable
from pathlib import Path
from typing import cast

import numpy as np

from model.data.dataset import Float, LabelledWindows
from model.header import VERSION, Header, ModalityHeader, Training
from model.learning.baselines import Settings, mean_label, nearest_neighbours
from model.learning.checkpoint import save_network
from model.learning.choose import trial_kl
from model.learning.distance import fit_distances
from model.learning.evaluate import split_validation, subject_scores
from model.learning.intervals import conformal_widths
from model.learning.options import TrainOptions
from model.learning.train import Trained, estimate, train_network
from model.learning.training_report import write_training
from model.learning.unfinished import Epoch
from model.network.settings import KINDS
from pipeline.errors import BadInput
from pipeline.modalities import Modality
from pipeline.signals.families import Family, family_specs


def make_model(
    windows: LabelledWindows,
    options: TrainOptions,
    path: Path,
    command: str,
    on_epoch: Callable[[Epoch], None] = lambda _epoch: None,
    report: Path | None = None,
) -> Header:
    """Train a model on labelled windows and write its checkpoint.

    A fifth of the participants is kept for validation: they decide when training ends, give the intervals, the limits
    of the distance from the training data, and the scores in the header. A training that was interrupted, of the same
    data and options, is gone on with: it is kept beside the checkpoint, as ``.unfinished``.

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
        Called after each epoch.
    report : Path, optional
        An .html file to write.

    Returns
    -------
    Header
        The checkpoint's header.

    Raises
    ------
    BadInput
        No training participant has ever felt one of the emotions, or the data are not finite.
    """
    names = split_validation(windows.subjects, options.seed)
    training, validation = (windows.of(part) for part in names)
    _require_felt(training, validation)
    trained = train_network(training, validation, options, on_epoch, path.with_suffix(".unfinished"))
    prior = training.mean_label().astype(np.float64)
    header = Header(
        version=VERSION,
        emotions=windows.emotions,
        modalities={
            name: ModalityHeader(KINDS[name], shape, _window_s(windows, name)) for name, shape in windows.shapes.items()
        },
        eeg_channels=windows.eeg_channels,
        family=cast("Family", windows.family),
        mean_label=tuple((prior / prior.sum()).tolist()),
        intervals=conformal_widths(trained.network, validation, training.mean_label()),
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
    save_network(path, trained.network, header, fit_distances(trained.network, training, validation))
    if report is not None:
        write_training(report, header, trained, training, validation)
    return header


def _require_felt(training: LabelledWindows, validation: LabelledWindows) -> None:
    """Check that each emotion was felt by a training participant: of another one nothing can be learned."""
    unfelt = training.mean_label() <= 0
    if not unfelt.any():
        return
    names = ", ".join(name for name, never in zip(training.emotions, unfelt, strict=True) if never)
    mend = "leave the column out of the ratings, or rate more trials"
    if validation.mean_label()[unfelt].any():
        mend += ", or let others be for validation by --seed"
    raise BadInput(
        f"--data: {names}: no participant to learn from has ever rated this above the least, so it cannot be learned; "
        f"{mend}"
    )


def _window_s(windows: LabelledWindows, name: str) -> float:
    return family_specs(windows.family, windows.eeg_channels)[cast("Modality", name)].window_s


def _metrics(
    trained: Trained, training: LabelledWindows, validation: LabelledWindows, options: TrainOptions
) -> dict[str, dict[str, float]]:
    """Return each method's scores on the validation participants, per window."""
    estimates = {
        "helo": estimate(trained.network, validation),
        "mean-label": _best(validation, mean_label(training, validation, options)),
        "knn": _best(validation, nearest_neighbours(training, validation, options)),
    }
    return {
        name: {
            score: float(values.mean()) for score, values in subject_scores(validation, shares, by_trial=False).items()
        }
        for name, shares in estimates.items()
    }


def _best(validation: LabelledWindows, settings: Settings) -> Float:
    """Return the setting's estimates with the least KL a trial: these participants have chosen the network's, too."""
    return min(settings.values(), key=lambda shares: trial_kl(validation, shares))
