"""Which sessions run on this machine, and where their store is: a small private folder a session."""

import fcntl
import json
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from pipeline.errors import BadInput

_RUN_FILE = "run.json"


@dataclass(frozen=True)
class Run:
    """A running session."""

    session: str
    pid: int
    started: float
    """When the supervisor's process was created (epoch seconds): tells a reused pid from the supervisor's."""
    store: str = ""
    """Address of its store; empty while it starts."""
    session_dir: str = ""
    port: int | None = None
    """Port of the dashboard; None where there is none."""
    control_page: str = ""
    """Address of the page that controls the session, with the key that lets it, which no other file holds."""


def runtime_root() -> Path:
    """Return this user's private folder for running sessions, made if need be (mode 0700).

    Raises
    ------
    BadInput
        The folder belongs to somebody else or is open to others.
    """
    base = os.environ.get("XDG_RUNTIME_DIR")
    root = Path(base) / "helo" if base else Path(tempfile.gettempdir()) / f"helo-{os.getuid()}"
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = root.lstat()
    if found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o077 or not stat.S_ISDIR(found.st_mode):
        raise BadInput(f"{root}: must be a folder of your own with mode 0700; remove it, or set XDG_RUNTIME_DIR")
    return root


@contextmanager
def open_runtime(session: str) -> Iterator[Path]:
    """Keep a folder for a session while it runs: empty at first, but for what `running` finds.

    Raises
    ------
    BadInput
        A session of this name is running.
    """
    root = runtime_root()
    folder = root / session
    with _alone_in(root):
        if any(run.session == session for run in running()):
            raise BadInput(f"session {session!r} is running already; stop it, or give `session` another name")
        _clear(root)
        folder.mkdir(mode=0o700)
        announce(folder, Run(session, *this_process()))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _clear(root: Path) -> None:
    """Remove what runs that were killed have left: it may hold personal data."""
    alive = {run.session for run in running()}
    for folder in root.iterdir():
        if folder.is_dir() and folder.name not in alive:
            shutil.rmtree(folder)


def announce(folder: Path, run: Run) -> None:
    """Write what `running` finds."""
    fresh = folder / f"{_RUN_FILE}.part"
    fresh.write_text(json.dumps(asdict(run)), encoding="utf-8")
    fresh.replace(folder / _RUN_FILE)


def this_process() -> tuple[int, float]:
    """Return this process's id and when it was created."""
    process = psutil.Process()
    return process.pid, process.create_time()


def running() -> list[Run]:
    """Return the sessions whose supervisor is alive, newest last."""
    runs = []
    for file in runtime_root().glob(f"*/{_RUN_FILE}"):
        try:
            run = Run(**json.loads(file.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            continue  # it ended while we looked, or another version wrote it
        if _alive(run):
            runs.append(run)
    return sorted(runs, key=lambda run: run.started)


def recording_into(folder: Path) -> bool:
    """Return whether a running session is recorded in a folder."""
    return any(run.session_dir and Path(run.session_dir).resolve() == folder.resolve() for run in running())


@contextmanager
def _alone_in(root: Path) -> Iterator[None]:
    """Wait until no other process is in here."""
    opened = os.open(root, os.O_RDONLY)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX)
        yield
    finally:
        os.close(opened)


def _alive(run: Run) -> bool:
    try:
        process = psutil.Process(run.pid)
        return process.is_running() and abs(process.create_time() - run.started) < 1.0
    except psutil.NoSuchProcess:
        return False
