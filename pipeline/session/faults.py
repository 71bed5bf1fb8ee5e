"""What is wrong in a settings file, as one clear sentence."""

import difflib
import re
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from pipeline.errors import BadInput
from pipeline.session.alarm_rules import RULES
from pipeline.session.config import Calibration, Match, Participant, StreamSettings, Trials
from pipeline.session.scale import Item, Scale, Words

M = TypeVar("M", bound=BaseModel)


def read_mapping(path: Path, what: str, begins: str) -> dict[str, Any]:
    """Read a YAML file that holds fields.

    Parameters
    ----------
    path : Path
        The file.
    what : str
        What kind of file it is, for the error: ``a session file``.
    begins : str
        What such a file begins with, for the error.

    Raises
    ------
    BadInput
        The file cannot be read, is not YAML, or holds no fields.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: cannot be read ({error}); give the path of {what}") from error
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        line = f" in line {where.line + 1}" if where is not None else ""
        raise BadInput(f"{path}: is not YAML{line} ({getattr(error, 'problem', error)}); mend it there") from error
    if not isinstance(content, dict):
        raise BadInput(f"{path}: holds no settings; {what} begins with `{begins}`")
    return content


def checked(model: type[M], content: dict[str, Any], where: str) -> M:
    """Check the content of a settings file.

    Parameters
    ----------
    model : type
        What it is to be.
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
        return model.model_validate(content)
    except ValidationError as error:
        faults = error.errors()
        # A misspelt key is reported as missing, too: the misspelling is what to mend.
        first = next((fault for fault in faults if fault["type"] == "extra_forbidden"), faults[0])
        raise BadInput(f"{where}: {_sentence(first, model)}") from error


def _sentence(fault: Any, whole: type[BaseModel]) -> str:
    location = [str(part) for part in fault["loc"] if part != "[key]"]
    in_alarm = location[:1] == ["alarms"] and len(location) > 2
    # The kind of an alarm stands in pydantic's place of a fault, and not in the file.
    field = ".".join(location[:2] + location[3:] if in_alarm else location)
    if fault["type"] == "extra_forbidden":
        known = _fields_at(whole, location[:-1])
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
    """Return the names of the fields that may stand at a place of a file."""
    steps: dict[str, type[BaseModel]] = {
        "participants": Participant,
        "streams": StreamSettings,
        "match": Match,
        "trials": Trials,
        "calibration": Calibration,
        "rating": Scale,
        "items": Item,
        "words": Words,
    }
    if location[:1] == ["alarms"]:
        model = RULES[location[2]]
        location = []
    for part in location:
        model = steps.get(part, model)
    return list(model.model_fields)
