"""What all tests share. LSL is confined to this machine before anything loads liblsl."""

import os
import resource
import signal
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from pipeline.streams.confine import confine

_FOLDER = tempfile.TemporaryDirectory(prefix="helo-tests-")
os.environ.pop("LSLAPICFG", None)
with confine(Path(_FOLDER.name)).open("a", encoding="utf-8") as _configuration:
    # Tests that run side by side, and whatever else publishes on this machine, do not see one another's streams.
    _configuration.write(f"[lab]\nSessionID = helo-tests-{os.getpid()}\n")
# Running sessions announce themselves here, apart from those of whoever runs the tests.
os.environ["XDG_RUNTIME_DIR"] = _FOLDER.name
os.environ.pop("HELO_REDIS_URL", None)
os.environ.pop("HELO_PORT", None)
os.environ.pop("HELO_ADDRESS", None)
os.environ.pop("HELO_OPENID", None)

# A shell that runs the tests in the background leaves Ctrl-C ignored, nohup a closed terminal; what they start would
# inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

# No test asserts a wall time: a machine may be busy.
settings.register_profile("helo", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("helo")

pytest_plugins = ["tests.store_fixtures", "tests.model_fixtures"]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real recordings; skip where it is absent."""
    default = Path(__file__).parents[2] / "shared" / "data"
    folder = Path(os.environ.get("HELO_SHARED_DATA", default))
    if not folder.is_dir():
        pytest.skip(f"no real recordings at {folder} (set HELO_SHARED_DATA)")
    return folder


@pytest.fixture
def unique() -> str:
    """Return a name that no other test uses."""
    return f"t{uuid.uuid4().hex[:12]}"


@pytest.fixture
def limited() -> Iterator[Callable[[int], None]]:
    """Let no file of this process grow beyond so many bytes, for a while."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    signal.signal(signal.SIGXFSZ, before)
