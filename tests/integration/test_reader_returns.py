"""Whose stream it is that came back."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from pipeline.store.connection import Connection
from pipeline.workers import reader
from pipeline.workers.context import WorkerContext
from tests.devices import Device
from tests.rings import events, health, n_stored, stored
from tests.workers import context_of, renewing, session_of, working

Until = Callable[..., None]
READ = renewing(reader.run)
BOUND_S = 60.0


@pytest.fixture
def context(connection: Connection, unique: str) -> Iterator[WorkerContext]:
    """Two participants with a device each, which are told apart by their source ids."""
    streams = {name: {"match": {"source_id": f"{unique}-{name}"}, "use": "record"} for name in ("own", "others")}
    with context_of(connection, session_of(unique, streams), stream="own") as context:
        yield context


def lost(context: WorkerContext) -> bool:
    return health(context).state == "lost"


def test_a_device_that_restarted_under_another_source_id_is_taken_up_and_named(context, unique, until):
    with working(READ, context):
        with Device(unique, source_id=f"{unique}-own") as device:
            until(lambda: n_stored(context) > 250, at_most_s=BOUND_S)
        until(lambda: lost(context), at_most_s=BOUND_S)
        before = n_stored(context)
        with Device(unique, source_id=f"{unique}-new", start=device.start):
            until(lambda: n_stored(context) > before + 250, at_most_s=BOUND_S)
    said = [event.text for event in events(context) if event.kind == "returned"]
    assert f"came back with source id '{unique}-new' instead of '{unique}-own'" in said[0]
    assert context.board.streams("P001")["own"].source_id == f"{unique}-new"


def test_a_stream_that_the_session_file_gives_to_somebody_else_is_not_taken(context, unique, until):
    with Device(unique, source_id=f"{unique}-others", start=0.0), working(READ, context):
        with Device(unique, source_id=f"{unique}-own") as device:
            until(lambda: n_stored(context) > 250, at_most_s=BOUND_S)
        until(lambda: lost(context), at_most_s=BOUND_S)
        before = n_stored(context)
        with Device(unique, source_id=f"{unique}-own", start=device.start):
            until(lambda: n_stored(context) > before + 250, at_most_s=BOUND_S)
        chunks = [entry.record for entry in stored(context)]
    counts = np.concatenate([chunk.data[:, 0] for chunk in chunks])
    assert counts[-1] < 250 * 600  # the other one has been counting since the machine was started
    assert not [event for event in events(context) if "source id" in event.text and event.kind == "returned"]


def test_a_silent_stream_that_goes_on_loses_what_it_did_not_send(context, unique, until):
    with Device(unique, source_id=f"{unique}-own") as device, working(READ, context):
        until(lambda: n_stored(context) > 250, at_most_s=BOUND_S)
        device.plugged.clear()
        until(lambda: events(context), at_most_s=BOUND_S)
        assert lost(context)  # at once, so that the page says so soon
        before = n_stored(context)
        device.plugged.set()
        until(lambda: n_stored(context) > before + 250, at_most_s=BOUND_S)
        chunks = [entry.record for entry in stored(context)]
    assert [event.kind for event in events(context)] == ["lost", "gap", "returned"]
    counts = np.concatenate([chunk.data[:, 0] for chunk in chunks])
    assert np.sum(np.diff(counts) != 1) == 1
    assert health(context).samples_lost == np.sum(np.diff(counts) - 1)
