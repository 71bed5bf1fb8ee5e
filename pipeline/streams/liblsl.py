"""The one place that loads pylsl; without a configuration of the laboratory's own, liblsl logs warnings only."""

import ctypes
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pylsl

#: Where liblsl looks for a configuration, besides the file that ``LSLAPICFG`` names.
CONFIG_FILES: Final = (Path("lsl_api.cfg"), Path("~/lsl_api/lsl_api.cfg"), Path("/etc/lsl_api/lsl_api.cfg"))


def _is_configured() -> bool:
    return bool(os.environ.get("LSLAPICFG")) or any(path.expanduser().is_file() for path in CONFIG_FILES)


# liblsl tells of every socket on stderr (level 0, INFO) and would bury the one line of an error. A content set here
# hides every configuration file, so it is set only where there is none.
if not _is_configured():
    pylsl.set_config_content("[log]\nlevel = -1\n")


def without_yielding(name: str, result: type, *arguments: type) -> Callable[..., Any]:
    """Return one of liblsl's functions, to be called without letting other threads run meanwhile.

    pylsl's own calls let them, and then wait for the interpreter, which takes longer than a function that does next to
    nothing: it was half of all the changes between sixteen readers in one process.

    Parameters
    ----------
    name : str
        The function's; it must never wait.
    result, *arguments : type
        Of ctypes.
    """
    function = ctypes.PyDLL(pylsl.lib.lib._name)[name]  # the library that pylsl has loaded
    function.restype, function.argtypes = result, arguments
    return function


__all__ = ["CONFIG_FILES", "pylsl", "without_yielding"]
