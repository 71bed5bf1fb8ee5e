"""Room on the disk while a session is recorded: an alarm while there is time, a stop before there is none."""

import shutil
from pathlib import Path
from typing import Final

#: Below this the operator is told (bytes).
ALARM_BELOW: Final = 1 << 30
#: Below this the recording is stopped, so that its files can still be ended (bytes).
STOP_BELOW: Final = 64 << 20


class Disk:
    """Look at the disk that a folder is on.

    Parameters
    ----------
    path : Path
        The folder.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._told = False
        self.free = 0

    def look(self) -> str:
        """Look how much is free; return a sentence where there is little, once until there is enough again."""
        self.free = shutil.disk_usage(self._path).free
        low = self.free < ALARM_BELOW
        told, self._told = self._told, low
        if low and not told:
            return f"Only {self.free / 1e6:.0f} MB are free in {self._path}; make room, or the recording stops."
        return ""

    @property
    def full(self) -> bool:
        """Whether there is no room to go on."""
        return self.free < STOP_BELOW
