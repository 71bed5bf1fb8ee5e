"""The session file on disk: read with one clear sentence about what is wrong in it, and written as run."""

import difflib
import re
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from pipeline.errors import BadInput
from pipeline.modalities import UNIT_FACTORS
from pipeline.session.alarm_rules import RULES
from pipeline.session.config import (
    PROCESSING_FIELDS,
    Calibration,
    Match,
    Participant,
    SessionFile,
    StreamSettings,
    Trials,
)


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
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: cannot be read ({error}); give the path of a session file") from error
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        line = f" in line {where.line + 1}" if where is not None else ""
        raise BadInput(f"{path}: is not YAML{line} ({getattr(error, 'problem', error)}); mend it there") from error
    if not isinstance(content, dict):
        raise BadInput(f"{path}: holds no settings; a session file begins with `session: NAME`")
    return parse_session(content, str(path))


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
    try:
        return SessionFile.model_validate(content)
    except ValidationError as error:
        faults = error.errors()
        # A misspelt key is reported as missing, too: the misspelling is what to mend.
        first = next((fault for fault in faults if fault["type"] == "extra_forbidden"), faults[0])
        raise BadInput(f"{where}: {_sentence(first)}") from error


def dump_session(settings: SessionFile) -> str:
    """Return the session as YAML, defaults included: the session as run."""
    content = settings.model_dump(mode="json", exclude_none=True)
    for participant in content["participants"].values():
        for stream in participant["streams"].values():
            if stream["use"] not in UNIT_FACTORS:
                for field in PROCESSING_FIELDS & stream.keys():
                    del stream[field]
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True)


def _sentence(fault: Any) -> str:
    location = [str(part) for part in fault["loc"] if part != "[key]"]
    in_alarm = location[:1] == ["alarms"] and len(location) > 2
    # The kind of an alarm stands in pydantic's place of a fault, and not in the file.
    field = ".".join(location[:2] + location[3:] if in_alarm else location)
    if fault["type"] == "extra_forbidden":
        known = _fields_at(SessionFile, location[:-1])
        near = difflib.get_close_matches(location[-1], known, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}?" if near else f"known here are {', '.join(known)}"
        return f"{field} is not a known key; {hint}"
    if fault["type"] in {"union_tag_invalid", "union_tag_not_found"}:
        found = f"{fault['ctx']['tag']!r} is no alarm" if "tag" in fault.get("ctx", {}) else "is missing"
        return f"{field}.when: {found}; use one of {', '.join(RULES)}"
    if fault["type"] == "missing":
        if location[-1] == "consent":
            return f"{field} is missing; give the reference of the participant's consent, for example ICF-v3"
        return f"{field} is missing; add it"
    if fault["type"] == "string_pattern_mismatch":
        return (
            f"{field}: {fault['input']!r} is no name; use letters, digits, - and _ (a participant: letters and digits)"
        )
    message = re.sub(r"^Value error, ", "", fault["msg"])
    shown = f" (found {fault['input']!r})" if isinstance(fault["input"], str | int | float | bool) else ""
    return f"{field}: {message}{shown}" if field else message


def _fields_at(model: type[BaseModel], location: list[str]) -> list[str]:
    """Return the names of the fields that may stand at a place of the session file."""
    steps: dict[str, type[BaseModel]] = {
        "participants": Participant,
        "streams": StreamSettings,
        "match": Match,
        "trials": Trials,
        "calibration": Calibration,
    }
    if location[:1] == ["alarms"]:
        model = RULES[location[2]]
        location = []
    for part in location:
        model = steps.get(part, model)
    return list(model.model_fields)
