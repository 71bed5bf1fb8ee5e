"""The session file on disk: read with one clear sentence about what is wrong in it, and written as run."""

from pathlib import Path
from typing import Any

import yaml

from pipeline.modalities import UNIT_FACTORS
from pipeline.session.config import PROCESSING_FIELDS, SessionFile
from pipeline.session.faults import checked, read_mapping
from pipeline.session.scale_file import with_scale


def load_session_file(path: Path) -> SessionFile:
    """Read and check a session file.

    Parameters
    ----------
    path : Path
        A YAML file.

    Raises
    ------
    BadInput
        The file cannot be read, is not YAML, or a field is wrong; the sentence names file, field and mend.
    """
    return parse_session(read_mapping(path, "a session file", "session: NAME"), str(path))


def parse_session(content: dict[str, Any], where: str) -> SessionFile:
    """Check the content of a session file.

    Parameters
    ----------
    content : dict
        As YAML gives it.
    where : str
        The file's name, for the error.

    Raises
    ------
    BadInput
        A field is wrong; only the first fault is named.
    """
    return checked(SessionFile, with_scale(content, where), where)


def dump_session(settings: SessionFile) -> str:
    """Return the session as YAML, defaults included: the session as run."""
    content = settings.model_dump(mode="json", exclude_none=True)
    for participant in content["participants"].values():
        for stream in participant["streams"].values():
            if stream["use"] not in UNIT_FACTORS:
                for field in PROCESSING_FIELDS & stream.keys():
                    del stream[field]
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
