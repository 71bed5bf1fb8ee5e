"""One LSL stream that we publish."""

from collections.abc import Sequence
from typing import Final

from pipeline.records import Array, StreamInfo
from pipeline.streams import description
from pipeline.streams.closing import Closing
from pipeline.streams.liblsl import pylsl

#: Whoever read the stream of a process that died has this long to find its successor's (s); what there is to send
#: waits meanwhile.
RETURN_S: Final = 5.0


class Outlet(Closing):
    """Publish a stream; it can be found from its construction until it is closed.

    Parameters
    ----------
    info : StreamInfo
        Name, type, source id, rate, channel names and units, format and the ``can_drop_samples`` flag; the fields of
        the session (``stream``, ``use``) and of the host are not published.
    """

    def __init__(self, info: StreamInfo) -> None:
        self.info = info
        self._outlet = pylsl.StreamOutlet(description.to_lsl(info))

    def push(self, samples: Array | Sequence[Sequence[str]], times: Array) -> None:
        """Send consecutive samples at once.

        Parameters
        ----------
        samples : array, shape (n_times, n_channels) | sequence of sequences of str
            In the stream's format.
        times : array, shape (n_times,)
            Their timestamps on the LSL clock (s).
        """
        if not len(times):
            return
        if self.info.format == "string":
            self._outlet.push_chunk([list(sample) for sample in samples], times.tolist())
        else:
            self._outlet.push_chunk(samples, times.tolist())

    @property
    def has_consumers(self) -> bool:
        """Whether anybody reads the stream."""
        return bool(self._outlet.have_consumers())

    def wait_for_consumers(self, timeout: float) -> bool:
        """Wait until somebody reads the stream; False when nobody did within `timeout` seconds."""
        return bool(self._outlet.wait_for_consumers(timeout))

    def close(self) -> None:
        """Take the stream off the network; whoever reads it loses it."""
        del self._outlet
