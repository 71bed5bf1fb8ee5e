"""Which sessions run on this machine, and where their store is: a small private folder a session."""

import json
import os
import shutil
import stat
import tempfile
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
    store: str
    session_dir: str
    port: int | None
    """Port of the dashboard; None where there is none."""


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


def open_runtime(session: str) -> Path:
    """Return the empty folder of a session that is about to run.

    Raises
    ------
    BadInput
        A session of this name is running.
    """
    if any(run.session == session for run in running()):
        raise BadInput(f"session {session!r} is running already; stop it, or give `session` another name")
    folder = runtime_root() / session
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(mode=0o700)
    return folder


def announce(folder: Path, run: Run) -> None:
    """Write what `running` finds."""
    (folder / _RUN_FILE).write_text(json.dumps(asdict(run)), encoding="utf-8")


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
            continue  # it ended, or is being written, while we looked
        if _alive(run):
            runs.append(run)
    return sorted(runs, key=lambda run: run.started)


def _alive(run: Run) -> bool:
    try:
        process = psutil.Process(run.pid)
        return process.is_running() and abs(process.create_time() - run.started) < 1.0
    except psutil.NoSuchProcess:
        return False
