"""A BrainFlow board's streams over LSL.

BrainFlow is imported where it is used: only the extra ``brainflow`` brings it.
"""

import threading
import time
import warnings
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Final

from pipeline.errors import BadInput
from pipeline.records import StreamInfo
from pipeline.streams.clock import local_clock
from pipeline.streams.closing import Closing
from pipeline.streams.outlet import Outlet

#: How often the board is asked for what came (s): BrainFlow has no call that waits for samples.
_EVERY_S: Final = 0.04
#: A board that is silent for so long (s) is given up.
_SILENCE_S: Final = 10.0
#: What counts a preset's packets. Where a packet holds many samples it proves nothing, and is not believed.
_COUNTER: Final = ("packet counter", "count")


@dataclass(frozen=True)
class _Kind:
    """One kind of signal that a board may have."""

    rows: str
    """Where BrainFlow's description of a preset names its rows."""
    type: str
    unit: str
    """BrainFlow gives EEG in uV; of the rest it says no unit, and so do we: it is the session file's to say."""


_KINDS: Final = (
    _Kind("eeg_channels", "EEG", "uV"),
    _Kind("eda_channels", "GSR", ""),
    _Kind("ppg_channels", "PPG", ""),
    _Kind("temperature_channels", "Temperature", ""),
    _Kind("accel_channels", "Motion", ""),
)


@dataclass(frozen=True)
class _Stream:
    preset: int
    rows: tuple[int, ...]
    stamps: int
    outlet: Outlet


class Board(Closing):
    """A board that samples, open on LSL from construction to `close`.

    Each kind of signal that the board has becomes a stream ``NAME-EEG``, ``-GSR``, ``-PPG``, ``-Temperature`` and
    ``-Motion``, stamped by BrainFlow's own time of each sample.

    Parameters
    ----------
    board : str
        BrainFlow's name of it, such as ``cyton``, in any spelling and with or without ``_BOARD``.
    given : mapping of str to str
        What the board needs to be found: fields of BrainFlow's input parameters, ``serial_port`` say.
    name : str
        Begins the streams' names and source ids.

    Raises
    ------
    BadInput
        There is no such board or field, the extra ``brainflow`` is not installed, or the board does not start.
    """

    def __init__(self, board: str, given: Mapping[str, str], *, name: str) -> None:
        self._brainflow = _brainflow()
        self._open = ExitStack()
        self.label = board
        number = self._number(board)
        self._board = self._brainflow.BoardShim(number, self._inputs(given))
        try:
            self._board.prepare_session()
            self._open.callback(self._board.release_session)
            self._board.start_stream()
        except self._brainflow.BrainFlowError as error:
            self._open.close()
            raise BadInput(
                f"board {board}: does not start ({error}); is it on, and is what --with says of it right?"
            ) from error
        self._streams = self._publish(number, name)

    @property
    def infos(self) -> tuple[StreamInfo, ...]:
        """What each stream says of itself."""
        return tuple(stream.outlet.info for stream in self._streams)

    def run(self, stop: threading.Event, *, duration: float = float("inf")) -> None:
        """Send what the board samples until `stop` is set.

        Parameters
        ----------
        stop : threading.Event
            Ends it at once.
        duration : float
            End after this many seconds.

        Raises
        ------
        BadInput
            The board fell silent.
        """
        begun = heard = local_clock()
        while not stop.wait(_EVERY_S) and local_clock() - begun < duration:
            if self._send():
                heard = local_clock()
            elif local_clock() - heard > _SILENCE_S:
                raise BadInput(f"board {self.label}: no sample for {_SILENCE_S:g} s; is it on, and near enough?")

    def _send(self) -> int:
        """Send what came since the last time; return how many samples that was."""
        from_unix = local_clock() - time.time()
        sent = 0
        for preset in {stream.preset for stream in self._streams}:
            data = self._board.get_board_data(preset=preset)
            sent += data.shape[1]
            for stream in self._streams:
                if stream.preset == preset:
                    stream.outlet.push(
                        data[list(stream.rows)].T.astype("float32", order="C"), data[stream.stamps] + from_unix
                    )
        return sent

    def _publish(self, number: int, name: str) -> list[_Stream]:
        shim = self._brainflow.BoardShim
        streams: list[_Stream] = []
        for preset in sorted(shim.get_board_presets(number)):
            description = shim.get_board_descr(number, preset)
            description["sampling_rate"] = self._board.get_board_sampling_rate(preset)  # as this one is set
            for kind in _KINDS:
                rows = tuple(description.get(kind.rows, ()))
                taken = any(stream.outlet.info.type == kind.type for stream in streams)
                if rows and not taken:
                    outlet = self._open.enter_context(Outlet(_info(kind, description, rows, name)))
                    every = (description["package_num_channel"], *rows)
                    streams.append(_Stream(preset, every, description["timestamp_channel"], outlet))
        return streams

    def _number(self, board: str) -> int:
        known = {one.name.removesuffix("_BOARD").lower(): one.value for one in self._brainflow.BoardIds}
        wanted = board.lower().replace("-", "_").removesuffix("_board")
        if wanted not in known:
            raise BadInput(f"--board: BrainFlow knows no {board!r}; give one of {', '.join(sorted(known))}")
        return int(known[wanted])

    def _inputs(self, given: Mapping[str, str]) -> Any:
        inputs = self._brainflow.BrainFlowInputParams()
        for field, value in given.items():
            now = getattr(inputs, field, None)
            if not isinstance(now, str | int):
                known = sorted(key for key, one in vars(inputs).items() if isinstance(one, str | int))
                raise BadInput(f"--with: BrainFlow knows no {field!r}; give one of {', '.join(known)}")
            if isinstance(now, int) and not value.lstrip("-").isdecimal():
                raise BadInput(f"--with {field}={value}: give a number")
            setattr(inputs, field, type(now)(value))
        return inputs

    def close(self) -> None:
        """Take the streams off the network, and let the board go."""
        self._open.close()


def _info(kind: _Kind, description: Mapping[str, Any], rows: tuple[int, ...], name: str) -> StreamInfo:
    """Return what a stream says of itself."""
    named = description.get("eeg_names", "").split(",") if kind.type == "EEG" else []
    numbered = [f"{kind.type}{index}" for index in range(1, len(rows) + 1)]
    labels = named if len(named) == len(rows) else numbered
    if kind.type == "Motion":
        labels = ["x", "y", "z"]
    return StreamInfo(
        stream=kind.type.lower(),
        name=f"{name}-{kind.type}",
        type=kind.type,
        source_id=f"{name}-{description['name']}-{kind.type}",
        sfreq=float(description["sampling_rate"]),
        ch_names=(_COUNTER[0], *labels),
        units=(_COUNTER[1], *(kind.unit,) * len(rows)),
        format="float32",
        host="",
        uid="",
        use=kind.type,
    )


def _brainflow() -> Any:
    """Return BrainFlow's module of boards, told to keep its log to itself."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of setuptools, by which it finds its library before Python 3.12
            from brainflow import board_shim

            board_shim.BoardShim.disable_board_logger()
    except ImportError as error:
        raise BadInput(f"a BrainFlow board needs the extra `brainflow` ({error}); run `make install`") from error
    return board_shim
