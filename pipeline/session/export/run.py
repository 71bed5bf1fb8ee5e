"""Export a recorded session: the whole folder appears, or none."""

from pathlib import Path
from typing import Any, Final, Literal

from pipeline.errors import BadInput
from pipeline.session.export.bids import require_mne_bids, write_bids
from pipeline.session.export.tables import write_tables
from pipeline.session.export.whole import require_absent, whole_folder
from pipeline.session.outline import read_outline
from pipeline.session.recorded import open_session

Kind = Literal["parquet", "csv", "bids"]
#: Where exports go unless said otherwise, within the session's folder.
FOLDER: Final = "export"


def export(path: Path, kind: Kind, out: Path | None) -> dict[str, Any]:
    """Export a recorded session.

    Parameters
    ----------
    path : Path
        The session folder.
    kind : str
        ``parquet``, ``csv`` or ``bids``.
    out : Path | None
        A folder that does not exist yet; ``export/<kind>`` in the session folder by default.

    Returns
    -------
    dict
        What ``--json`` prints: ``session``, ``to``, ``out``, ``files``, ``notes``.

    Raises
    ------
    BadInput
        It is no recorded session, it is still being recorded, or the place is taken or cannot be written.
    """
    target = out or path / FOLDER / kind
    require_absent(target)
    if kind == "bids":
        require_mne_bids()
    outline = read_outline(path)
    if outline.running:
        raise BadInput(f"{path}: is still being recorded; export it when the session has ended (`helo control stop`)")
    session = open_session(path)
    with whole_folder(target) as folder:
        notes = write_bids(session, outline, folder) if kind == "bids" else write_tables(session, outline, folder, kind)
        files = sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())
    return {
        "session": outline.settings.session,
        "to": kind,
        "out": str(target),
        "files": files,
        "notes": [*session.notes, *notes],
    }
