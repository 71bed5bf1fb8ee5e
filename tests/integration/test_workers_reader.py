"""The reader: what an outlet sends is in the ring, sample for sample, and what is missing is said."""

import os
import signal
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from pipeline.records import StreamInfo
from pipeline.store import ids
from pipeline.store.connection import Connection
from pipeline.streams.clock import local_clock
from pipeline.streams.outlet import Outlet
from pipeline.workers import reader
from pipeline.workers.context import WorkerContext
from tests.rings import events, health, n_stored, stored
from tests.workers import context_of, renewing, session_of, working

Until = Callable[..., None]
SFREQ = 250.0
BOUND_S = 30.0
READ = renewing(reader.run)


def sensor(unique: str) -> StreamInfo:
    ch_names = ("counter", "Fz")
    return StreamInfo("", unique, "EEG", unique, SFREQ, ch_names, ("count", "uV"), "float32", "", "", "record")


def marker(unique: str, fmt: str) -> StreamInfo:
    return StreamInfo("", unique, "Markers", unique, 0.0, ("code",), ("",), fmt, "", "", "record")


def send(outlet: Outlet, start: float, first: int, stop: int) -> None:
    """Send samples `first` to `stop` of a stream that began at `start`, as soon as somebody reads it."""
    assert outlet.wait_for_consumers(BOUND_S)
    for begin in range(first, stop, 10):
        index = np.arange(begin, min(begin + 10, stop))
        data = np.stack([index, -index], axis=1).astype(np.float32)
        outlet.push(data, start + index / SFREQ)


@pytest.fixture
def context(connection: Connection, unique: str, request: pytest.FixtureRequest) -> Iterator[WorkerContext]:
    settings = session_of(unique, {"eeg": {"match": {"name": unique}, "use": "EEG", **getattr(request, "param", {})}})
    with context_of(connection, settings, stream="eeg") as context:
        yield context


def test_every_sample_is_stored_once_and_in_order(context, unique, until):
    start = local_clock() - 2
    with Outlet(sensor(unique)) as outlet, working(READ, context):
        send(outlet, start, 0, 500)
        until(lambda: n_stored(context) == 500)
        until(lambda: (now := health(context)) and now.samples_received == 500 and now.state == "receiving")
    entries = stored(context)
    chunks = [entry.record for entry in entries]
    assert len({chunk.segment for chunk in chunks}) == 1
    assert [entry.id for entry in entries] == [ids.raw_id(chunk.segment, chunk.first) for chunk in chunks]
    assert [index for chunk in chunks for index in range(chunk.first, chunk.last + 1)] == list(range(500))
    assert np.concatenate([chunk.data[:, 0] for chunk in chunks]).tolist() == list(range(500))
    np.testing.assert_array_equal(np.concatenate([chunk.times for chunk in chunks]), start + np.arange(500) / SFREQ)
    info = context.board.streams("P001")["eeg"]
    assert (info.name, info.use, info.ch_names, info.units) == (unique, "EEG", ("counter", "Fz"), ("count", "uV"))
    last = health(context)
    assert (last.samples_lost, last.gaps) == (0, 0)
    assert last.last_sample == pytest.approx(start + 499 / SFREQ, abs=0.01)
    assert events(context) == []


def test_a_gap_begins_a_segment_and_is_said(context, unique, until):
    start = local_clock() - 6
    with Outlet(sensor(unique)) as outlet, working(READ, context):
        send(outlet, start, 0, 1000)
        send(outlet, start, 1250, 1300)
        until(lambda: n_stored(context) == 1050)
    chunks = [entry.record for entry in stored(context)]
    before, after = (
        [chunk for chunk in chunks if chunk.segment == segment]
        for segment in sorted({chunk.segment for chunk in chunks})
    )
    assert before[-1].last == 999
    assert after[0].first == 0
    assert after[0].data[0, 0] == 1250
    (gap,) = events(context)
    assert (gap.kind, gap.source) == ("gap", "P001/eeg")
    assert gap.text == "Stream P001/eeg: 250 samples missing by its counter (1.00 s)."
    last = health(context)
    assert (last.samples_received, last.samples_lost, last.gaps) == (1050, 250, 1)


def test_a_clock_that_jumps_is_said(context, unique, until):
    start = local_clock() - 6
    with Outlet(sensor(unique)) as outlet, working(READ, context):
        send(outlet, start, 0, 1000)
        send(outlet, start - 100, 1000, 1010)
        until(lambda: n_stored(context) == 1010)
    (jump,) = events(context)
    assert jump.kind == "clock jump"
    assert "its clock jumped by -100.00 s" in jump.text
    assert health(context).samples_lost == 0


def test_a_stream_that_goes_is_lost_and_may_return(context, unique, until):
    start = local_clock() - 4
    with working(READ, context):
        until(lambda: (now := health(context)) and now.state == "waiting")
        with Outlet(sensor(unique)) as outlet:
            send(outlet, start, 0, 500)
            until(lambda: n_stored(context) == 500)
        until(lambda: health(context).state == "lost", at_most_s=BOUND_S)
        with Outlet(sensor(unique)) as outlet:
            send(outlet, start, 750, 850)
            until(lambda: n_stored(context) == 600)
            until(lambda: health(context).state == "receiving")
    assert len({entry.record.segment for entry in stored(context)}) == 2
    # The outlet is closed before the reader is asked to stop.
    assert [event.kind for event in events(context)] == ["lost", "gap", "returned", "lost"]
    last = health(context)
    assert (last.samples_received, last.samples_lost, last.gaps) == (600, 250, 1)


def test_a_stream_that_returns_as_another_one_is_cut_by_its_own_rate(context, unique, until):
    other = StreamInfo("", unique, "EEG", unique, 100.0, ("Fz",), ("uV",), "float32", "", "", "record")
    start = local_clock() - 4
    with working(READ, context):
        with Outlet(sensor(unique)) as outlet:
            send(outlet, start, 0, 500)
            until(lambda: n_stored(context) == 500)
        until(lambda: health(context).state == "lost", at_most_s=BOUND_S)
        with Outlet(other) as outlet:
            assert outlet.wait_for_consumers(BOUND_S)
            for begin in range(0, 100, 10):
                outlet.push(np.zeros((10, 1), np.float32), start + 3 + (begin + np.arange(10)) / 100)
            until(lambda: n_stored(context) == 600)
            assert context.board.streams("P001")["eeg"].ch_names == ("Fz",)
    chunks = [entry.record for entry in stored(context)]
    assert [chunk.data.shape[1] for chunk in (chunks[0], chunks[-1])] == [2, 1]
    assert len({chunk.segment for chunk in chunks}) == 2
    last = health(context)
    assert (last.samples_received, last.gaps) == (600, 1)


def test_a_reader_that_was_restarted_goes_on_counting(context, connection, unique, until):
    start = local_clock() - 6
    with Outlet(sensor(unique)) as outlet, working(READ, context):
        send(outlet, start, 0, 500)
        until(lambda: n_stored(context) == 500)
    # Another outlet of the same device: the first may not have noticed yet that its reader is gone, and send to nobody.
    outlet = Outlet(sensor(unique))
    folder = context.folder
    with outlet, context_of(connection, context.settings, stream="eeg", folder=folder) as again, working(READ, again):
        send(outlet, start, 1000, 1250)
        until(lambda: n_stored(again) == 750)
    segments = sorted({entry.record.segment for entry in stored(again)})
    assert len(segments) == 2
    last = health(again)
    assert (last.samples_received, last.samples_lost, last.gaps) == (750, 500, 1)
    assert [event.text for event in events(again)] == ["Stream P001/eeg: 500 samples missing (2.00 s)."]


def test_two_streams_that_match_are_not_mixed(context, unique, until, caplog):
    caplog.set_level("INFO")
    twin = StreamInfo("", unique, "EEG", f"{unique}-2", SFREQ, ("counter", "Fz"), ("", ""), "float32", "", "", "record")
    with Outlet(sensor(unique)), Outlet(twin), working(READ, context):
        until(lambda: "2 LSL streams match" in caplog.text)
    assert health(context).state == "waiting"
    assert context.board.streams("P001") == {}


@pytest.mark.parametrize(("fmt", "sample", "text"), [("string", "start clip-01", "start clip-01"), ("int32", 7, "7")])
def test_a_marker_is_an_event_too(connection, unique, until, fmt, sample, text):
    streams = {"marks": {"match": {"name": unique}, "use": "Markers", "delay_ms": 100}}
    with context_of(connection, session_of(unique, streams), stream="marks") as context:
        at = local_clock()
        with Outlet(marker(unique, fmt)) as outlet, working(READ, context):
            assert outlet.wait_for_consumers(BOUND_S)
            samples = [[sample]] if fmt == "string" else np.array([[sample]], np.int32)
            outlet.push(samples, np.array([at]))
            until(lambda: events(context))
        (event,) = events(context)
        assert (event.kind, event.text, event.source) == ("marker", text, "P001/marks")
        assert event.time == pytest.approx(at - 0.1, abs=0.01)
        (entry,) = stored(context)
        assert entry.record.times.tolist() == [at]
        assert health(context).samples_lost is None


def test_a_stream_of_markers_that_comes_back_with_numbers_all_the_time_marks_nothing(connection, unique, until):
    streams = {"marks": {"match": {"name": unique}, "use": "Markers"}}
    with context_of(connection, session_of(unique, streams), stream="marks") as context, working(READ, context):
        with Outlet(marker(unique, "int32")) as outlet:
            assert outlet.wait_for_consumers(BOUND_S)
            outlet.push(np.array([[7]], np.int32), np.array([local_clock()]))
            until(lambda: n_stored(context) == 1)
        until(lambda: health(context).state == "lost", at_most_s=BOUND_S)
        with Outlet(sensor(unique)) as outlet:
            send(outlet, local_clock() - 2, 0, 500)
            until(lambda: n_stored(context) == 501)
    assert [event.text for event in events(context) if event.kind == "marker"] == ["7"]
    (alarm,) = (event.text for event in events(context) if event.kind == "alarm")
    assert "sends 250 numbers a second, and each would be a marker" in alarm
    assert alarm.endswith("it is recorded, and no marker comes of it.")


def test_what_is_found_while_the_store_is_away_is_stored_when_it_is_back(context, unique, until, store_server, caplog):
    with working(READ, context):
        until(lambda: (now := health(context)) and now.state == "waiting")
        os.kill(store_server.pid, signal.SIGKILL)
        store_server.wait(10)
        with Outlet(sensor(unique)) as outlet:
            send(outlet, local_clock() - 2, 0, 500)
            until(lambda: any(context.stream in str(r.fields["user"]) for r in caplog.records if "store lost" in r.msg))
            store_server.start()
            until(lambda: n_stored(context) == 500)
