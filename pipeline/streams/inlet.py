"""One open LSL stream: blocking reads, its full description, and the probes of its source's clock."""

import contextlib
import ctypes
from typing import Final

import numpy as np

from pipeline.records import StreamInfo
from pipeline.streams import description
from pipeline.streams.clock import local_clock
from pipeline.streams.closing import Closing
from pipeline.streams.discovery import Found
from pipeline.streams.liblsl import pylsl, without_yielding
from pipeline.streams.probes import Probe, newest_probe
from pipeline.streams.segments import Pulled

#: How much liblsl holds for us while we do not pull (s; for irregular streams, hundreds of samples).
BUFFER_S: Final = 60
#: A pull waits for this much of a regular stream (s), so that a device which sends sample by sample makes no storm of
#: entries in the store.
CHUNK_S: Final = 0.02
#: The most samples that one pull returns.
MAX_SAMPLES: Final = 1024


_samples_available = without_yielding("lsl_samples_available", ctypes.c_uint32, ctypes.c_void_p)


class StreamLost(Exception):  # noqa: N818 - it names what happened
    """The stream's outlet is gone. Make a new inlet: one that was lost is never reopened."""


class Inlet(Closing):
    """An open stream.

    liblsl's own recovery stays off: it would go on silently with another outlet. A stream that ends raises
    `StreamLost`; one that falls silent (a pulled plug) does not, so watch the age of the last sample.

    Parameters
    ----------
    found : Found
        The stream, from `pipeline.streams.discovery`.
    timeout : float
        For opening, for the description, and for the first clock offset, each (s).

    Attributes
    ----------
    first_probe : Probe
        The first measurement of the clock offset.

    Raises
    ------
    StreamLost
        The stream went away while it was being opened, or did not answer in time.
    """

    def __init__(self, found: Found, *, timeout: float = 10.0) -> None:
        self._found = found
        self._inlet = pylsl.StreamInlet(found.handle, max_buflen=BUFFER_S, recover=False)
        self._text = found.format == "string"
        self._min_samples = max(1, round(found.sfreq * CHUNK_S))
        try:
            self._xml = str(self._inlet.info(timeout).as_xml())
            self._inlet.open_stream(timeout)
            self.first_probe = self._newest_probe = newest_probe(self._inlet, timeout)
        except (pylsl.util.TimeoutError, pylsl.util.LostError) as error:
            raise StreamLost(f"{found} does not answer ({error})") from error

    def describe(self, stream: str = "", use: str = "record", *, unit: str | None = None) -> StreamInfo:
        """Return the stream's full description.

        Parameters
        ----------
        stream, use : str
            The session file's name and use of it.
        unit : str | None
            The session file's unit, for channels of which the stream names none.
        """
        return description.from_xml(self._xml, stream=stream, use=use, unit=unit)

    def pull(self, timeout: float) -> Pulled | None:
        """Wait for samples, and return those that are there; None when none came within `timeout` seconds.

        Raises
        ------
        StreamLost
            The outlet is gone. What liblsl still holds of it cannot be had any more.
        """
        try:
            # First what is waited for, in a small buffer: mostly that is all, and pulls are what a reader does most.
            samples, times = self._inlet.pull_chunk(timeout, self._min_samples, as_numpy=True)
        except pylsl.util.LostError as error:
            raise StreamLost(f"{self._found} is gone") from error
        if not len(times):
            return None
        if _samples_available(self._inlet.obj):
            # This pull has something to hand over; that the stream is lost the next one says.
            with contextlib.suppress(pylsl.util.LostError):
                more, later = self._inlet.pull_chunk(0.0, MAX_SAMPLES, as_numpy=True)
                samples, times = np.concatenate([samples, more]), np.concatenate([times, later])
        arrival = local_clock()
        if self._text:
            strings = tuple(tuple(value.decode("utf-8", "replace") for value in sample) for sample in samples)
            return Pulled(times, np.empty((len(times), 0), np.float32), strings, arrival)
        return Pulled(times, samples, (), arrival)

    def probe(self) -> Probe | None:
        """Return liblsl's newest measurement of the clock offset; None if it has made none since the last call."""
        try:
            probe = newest_probe(self._inlet, 0.0)
        except pylsl.util.LostError:
            return None  # `pull` says so
        if probe == self._newest_probe:
            return None
        self._newest_probe = probe
        return probe

    def close(self) -> None:
        """Stop the transmission; the inlet cannot be used again."""
        self._inlet.close_stream()
