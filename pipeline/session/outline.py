"""What a recorded session tells without its raw signals: settings, estimates, events, trials. Read in a moment."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from pipeline.errors import BadInput
from pipeline.session import folder
from pipeline.session.config import SessionFile
from pipeline.session.settings_file import load_session_file
from pipeline.session.tables import ESTIMATES, read_table
from pipeline.session.trials import Trial, trials_of

#: Where `helo analyze` puts what it makes of a session.
_ANALYSIS: Final = "analysis"


@dataclass(frozen=True)
class Outline:
    """A recorded session, one that still runs as far as it has come."""

    path: Path
    settings: SessionFile
    provenance: Mapping[str, Any]
    events: tuple[Mapping[str, Any], ...]
    """``time`` (s), ``kind``, ``text``, ``source``; in the order of their times."""
    trials: tuple[Trial, ...]
    running: bool

    @property
    def model(self) -> Mapping[str, Any]:
        """What is known of the model; empty where the session ended before it was loaded."""
        found: Mapping[str, Any] = self.provenance.get("model") or {}
        return found

    @property
    def emotions(self) -> tuple[str, ...]:
        """What the model estimates."""
        return _emotions(self.provenance)

    @property
    def blind(self) -> bool:
        """Whether the estimates were to be hidden."""
        return self.settings.display == "blind"

    def estimates(self) -> pa.Table:
        """Return the estimates, as far as they are on the disk."""
        return table_of(self.path)

    def again(self) -> pa.Table:
        """Return the estimates of ``analysis/``, where `helo analyze` puts what it makes of a session."""
        return table_of(self.path / _ANALYSIS)

    @property
    def emotions_again(self) -> tuple[str, ...]:
        """What the model of ``analysis/`` estimates; empty where nothing says so."""
        return _emotions(_provenance_of(self.path / _ANALYSIS))


def is_recorded(path: Path) -> bool:
    """Tell whether a folder holds a session: its settings, and where it comes from."""
    return all((path / name).is_file() for name in (folder.SETTINGS, folder.PROVENANCE))


def read_outline(path: Path) -> Outline:
    """Read a session's folder; nothing in it is touched, so that it may be one that is being recorded.

    Raises
    ------
    BadInput
        It is no such folder, or a file in it is damaged.
    """
    if not is_recorded(path):
        raise BadInput(
            f"{path}: is no recorded session, it lacks {folder.SETTINGS} or {folder.PROVENANCE}; "
            "give a folder that `helo run` wrote"
        )
    settings = load_session_file(path / folder.SETTINGS)
    provenance = _provenance_of(path)
    events = sorted(folder.read_events(path), key=lambda event: event["time"])
    trials = trials_of(events, settings.trials) if settings.trials else []
    return Outline(path, settings, provenance, tuple(events), tuple(trials), folder.being_recorded(path))


def table_of(path: Path) -> pa.Table:
    """Return the estimates in a folder, none where there is no such table.

    Raises
    ------
    BadInput
        There is one that cannot be read.
    """
    if not any((path / f"estimates.{kind}").exists() for kind in ("parquet", "arrows")):
        return pa.Table.from_batches([], ESTIMATES)
    try:
        return read_table(path / "estimates")
    except (OSError, pa.ArrowInvalid) as error:
        raise BadInput(
            f"{path / 'estimates'}: cannot be read ({error}); give the recording as it was written"
        ) from error


def _provenance_of(path: Path) -> dict[str, Any]:
    """Return where what lies in a folder comes from, nothing where it does not say."""
    try:
        return folder.read_provenance(path)
    except (OSError, ValueError) as error:
        raise BadInput(
            f"{path / folder.PROVENANCE}: cannot be read ({error}); give the recording as it was written"
        ) from error


def _emotions(provenance: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(map(str, (provenance.get("model") or {}).get("emotions", ())))
