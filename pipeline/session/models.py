"""Which models may be chosen while a session is set up, by names that a page may show and say."""

from pathlib import Path

from pipeline.states import Chosen

SHIPPED = "shipped"


def offered(chosen: Chosen) -> dict[str, str]:
    """Return name -> model, ``shipped`` or a file: the shipped one, the session file's, the folder's, the one in use.

    Parameters
    ----------
    chosen : Chosen
        What the supervisor says.
    """
    found = {SHIPPED: SHIPPED}
    for model in (chosen.given, *_in(Path(chosen.folder)), chosen.model):
        if model not in found.values():
            name = Path(model).name
            found[model if name in found else name] = model
    return found


def _in(folder: Path) -> list[str]:
    """Return the models in a folder, without those whose name cannot be shown."""
    return [str(path) for path in sorted(folder.glob("*.safetensors")) if path.name.isprintable()]
