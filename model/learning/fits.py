"""The fits of an evaluation: a method, what it learns from, what it estimates; in parallel, and kept by content."""

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from model.data.dataset import LabelledWindows
from model.data.parallel import run_all
from model.learning.baselines import Settings
from model.learning.methods import View, method_of, restricted, viewed
from model.learning.options import TrainOptions
from model.learning.plan import Plan
from pipeline.errors import BadInput

#: Libraries whose version decides, too: those that a method computes by, and those that python-ldl does.
_LIBRARIES: Final = ("numpy", "scipy", "torch", "python-ldl", "keras", "scikit-learn")
_PROGRAM: Final = Path(__file__).parents[2]


class Fit(NamedTuple):
    """A method, and the parts of the data that it does not learn from but estimates."""

    method: str
    left_out: tuple[int, ...]


@dataclass(frozen=True)
class Seen:
    """The data as a view has them."""

    windows: LabelledWindows
    plan: Plan
    row: NDArray[np.intp]
    """Of each window of the data set, its row here ``(n_windows,)``."""


def seen(windows: LabelledWindows, plan: Plan, view: View) -> Seen:
    """Return data and plan as a view has them."""
    made = viewed(windows, view)
    if view != "trial":
        return Seen(made, plan, np.arange(len(windows)))
    rows = {name: row for row, name in enumerate(made.groups().tolist())}
    row = np.array([rows[name] for name in windows.groups().tolist()])
    first = np.array([int(np.flatnonzero(row == number)[0]) for number in range(len(made))])
    return Seen(made, replace(plan, part=plan.part[first], pool=plan.pool[first]), row)


def run_fits(
    fits: Sequence[Fit],
    data: Mapping[View, Seen],
    options: TrainOptions,
    kept: Path | None,
    on_done: Callable[[str, bool], None],
) -> dict[Fit, Settings]:
    """Return what every fit estimates for the windows that it left out.

    Parameters
    ----------
    fits : sequence of Fit
        Each once.
    data : mapping
        View -> data.
    options : TrainOptions
        Of the networks, and the seed of whatever is drawn.
    kept : Path or None
        Folder of results that were computed before, by their content; new ones join them. None keeps nothing.
    on_done : callable
        Told the method of each fit that is there, and whether it was computed now.

    Returns
    -------
    dict
        Fit -> setting -> distributions of the left-out windows, in the order of the view's data.

    Raises
    ------
    BadInput
        A result cannot be kept; those that were kept before stay.
    """
    files: dict[Fit, Path | None] = dict.fromkeys(fits)
    if kept is not None:
        try:
            kept.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _not_kept(kept, error) from error
        contents = {view: _Contents(one) for view, one in data.items()}
        files = {fit: kept / f"{_key(fit, contents, options)}.npz" for fit in fits}
    made: dict[Fit, Settings] = {}
    for fit, file in files.items():
        if file is not None and file.exists():
            made[fit] = _load(file)
            on_done(fit.method, False)
    # Networks take longest: what is started last should be short.
    open_fits = sorted((fit for fit in fits if fit not in made), key=lambda fit: "model/network" not in _sources(fit))
    if open_fits:
        order = iter(open_fits)
        computed = run_all(
            _compute,
            [(fit, files[fit]) for fit in open_fits],
            lambda: on_done(next(order).method, True),
            setup=_share,
            given=(dict(data), options),
        )
        made |= dict(zip(open_fits, computed, strict=True))
    return made


def default_cache() -> Path:
    """Return where results are kept: ``helo/evaluate`` in the user's cache folder."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "helo" / "evaluate"


#: What all fits of this process share: data by view, and options.
_shared: list[tuple[Mapping[View, Seen], TrainOptions]] = []


def _share(data: Mapping[View, Seen], options: TrainOptions) -> None:
    _shared[:] = [(data, options)]


def _compute(task: tuple[Fit, Path | None]) -> Settings:
    fit, file = task
    data, options = _shared[0]
    method = method_of(fit.method)
    one = data[method.view]
    windows = restricted(one.windows, method.takes)
    training, test = (windows.take(rows(fit.left_out)) for rows in (one.plan.training, one.plan.left_out))
    made = method.fit(training, test, options)
    if file is not None:
        keep_result(file, made)
    return made


def keep_result(file: Path, made: Settings) -> None:
    """Write the result of a fit; under its name it is whole.

    Parameters
    ----------
    file : Path
        The .npz file, in a folder that is there.
    made : mapping
        Setting -> distributions ``(n_windows, n_emotions)``.

    Raises
    ------
    BadInput
        It cannot be written there.
    """
    part = file.with_suffix(f".{os.getpid()}.part")
    try:
        try:
            with part.open("wb") as opened:
                np.savez(opened, settings=np.array(list(made)), estimates=np.stack(list(made.values())))
            part.replace(file)
        finally:
            part.unlink(missing_ok=True)  # half of a result, where there was no room for all of it
    except OSError as error:
        raise _not_kept(file.parent, error) from error


def _not_kept(folder: Path, error: OSError) -> BadInput:
    return BadInput(
        f"--cache: {folder}: cannot be written ({error.strerror or error}); give another folder, or make room (results "
        "that were kept before are found again)"
    )


def _load(file: Path) -> Settings:
    with np.load(file, allow_pickle=False) as content:
        return dict(zip(content["settings"].tolist(), content["estimates"], strict=True))


def _sources(fit: Fit) -> tuple[str, ...]:
    return method_of(fit.method).sources


class _Contents:
    """Digests of the parts of a view's data, each made once."""

    def __init__(self, one: Seen) -> None:
        self._one = one
        self._known: dict[tuple[int, tuple[str, ...]], bytes] = {}

    def digest(self, parts: Sequence[int], takes: tuple[str, ...]) -> list[bytes]:
        return [self._part(part, takes) for part in parts]

    def parts(self, left_out: tuple[int, ...]) -> list[int]:
        rows = self._one.plan.training(left_out)
        return [int(part) for part in np.unique(self._one.plan.part[rows])]

    def _part(self, part: int, takes: tuple[str, ...]) -> bytes:
        if (part, takes) not in self._known:
            windows = restricted(self._one.windows.take(self._one.plan.left_out((part,))), takes)
            digest = hashlib.sha256()
            for name, array in windows.features.items():
                digest.update(f"{name} {array.shape}".encode() + np.ascontiguousarray(array).tobytes())
            digest.update(windows.present.tobytes() + windows.labels.tobytes())
            digest.update("\n".join(windows.groups().tolist()).encode())
            self._known[part, takes] = digest.digest()
        return self._known[part, takes]


def _key(fit: Fit, contents: Mapping[View, _Contents], options: TrainOptions) -> str:
    """Return the name of all that a fit's result depends on."""
    method = method_of(fit.method)
    content = contents[method.view]
    digest = hashlib.sha256(fit.method.partition("@")[0].encode())
    digest.update(msgspec.json.encode(options) + program(method.sources))
    for parts in (content.parts(fit.left_out), fit.left_out):
        digest.update(b"".join([str(len(parts)).encode(), *content.digest(parts, method.takes)]))
    return digest.hexdigest()


@cache
def program(sources: tuple[str, ...]) -> bytes:
    """Return the digest of what a method is computed by: libraries, and files of the program.

    Parameters
    ----------
    sources : tuple of str
        The files and folders, as `Method.sources` names them.
    """
    digest = hashlib.sha256()
    for name in _LIBRARIES:
        with suppress(PackageNotFoundError):  # the extra `baselines` may be missing
            digest.update(f"{name} {version(name)}\n".encode())
    for source in sources:
        path = _PROGRAM / source
        for file in sorted(path.glob("*.py")) if path.is_dir() else [path]:
            digest.update(file.name.encode() + file.read_bytes())
    return digest.digest()
