"""What came of an evaluation as one HTML page that needs nothing else."""

import html
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import plotly.graph_objects as go

from model.learning.evaluate import Evaluated
from pipeline.errors import BadInput

_STYLE: Final = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: 1rem 0; }
th, td { padding: .2rem .7rem; text-align: right; border-bottom: 1px solid #ddd; }
th:first-child, td:first-child { text-align: left; }
small { color: #666; display: block; }
"""
_TITLES: Final = {
    "difference_to_mean_label": "Per trial, less the mean label's",
    "difference_to_helo": "Per trial, less HeLo's",
    "trial": "Per trial",
    "window": "Per window",
}


def page(title: str, parts: Sequence[str | go.Figure]) -> str:
    """Return an HTML page of texts that are HTML already and of figures; Plotly is in it once.

    Parameters
    ----------
    title : str
        Plain text.
    parts : sequence of str or Figure
        What stands on it, in this order.
    """
    pieces, with_plotly = [], True
    for part in parts:
        if isinstance(part, str):
            pieces.append(part)
        else:
            pieces.append(part.to_html(full_html=False, include_plotlyjs=with_plotly))
            with_plotly = False
    name = html.escape(title)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{name}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{name}</h1>{''.join(pieces)}</body></html>"
    )


def html_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table as HTML; cells are HTML already."""
    head = "".join(f"<th>{html.escape(column)}</th>" for column in columns)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def write_page(path: Path, text: str) -> None:
    """Write a page; its folder is made when it is missing.

    Raises
    ------
    BadInput
        It cannot be written there.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadInput(f"--report: {path}: cannot be written ({error.strerror}); give another file") from error


def write_evaluation(path: Path, result: Mapping[str, Any], found: Evaluated) -> None:
    """Write the page of an evaluation.

    Parameters
    ----------
    path : Path
        The .html file.
    result : mapping
        What ``--json`` prints.
    found : Evaluated
        The same with each participant's scores, and what was chosen.

    Raises
    ------
    BadInput
        It cannot be written there.
    """
    told = (
        f"{result['subjects']} participants, {result['trials']} trials, {result['windows']} windows; normalization: "
        f"{result['normalization']}. Means over participants, with 95 % bootstrap intervals over participants."
    )
    leaky = "<p><b>Leaky:</b> windows of one trial are in training and in test.</p>" if result["leaky"] else ""
    live = "<p>Rows with @ know the whole session or the trial's borders: they cannot run live.</p>"
    parts: list[str | go.Figure] = [f"<p>{html.escape(told)}</p>{leaky}{live}", _differences(result), _people(found)]
    for part, title in _TITLES.items():
        if any(method.get(part) for method in result["methods"].values()):
            parts.append(f"<h2>{title}</h2>{_scores(result, part)}")
    parts.append(f"<h2>What was chosen, without the tested data</h2>{_choices(found)}")
    write_page(path, page(f"{result['data']}, protocol {result['protocol']}", parts))


def _differences(result: Mapping[str, Any]) -> go.Figure:
    names = list(result["methods"])
    spreads = [method["difference_to_mean_label"]["kl"] for method in result["methods"].values()]
    means = [spread["mean"] for spread in spreads]
    figure = go.Figure(
        go.Scatter(
            x=means,
            y=names,
            mode="markers",
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [spread["high"] - spread["mean"] for spread in spreads],
                "arrayminus": [spread["mean"] - spread["low"] for spread in spreads],
            },
        )
    )
    figure.add_vline(x=0, line_dash="dot")
    figure.update_layout(
        title="KL a trial, less the mean label's (nats; left of the line is better)",
        height=160 + 24 * len(names),
        yaxis={"autorange": "reversed"},
        template="plotly_white",
        margin={"l": 200},
    )
    return figure


def _people(found: Evaluated) -> go.Figure:
    names = [name for name in found.per_subject if "/" not in name and "@" not in name]
    subjects = found.tested.subjects
    traces = [go.Scatter(x=subjects, y=found.per_subject[name]["kl"], name=name, mode="markers") for name in names]
    figure = go.Figure(traces)
    figure.update_layout(title="KL a trial of each participant (nats)", template="plotly_white", xaxis_type="category")
    return figure


def _scores(result: Mapping[str, Any], part: str) -> str:
    methods = {name: method for name, method in result["methods"].items() if method.get(part)}
    columns = ["method", *next(iter(methods.values()))[part]]
    rows = [
        [html.escape(name), *(f"{s['mean']:.4f}<small>{s['low']:.4f} … {s['high']:.4f}</small>" for s in of.values())]
        for name, of in ((name, method[part]) for name, method in methods.items())
    ]
    return html_table(columns, rows)


def _choices(found: Evaluated) -> str:
    rows = []
    for name, choices in found.choices.items():
        counts: dict[str, int] = {}
        for choice in choices:
            words = f"{choice.setting or 'as it is'}, departure x {choice.shrinkage:g}"
            counts[words] = counts.get(words, 0) + 1
        told = "; ".join(f"{words} ({count} x)" for words, count in sorted(counts.items()))
        rows.append([html.escape(name), html.escape(told)])
    return html_table(["method", "setting (in how many of the tested parts)"], rows)
