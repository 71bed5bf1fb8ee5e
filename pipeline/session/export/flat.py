"""The tables of a session as one column a number, as pandas, R and spreadsheets want them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.modalities import MODALITIES, Modality
from pipeline.session.ratings import TrialRating
from pipeline.session.tables import matrix
from pipeline.signals.family import FeatureSpec

_SHARES = {"distribution": "", "low": "_low", "high": "_high", "mean_label": "_mean"}
_RATED = pa.schema(
    {
        "time": pa.float64(),
        "participant": pa.string(),
        "trial": pa.string(),
        "onset": pa.float64(),
        "scale": pa.string(),
        "least": pa.int64(),
        "most": pa.int64(),
        "place": pa.int64(),
        "item": pa.string(),
        "value": pa.int64(),
        "reaction_s": pa.float64(),
        "changes": pa.int64(),
    }
)
_USE = ("weight", "valid", "quality", "used", "reasons")


def flat_estimates(estimates: pa.Table, emotions: Sequence[str]) -> pa.Table:
    """Return estimates with a column a share: ``Alert``, ``Alert_low``, ``Alert_high``, ``Alert_mean``, ``EEG_weight``.

    Parameters
    ----------
    estimates : pyarrow.Table
        As a session keeps it.
    emotions : sequence of str
        What the model estimates, in its order.
    """
    columns = {name: estimates[name] for name in ("participant", "tick", "time", "abstained", "reason")}
    for field, ending in _SHARES.items():
        shares = matrix(estimates[field], len(emotions))
        columns |= {f"{emotion}{ending}": pa.array(shares[:, k]) for k, emotion in enumerate(emotions)}
    rows = [{use["modality"]: use for use in uses} for uses in estimates["modalities"].to_pylist()]
    for modality in (one for one in MODALITIES if any(one in row for row in rows)):
        for field in _USE:
            values = [row[modality][field] if modality in row else None for row in rows]
            columns[f"{modality}_{field}"] = pa.array(map(_joined, values) if field == "reasons" else values)
    stages = [dict(row) for row in estimates["stages"].to_pylist()]
    for stage in dict.fromkeys(stage for row in stages for stage in row):
        columns[f"{stage}_s"] = pa.array([row.get(stage) for row in stages], pa.float64())
    columns["model_hash"] = estimates["model_hash"]
    return pa.table(columns)


def flat_features(features: pa.Table, specs: Mapping[Modality, FeatureSpec]) -> Iterator[tuple[str, pa.Table]]:
    """Yield for each participant and modality a name, ``P001_EEG``, and its windows with a column a feature.

    A feature has two columns: its value, and ``<name>_relative`` to the participant's own past.

    Parameters
    ----------
    features : pyarrow.Table
        As a session keeps it.
    specs : mapping of str to FeatureSpec
        What the features are; those of a modality that is not in it are numbered.
    """
    keys = features.group_by(["participant", "modality"]).aggregate([]).sort_by("modality").to_pylist()
    for key in sorted(keys, key=lambda key: (key["participant"], MODALITIES.index(key["modality"]))):
        chosen = pc.and_(
            pc.equal(features["participant"], key["participant"]), pc.equal(features["modality"], key["modality"])
        )
        rows = features.filter(chosen).sort_by("tick")
        size = len(rows["features"][0]) // 2
        names = _feature_names(specs.get(key["modality"]), size)
        values = matrix(rows["features"], 2 * size)
        columns = {
            name: rows[name] for name in rows.column_names if name not in {"modality", "features", "shape", "reasons"}
        }
        columns["reasons"] = pa.array(map(_joined, rows["reasons"].to_pylist()), pa.string())
        columns |= {name: pa.array(values[:, k]) for k, name in enumerate(names)}
        columns |= {f"{name}_relative": pa.array(values[:, size + k]) for k, name in enumerate(names)}
        yield f"{key['participant']}_{key['modality']}", pa.table(columns)


def flat_ratings(ratings: Iterable[tuple[float, TrialRating]]) -> pa.Table:
    """Return ratings with a row an item, in the order in which they were given and the items were shown.

    Parameters
    ----------
    ratings : iterable of (float, TrialRating)
        When each was done (s), and it.

    Returns
    -------
    pyarrow.Table
        ``time`` (s), ``participant``, ``trial``, ``onset`` (s), ``scale``, ``least``, ``most``, ``place`` (from 1),
        ``item``, ``value`` as chosen, ``reaction_s`` (s), ``changes``.
    """
    rows = [
        {
            "time": time,
            **{name: getattr(rating, name) for name in ("participant", "trial", "onset", "scale", "least", "most")},
            "place": place,
            "item": item.name,
            **{name: getattr(item, name) for name in ("value", "reaction_s", "changes")},
        }
        for time, rating in ratings
        for place, item in enumerate(rating.items, start=1)
    ]
    return pa.Table.from_pylist(rows, _RATED)


def _feature_names(spec: FeatureSpec | None, size: int) -> tuple[str, ...]:
    return spec.names if spec is not None else tuple(f"feature_{number}" for number in range(1, size + 1))


def _joined(reasons: Any) -> str | None:
    return None if reasons is None else "; ".join(reasons)
