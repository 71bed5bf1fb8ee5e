"""How a training went, as one HTML page that needs nothing else."""

import html
from pathlib import Path
from typing import Final

import numpy as np
import plotly.graph_objects as go
import torch
from plotly.subplots import make_subplots

from model.data.dataset import LabelledWindows
from model.header import Header, patterns
from model.learning.report import html_table, page, write_page
from model.learning.scores import scores
from model.learning.train import Trained, estimate
from model.network.helo import HeLo
from model.network.labels import cosine_correlation, label_correlation

#: Windows of each data set that are looked at for the labels' correlation and the modalities.
_WINDOWS: Final = 2000


def write_training(
    path: Path, header: Header, trained: Trained, training: LabelledWindows, validation: LabelledWindows
) -> None:
    """Write the page of a training: curves, scores, label correlation, and what each set of modalities is worth.

    Parameters
    ----------
    path : Path
        The .html file.
    header : Header
        The checkpoint's.
    trained : Trained
        The network and its epochs.
    training, validation : LabelledWindows
        Of different participants.

    Raises
    ------
    BadInput
        It cannot be written there.
    """
    told = header.training
    what = (
        f"<p>{html.escape(told.description)}. {told.participants} participants, {told.windows} windows; "
        f"{told.validation_participants} more participants for validation. Kept are the weights after "
        f"{told.epochs} epochs, the departure from the mean label times {trained.shrinkage:g}.</p>"
        f"<p><code>{html.escape(told.command)}</code></p>"
    )
    parts: list[str | go.Figure] = [
        what,
        _curves(trained),
        "<h2>Scores</h2><p>Validation participants, per window. They have chosen the epoch, so the scores flatter.</p>"
        + _scores(header),
    ]
    if isinstance(trained.network, HeLo):
        parts += ["<h2>Correlation of the labels</h2>", _correlation(trained.network, training)]
    parts += ["<h2>Sets of modalities</h2>", _modalities(trained, validation)]
    write_page(path, page("Training", parts))


def _curves(trained: Trained) -> go.Figure:
    numbers = [epoch.number for epoch in trained.history]
    figure = make_subplots(1, 2, subplot_titles=("loss, training (nats)", "KL, validation (nats)"))
    for column, values in enumerate(("loss", "validation_kl"), 1):
        trace = go.Scatter(x=numbers, y=[getattr(epoch, values) for epoch in trained.history], showlegend=False)
        figure.add_trace(trace, 1, column)
        if trained.epochs:
            figure.add_vline(x=trained.epochs, line_dash="dot", row=1, col=column)
    figure.update_xaxes(title="epoch")
    figure.update_layout(template="plotly_white", height=360)
    return figure


def _scores(header: Header) -> str:
    columns = ["method", *next(iter(header.metrics.values()))]
    rows = [[html.escape(name), *(f"{value:.4f}" for value in of.values())] for name, of in header.metrics.items()]
    return html_table(columns, rows)


def _correlation(network: HeLo, training: LabelledWindows) -> go.Figure:
    with torch.inference_mode():
        learned = cosine_correlation(network.labels()).cpu().numpy()
        true = label_correlation(torch.from_numpy(_some(training).labels)).mean(0).numpy()
    figure = make_subplots(1, 2, subplot_titles=("learned", "of the training labels"), horizontal_spacing=0.15)
    for column, values in enumerate((learned, true), 1):
        names = list(training.emotions)
        figure.add_trace(go.Heatmap(z=values, x=names, y=names, coloraxis="coloraxis"), 1, column)
    figure.update_yaxes(autorange="reversed")
    figure.update_layout(template="plotly_white", height=480, coloraxis={"colorscale": "Viridis"})
    return figure


def _modalities(trained: Trained, validation: LabelledWindows) -> go.Figure:
    windows = _some(validation)
    names = tuple(windows.features)
    sets = patterns(names)
    kl = []
    for name in sets:
        present = windows.present & np.isin(names, name.split("+"))
        kept = np.flatnonzero(present.any(1))
        if not len(kept):
            kl.append(float("nan"))
            continue
        shares = estimate(trained.network, windows.take(kept), present[kept])
        kl.append(float(scores(windows.labels[kept], shares)["kl"].mean()))
    figure = go.Figure(go.Bar(x=kl, y=sets, orientation="h"))
    figure.update_layout(
        title="KL a window with only these (nats)",
        template="plotly_white",
        height=140 + 24 * len(sets),
        yaxis={"autorange": "reversed"},
        margin={"l": 200},
    )
    return figure


def _some(windows: LabelledWindows) -> LabelledWindows:
    return windows.take(np.arange(0, len(windows), max(1, len(windows) // _WINDOWS)))
