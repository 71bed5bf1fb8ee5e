"""Read any file that MNE reads: one EEG stream in microvolts, and its annotations as markers."""

import warnings
from pathlib import Path
from typing import Any, Final

import numpy as np

from pipeline.errors import BadInput
from pipeline.files.recording import RecordedStream, Recording, describe, markers
from pipeline.records import Array

#: Signals are read in blocks of this length (s), so that a file that is cut off is read up to its last whole block.
_BLOCK_S: Final = 1.0
#: FIFF's number of a unit -> unit here, and the factor to it.
_UNITS: Final = {107: ("uV", 1e6), 110: ("uS", 1e6), 112: ("T", 1.0), 114: ("degC", 1.0), 201: ("T/m", 1.0)}


def read_mne(path: Path) -> Recording:
    """Read a file by `mne.io.read_raw`.

    Channels in volts become microvolts, and siemens microsiemens (float32); others keep MNE's unit. The stream is
    named after the file, its type is EEG. Annotations become a stream of markers, ``<name>-markers``, at their onsets.

    Parameters
    ----------
    path : Path
        The file, or the folder that stands for one (``.ds``, ``.mff``).

    Raises
    ------
    BadInput
        MNE does not read the file, or it holds no samples.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        raw = _open(path)
        data, cut = _signals(raw)
    if not len(data):
        raise BadInput(f"{path}: holds no samples that can be read{f' ({cut})' if cut else ''}; give another file")
    notes = [f"MNE says: {_first_line(warning.message)}" for warning in caught]
    if cut:
        read_s, whole_s = (n_times / raw.info["sfreq"] for n_times in (len(data), raw.n_times))
        notes.append(f"the file is cut off: {read_s:.1f} of {whole_s:.1f} s could be read")
    signals = _stream(path, raw, data)
    marks = _markers(path, raw, signals.end)
    return Recording(path, (signals, marks) if marks else (signals,), notes=tuple(dict.fromkeys(notes)))


def _open(path: Path) -> Any:
    import mne

    try:
        return mne.io.read_raw(path, preload=False, verbose="WARNING")
    except Exception as error:
        raise BadInput(
            f"{path}: MNE does not read it ({_first_line(error)}); give a session folder, an .xdf file, a file that "
            "MNE reads, a folder or zip of Empatica E4 CSV files, or a .csv table"
        ) from error


def _signals(raw: Any) -> tuple[Array, str]:
    """Return the signals, (n_times, n_channels) in MNE's units, as far as they can be read, and why no further."""
    block = max(1, round(_BLOCK_S * raw.info["sfreq"]))
    blocks = []
    reason = ""
    for start in range(0, raw.n_times, block):
        try:
            blocks.append(raw.get_data(start=start, stop=min(start + block, raw.n_times), verbose="WARNING").T)
        except (OSError, RuntimeError, ValueError) as error:
            reason = _first_line(error)
            break
    return (np.concatenate(blocks) if blocks else np.empty((0, len(raw.ch_names)))), reason


def _stream(path: Path, raw: Any, data: Array) -> RecordedStream:
    known = [_UNITS.get(int(channel["unit"]), ("a.u.", 1.0)) for channel in raw.info["chs"]]
    sfreq = float(raw.info["sfreq"])
    info = describe(
        path,
        "signals",
        name=path.stem,
        type="EEG",
        sfreq=sfreq,
        ch_names=tuple(raw.ch_names),
        units=tuple(unit for unit, _ in known),
    )
    scaled = (data * np.array([factor for _, factor in known])).astype(np.float32)
    return RecordedStream(info, np.arange(len(data)) / sfreq, scaled)


def _markers(path: Path, raw: Any, end: float) -> RecordedStream | None:
    onsets = np.asarray(raw.annotations.onset, np.float64) - float(raw.first_time)
    inside = np.flatnonzero((onsets >= 0) & (onsets < end))
    if not inside.size:
        return None
    return markers(path, f"{path.stem}-markers", onsets[inside], [str(raw.annotations.description[i]) for i in inside])


def _first_line(fault: object) -> str:
    lines = str(fault).strip().splitlines()
    return lines[0].rstrip(".") if lines else "it does not know this format"
