"""The baselines of label distribution learning, by python-ldl (extra ``baselines``).

They run with its defaults, but for SA-IIS: 200 iterations instead of 500, which take a tenth of a table's time.

Geng, Label Distribution Learning, IEEE TKDE 28(7), 2016; LDL-LRR: Jia et al., IEEE TKDE 35(2), 2023.
"""

import importlib.util
import os
import warnings
from typing import Any, Final

import numpy as np

from model.data.dataset import Float, LabelledWindows
from model.learning.baselines import Settings
from model.learning.inputs import balanced, vectors
from model.learning.options import TrainOptions
from pipeline.errors import BadInput

#: Name in tables -> python-ldl's class, arguments of the class, arguments of its fit.
ALGORITHMS: Final[dict[str, tuple[str, dict[str, Any], dict[str, Any]]]] = {
    "ldl/pt-bayes": ("PT_Bayes", {}, {}),
    "ldl/pt-svm": ("PT_SVM", {}, {}),
    "ldl/aa-knn": ("AA_KNN", {}, {}),
    "ldl/aa-bp": ("AA_BP", {}, {}),
    "ldl/sa-iis": ("SA_IIS", {}, {"max_iterations": 200}),
    "ldl/sa-bfgs": ("SA_BFGS", {}, {}),
    "ldl/ldl-lrr": ("LDL_LRR", {}, {}),
}


def is_there() -> bool:
    """Tell whether python-ldl is installed."""
    return importlib.util.find_spec("pyldl") is not None


def label_distribution(name: str, training: LabelledWindows, test: LabelledWindows, options: TrainOptions) -> Settings:
    """Estimate by one of `ALGORITHMS`.

    Parameters
    ----------
    name : str
        Which.
    training, test : LabelledWindows
        To learn from, and to estimate.
    options : TrainOptions
        Of which the seed is used.

    Raises
    ------
    BadInput
        The extra is not installed.
    """
    if not is_there():
        raise BadInput(f"--methods: {name} needs python-ldl; install it by pip install 'helo-live[baselines]'")
    os.environ.setdefault("KERAS_BACKEND", "torch")  # before keras is loaded
    import keras
    import torch
    from pyldl import algorithms

    kind, of_class, of_fit = ALGORITHMS[name]
    chosen = balanced(training)
    inputs = vectors(chosen, test, "relative")
    labels = chosen.labels.astype(np.float64)
    # One thread, as for the networks: these matrices are too small to share.
    torch.set_num_threads(1)
    keras.utils.set_random_seed(options.seed)
    with warnings.catch_warnings():
        # That it has not converged, or that a logarithm overflowed, is part of how a method does by default.
        warnings.simplefilter("ignore")
        model = getattr(algorithms, kind)(**of_class)
        model.fit(inputs.training, labels / labels.sum(1, keepdims=True), **of_fit)
        found = np.asarray(model.predict(inputs.test), np.float64)
    return {"": _distributions(found)}


def _distributions(found: Any) -> Float:
    """Return estimates as distributions: a method may end up a rounding, or a negative share, away from one."""
    shares = np.maximum(np.nan_to_num(found, nan=0.0), 1e-9)
    return np.asarray(shares / shares.sum(1, keepdims=True), np.float32)
