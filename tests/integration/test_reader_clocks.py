"""The reader and the clocks of its streams: whatever a device stamps, a sample has the time at which it was taken."""

import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from pipeline.records import Array, Chunk
from pipeline.store.connection import Connection
from pipeline.streams.clock import local_clock
from pipeline.workers import reader
from pipeline.workers.context import WorkerContext
from tests.devices import Device
from tests.rings import events, health, n_stored, stored
from tests.workers import context_of, renewing, session_of, working

Until = Callable[..., None]
READ = renewing(reader.run)
BOUND_S = 60.0
#: What a sample's way takes on a loaded machine (s); stamps that are mapped by arrival are that much late at most.
WAY_S = 0.08


@pytest.fixture
def context(connection: Connection, unique: str) -> Iterator[WorkerContext]:
    settings = session_of(unique, {"eeg": {"match": {"name": unique}, "use": "EEG"}})
    with context_of(connection, settings, stream="eeg") as context:
        yield context


def errors(chunks: list[Chunk], device: Device) -> Array:
    """Return by how much each sample's time differs from the one at which it was taken (s)."""
    return np.concatenate(
        [chunk.times + chunk.offset - device.true_times(chunk.data[:, 0].astype(np.float64)) for chunk in chunks]
    )


def chunks_of(context: WorkerContext) -> list[Chunk]:
    return [entry.record for entry in stored(context)]


def test_a_settled_clock_is_in_health_and_shifts_no_stamps(context, unique, until):
    with Device(unique) as device, working(READ, context):
        until(lambda: (now := health(context)) and now.clock == "LSL" and now.settling, at_most_s=BOUND_S)
        until(lambda: not health(context).settling, at_most_s=BOUND_S)
        last = health(context)
        assert np.abs(errors(chunks_of(context), device)).max() < 0.001
    assert 0 < last.round_trip < 0.1
    assert last.irregularity < 1e-6
    assert abs(last.drift_ppm) < 1000
    assert abs(last.offset) < 0.001
    assert events(context) == []


@pytest.mark.parametrize(("clock", "shift"), [("Unix time", None), ("a clock of its own", 7200.0)])
def test_foreign_stamps_are_mapped_and_named(context, unique, until, clock, shift):
    shift = time.time() - local_clock() if shift is None else shift
    with Device(unique, shift=shift) as device, working(READ, context):
        until(lambda: n_stored(context) > 6 * 250, at_most_s=BOUND_S)
        off = errors(chunks_of(context), device)
        until(lambda: health(context).clock == clock)
    assert off.min() > -0.001
    assert off[1000:].max() < WAY_S
    (event,) = events(context)
    assert event.kind == "clock"
    assert f"but by {clock}; its stamps are mapped to this machine's clock by their arrival" in event.text
    last = health(context)
    assert (last.samples_lost, last.gaps, last.round_trip) == (0, 0, None)
    assert abs(last.last_sample - local_clock()) < BOUND_S


@pytest.mark.parametrize("seconds", [20.0, -20.0, 0.5, -0.3])
def test_a_clock_that_jumps_begins_a_segment_and_time_goes_on(context, unique, until, seconds):
    with Device(unique) as device, working(READ, context):
        until(lambda: n_stored(context) > 3 * 250, at_most_s=BOUND_S)
        device.shift = seconds
        until(lambda: events(context), at_most_s=BOUND_S)
        before = n_stored(context)
        until(lambda: n_stored(context) > before + 3 * 250, at_most_s=BOUND_S)
        chunks = chunks_of(context)
    (jump,) = events(context)
    assert (jump.kind, jump.source) == ("clock jump", "P001/eeg")
    assert f"its clock jumped by {seconds:+.2f} s; its stamps are mapped" in jump.text
    assert len({chunk.segment for chunk in chunks}) == 2
    assert np.abs(errors(chunks, device)).max() < WAY_S
    counts = np.concatenate([chunk.data[:, 0] for chunk in chunks])
    np.testing.assert_array_equal(np.diff(counts), 1)
    last = health(context)
    assert (last.samples_lost, last.gaps, last.clock) == (0, 1, "a clock of its own")


def test_a_gap_is_no_jump_and_is_counted_by_the_counter(context, unique, until):
    with Device(unique) as device, working(READ, context):
        until(lambda: n_stored(context) > 3 * 250, at_most_s=BOUND_S)
        device.plugged.clear()
        since = local_clock()
        until(lambda: local_clock() > since + 0.5)
        device.plugged.set()
        until(lambda: events(context), at_most_s=BOUND_S)
        chunks = chunks_of(context)
    (gap,) = events(context)
    assert (gap.kind, "by its counter" in gap.text) == ("gap", True)
    counts = np.concatenate([chunk.data[:, 0] for chunk in chunks])
    assert health(context).samples_lost == np.sum(np.diff(counts) - 1) > 0
