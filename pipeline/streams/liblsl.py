"""The one place that loads pylsl; without a configuration of the laboratory's own, liblsl logs warnings only."""

import os
from pathlib import Path
from typing import Final

import pylsl

#: Where liblsl looks for a configuration, besides the file that ``LSLAPICFG`` names.
CONFIG_FILES: Final = (Path("lsl_api.cfg"), Path("~/lsl_api/lsl_api.cfg"), Path("/etc/lsl_api/lsl_api.cfg"))


def _is_configured() -> bool:
    return bool(os.environ.get("LSLAPICFG")) or any(path.expanduser().is_file() for path in CONFIG_FILES)


# liblsl tells of every socket on stderr (level 0, INFO) and would bury the one line of an error. A content set here
# hides every configuration file, so it is set only where there is none.
if not _is_configured():
    pylsl.set_config_content("[log]\nlevel = -1\n")

__all__ = ["CONFIG_FILES", "pylsl"]
