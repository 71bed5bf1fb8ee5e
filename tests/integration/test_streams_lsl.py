"""What goes into an outlet comes out of an inlet: every sample, every stamp, every label."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from pylsl.util import LostError

from pipeline.records import StreamInfo
from pipeline.session.config import Match
from pipeline.streams import inlet as module
from pipeline.streams.clock import local_clock
from pipeline.streams.discovery import find
from pipeline.streams.inlet import Inlet, StreamLost
from pipeline.streams.outlet import Outlet
from pipeline.streams.pacing import PacedSource, cut, pace
from pipeline.streams.probes import newest_probe
from pipeline.streams.segments import Segmenter
from tests.pulled import pull_all

#: Bounds every wait for LSL (s); no test waits that long when all is well.
BOUND_S = 20.0


def described(
    unique: str,
    *,
    sfreq: float = 300.0,
    fmt: str = "float32",
    ch_names: tuple[str, ...] = ("counter", "Fz"),
    units: tuple[str, ...] = ("count", "uV"),
    can_drop: bool = False,
) -> StreamInfo:
    """Return a stream's description with a name and source id of its own."""
    return StreamInfo(
        stream="", name=unique, type="EEG", source_id=f"{unique}-id", sfreq=sfreq, ch_names=ch_names, units=units,
        format=fmt, host="", uid="", use="record", can_drop_samples=can_drop,
    )  # fmt: skip


@contextmanager
def connected(info: StreamInfo) -> Iterator[tuple[Outlet, Inlet]]:
    """Give an outlet and an inlet that reads it."""
    with Outlet(info) as outlet, Inlet(find(Match(source_id=info.source_id), BOUND_S)) as inlet:
        assert outlet.wait_for_consumers(BOUND_S)
        yield outlet, inlet


def test_a_paced_stream_arrives_complete_and_with_exact_stamps(unique):
    n = 600
    times = np.arange(n) / 300
    counter = np.arange(n, dtype=np.float32)
    data = np.column_stack([counter, np.sin(times).astype(np.float32)])
    with connected(described(unique)) as (outlet, inlet):
        start = local_clock()
        sender = threading.Thread(
            target=pace,
            args=([PacedSource(outlet, iter(cut(times, data)))],),
            kwargs={"start": start, "stop": threading.Event()},
        )
        sender.start()
        got = pull_all(inlet, n, BOUND_S)
        sender.join(BOUND_S)
    assert np.array_equal(np.concatenate([pulled.data for pulled in got]), data)
    assert np.concatenate([pulled.times for pulled in got]).tolist() == (start + times).tolist()
    assert all(pulled.arrival >= pulled.times[-1] for pulled in got)
    segmenter = Segmenter(300.0)
    chunks = [piece.chunk for pulled in got for piece in segmenter.split(pulled, offset=0.0, epoch_ms=1)]
    assert [index for chunk in chunks for index in range(chunk.first, chunk.last + 1)] == list(range(n))
    assert (segmenter.samples, segmenter.lost, segmenter.gaps) == (n, 0, 0)


@pytest.mark.parametrize("fmt", ["float32", "double64", "int8", "int16", "int32", "int64"])
def test_samples_keep_their_format(unique, fmt):
    dtype = {"double64": "float64"}.get(fmt, fmt)
    data = np.array([[1, -2], [127, -128], [3, 4]], dtype)
    with connected(described(unique, fmt=fmt)) as (outlet, inlet):
        outlet.push(data, local_clock() + np.arange(3) / 300)
        got = pull_all(inlet, 3, BOUND_S)
    pulled = np.concatenate([one.data for one in got])
    assert pulled.dtype == np.dtype(dtype)
    assert np.array_equal(pulled, data)


def test_strings_arrive_as_they_were_sent(unique):
    texts = [["start clip-01"], ["größer als µV"], [""]]
    info = described(unique, sfreq=0.0, fmt="string", ch_names=("marker",), units=("",))
    with connected(info) as (outlet, inlet):
        outlet.push(texts, local_clock() + np.arange(3.0))
        got = pull_all(inlet, 3, BOUND_S)
    assert [list(sample) for pulled in got for sample in pulled.strings] == texts
    assert all(pulled.data.shape == (len(pulled), 0) for pulled in got)


def test_missing_values_arrive_as_missing(unique):
    data = np.array([[0.0, np.nan], [1.0, np.inf]], np.float32)
    with connected(described(unique)) as (outlet, inlet):
        outlet.push(data, local_clock() + np.arange(2) / 300)
        got = pull_all(inlet, 2, BOUND_S)
    assert np.array_equal(np.concatenate([pulled.data for pulled in got]), data, equal_nan=True)


def test_labels_units_and_flags_survive(unique):
    with connected(described(unique, can_drop=True)) as (_, inlet):
        info = inlet.describe("eeg", "EEG")
        other_unit = inlet.describe("eeg", "EEG", unit="mV")
    assert (info.stream, info.use, info.name, info.type, info.source_id) == (
        "eeg",
        "EEG",
        unique,
        "EEG",
        f"{unique}-id",
    )
    assert (info.sfreq, info.format, info.can_drop_samples) == (300.0, "float32", True)
    assert (info.ch_names, info.units) == (("counter", "Fz"), ("count", "uV"))
    assert other_unit.units == ("count", "uV")  # what a stream says of itself is not overridden
    assert info.uid
    assert info.host
    assert "<label>Fz</label>" in info.desc


def test_on_one_machine_the_clock_offset_is_next_to_nothing_and_measured_again(unique):
    with connected(described(unique)) as (_, inlet):
        first, second = inlet.first_probe, None
        end = local_clock() + BOUND_S
        while second is None and local_clock() < end:
            inlet.pull(0.1)
            second = inlet.probe()
        assert inlet.probe() is None
    assert second is not None
    for probe in (first, second):
        assert abs(probe.offset) <= probe.round_trip < 0.1
    assert first.time < second.time < local_clock()


def test_a_pull_without_samples_returns_none(unique):
    with connected(described(unique)) as (_, inlet):
        assert inlet.pull(0.05) is None


def test_a_closed_outlet_is_a_lost_stream_and_what_it_sent_last_still_arrives(unique):
    info = described(unique)
    outlet = Outlet(info)
    with Inlet(find(Match(source_id=info.source_id), BOUND_S)) as inlet:
        outlet.push(np.zeros((5, 2), np.float32), local_clock() + np.arange(5) / 300)
        assert sum(map(len, pull_all(inlet, 5, BOUND_S))) == 5
        outlet.close()
        with pytest.raises(StreamLost, match=unique):
            inlet.pull(BOUND_S)


def test_what_was_pulled_is_handed_over_though_the_outlet_goes_meanwhile(unique, monkeypatch, until):
    """It goes just between the two pulls of which one may consist."""
    available = module._samples_available

    def gone(inlet: Inlet) -> bool:
        try:
            newest_probe(inlet._inlet, 0.0)
        except LostError:
            return True
        return False

    info = described(unique)
    outlet = Outlet(info)
    with Inlet(find(Match(source_id=info.source_id), BOUND_S)) as inlet:
        assert outlet.wait_for_consumers(BOUND_S)

        def going(handle: object) -> int:
            outlet.close()
            until(lambda: gone(inlet))
            return available(handle)

        monkeypatch.setattr(module, "_samples_available", going)
        outlet.push(np.arange(1800, dtype=np.float32).reshape(900, 2), local_clock() + np.arange(900) / 300)
        pulled = inlet.pull(BOUND_S)
        assert pulled is not None
        assert pulled.data[:, 0].tolist() == list(range(0, 2 * len(pulled), 2))
        with pytest.raises(StreamLost, match=unique):
            inlet.pull(BOUND_S)


def test_a_stream_that_went_away_before_it_was_opened_is_lost(unique):
    info = described(unique)
    with Outlet(info):
        found = find(Match(source_id=info.source_id), BOUND_S)
    with pytest.raises(StreamLost, match=unique):
        Inlet(found, timeout=1.0)


def test_pacing_stops_at_once_when_asked(unique):
    stop = threading.Event()
    stop.set()
    times = np.arange(300) / 300 + 3600
    with Outlet(described(unique)) as outlet:
        blocks = iter(cut(times, np.zeros((300, 2), np.float32)))
        assert not pace([PacedSource(outlet, blocks)], start=local_clock(), stop=stop)


def test_at_a_higher_speed_the_intervals_between_stamps_stay(unique):
    times = np.arange(1500) / 300
    data = np.column_stack([np.arange(1500), times]).astype(np.float32)
    with connected(described(unique)) as (outlet, inlet):
        start = local_clock()
        pace([PacedSource(outlet, iter(cut(times, data)))], start=start, stop=threading.Event(), speed=20.0)
        got = pull_all(inlet, 1500, BOUND_S)
    assert np.concatenate([pulled.times for pulled in got]).tolist() == (start + times).tolist()
