"""Which sessions run on this machine, and where their store is: a small private folder a session."""

import fcntl
import json
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from pipeline.errors import BadInput
from pipeline.session.holding import held, hold

_RUN_FILE = "run.json"


@dataclass(frozen=True)
class Run:
    """A running session."""

    session: str
    store: str = ""
    """Address of its store; empty while it starts."""
    session_dir: str = ""
    port: int | None = None
    """Port of the dashboard; None where there is none."""
    control_page: str = ""
    """Address of the page that controls the session, with the key that lets it, which no other file holds."""
    pid: int = field(default_factory=os.getpid)
    """Of the supervisor."""
    announced: float = field(default_factory=time.time)
    """Epoch time (s)."""


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
    """Keep a folder for a session while it runs, and hold it: empty at first, but for what `running` finds.

    Raises
    ------
    BadInput
        A session of this name is running.
    """
    root = runtime_root()
    folder = root / session
    with _alone_in(root):
        if held(folder):
            raise BadInput(f"session {session!r} is running already; stop it, or give `session` another name")
        _clear(root)
        # Held before it has its name: whoever looks at it just then holds it for that moment, and it could not be held.
        unnamed = Path(tempfile.mkdtemp(dir=root))
        descriptor = os.open(unnamed, os.O_RDONLY)
        hold(descriptor)
        announce(unnamed, Run(session))
        unnamed.rename(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
        os.close(descriptor)


def _clear(root: Path) -> None:
    """Remove what runs that were killed have left: it may hold personal data."""
    for folder in root.iterdir():
        if folder.is_dir() and not held(folder):
            shutil.rmtree(folder)


def announce(folder: Path, run: Run) -> None:
    """Write what `running` finds."""
    fresh = folder / f"{_RUN_FILE}.part"
    fresh.write_text(json.dumps(asdict(run)), encoding="utf-8")
    fresh.replace(folder / _RUN_FILE)


def running() -> list[Run]:
    """Return the sessions whose supervisor is alive, newest last."""
    runs = []
    for file in runtime_root().glob(f"*/{_RUN_FILE}"):
        try:
            run = Run(**json.loads(file.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            continue  # it ended while we looked, or another version wrote it
        if held(file.parent):
            runs.append(run)
    return sorted(runs, key=lambda run: run.announced)


@contextmanager
def _alone_in(root: Path) -> Iterator[None]:
    """Wait until no other process is in here."""
    opened = os.open(root, os.O_RDONLY)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX)
        yield
    finally:
        os.close(opened)
