"""Scale files: those that come with helo, and one's own."""

from pathlib import Path
from typing import Any, Final

from pipeline.errors import BadInput
from pipeline.session.faults import checked, read_mapping
from pipeline.session.scale import Scale

SHIPPED: Final = Path(__file__).with_name("scales")
_FILE_ENDINGS: Final = (".yaml", ".yml")


def load_scale(scale: str, beside: Path) -> Scale:
    """Read and check a scale.

    Parameters
    ----------
    scale : str
        Name of one that comes with helo, or the path of a file.
    beside : Path
        The folder that a relative path begins at.

    Raises
    ------
    BadInput
        There is no such scale, the file is not YAML, or a field is wrong.
    """
    if scale.endswith(_FILE_ENDINGS):
        path = beside / scale
    elif scale in (known := sorted(file.stem for file in SHIPPED.glob("*.yaml"))):
        path = SHIPPED / f"{scale}.yaml"
    else:
        raise BadInput(f"no scale {scale!r}; there are {', '.join(known)}, or give the path of a .yaml file")
    return checked(Scale, read_mapping(path, "a scale file", "title: NAME"), str(path))


def with_scale(content: dict[str, Any], where: str) -> dict[str, Any]:
    """Return the content of a session file with its scale in the place of the scale file's name.

    So the session as run holds what was asked, wherever that file is later.

    Parameters
    ----------
    content : dict
        As YAML gives it.
    where : str
        The session file; a relative path of the scale file begins at its folder.

    Raises
    ------
    BadInput
        The scale file cannot be read, or a field in it is wrong.
    """
    rating = content.get("rating")
    if rating is None or (isinstance(rating, dict) and "scale" not in rating):
        return content
    if not isinstance(rating, dict) or len(rating) > 1 or not isinstance(rating["scale"], str):
        raise BadInput(f"{where}: rating: is one line, as `rating: {{scale: panas-short}}`; write it so")
    try:
        scale = load_scale(rating["scale"], Path(where).parent)
    except BadInput as error:
        raise BadInput(f"{where}: rating.scale: {error}") from error
    return {**content, "rating": scale.model_dump(exclude_unset=True)}
