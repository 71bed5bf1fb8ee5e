"""A device with an outlet of its own: it samples on and on, and can be unplugged, or its clock set, at any time."""

import threading
from types import TracebackType
from typing import Self

import numpy as np

from pipeline.records import Array, StreamInfo
from pipeline.streams.clock import local_clock
from pipeline.streams.outlet import Outlet

#: How much it sends at once (s).
BLOCK_S = 0.04


class Device:
    """Sends ``(sample number, its time's sine)`` for ever, each block when it is due.

    Parameters
    ----------
    name : str
        Name, and source id unless there is another.
    start : float | None
        When sample 0 was taken, on the LSL clock (s); a device that follows another one goes on in its numbers.
    shift : float
        By how much its stamps are off (s); may be set at any time.

    Attributes
    ----------
    opened : float
        Since when it can be found, on the LSL clock (s).
    """

    def __init__(
        self,
        name: str,
        *,
        sfreq: float = 250.0,
        kind: str = "EEG",
        ch_names: tuple[str, str] = ("counter", "Fz"),
        units: tuple[str, str] = ("count", "uV"),
        source_id: str = "",
        start: float | None = None,
        shift: float = 0.0,
    ) -> None:
        self.info = StreamInfo("", name, kind, source_id or name, sfreq, ch_names, units, "float32", "", "", "record")
        self.start = local_clock() if start is None else start
        self.shift = shift
        self.plugged = threading.Event()
        self.plugged.set()
        self._sfreq = sfreq
        self._outlet = Outlet(self.info)
        self.opened = local_clock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def true_times(self, numbers: Array) -> Array:
        """Return when samples were taken, on the LSL clock (s)."""
        times: Array = self.start + numbers / self._sfreq
        return times

    def wait_for_consumers(self, at_most_s: float) -> bool:
        """Wait until somebody reads the stream."""
        return self._outlet.wait_for_consumers(at_most_s)

    def _run(self) -> None:
        number = int((local_clock() - self.start) * self._sfreq)
        while not self._stop.wait(BLOCK_S):
            stop = int((local_clock() - self.start) * self._sfreq)
            numbers = np.arange(number, stop)
            if len(numbers) and self.plugged.is_set():
                times = self.true_times(numbers)
                self._outlet.push(np.stack([numbers, np.sin(times)], axis=1).astype(np.float32), times + self.shift)
            number = stop

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        self._outlet.close()
