"""A reader that is killed, alone or together with the store: only what was sent while nobody listened is missing."""

import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from pipeline.session.settings_file import dump_session
from pipeline.store.connection import STORE_VARIABLE, Connection
from pipeline.store.server import EmbeddedServer
from pipeline.workers.context import WorkerContext, arguments
from tests.devices import Device
from tests.rings import events, health, n_stored, stored
from tests.workers import context_of, session_of

Until = Callable[..., None]
BOUND_S = 60.0


@pytest.fixture
def context(connection: Connection, unique: str, tmp_path: Path) -> Iterator[WorkerContext]:
    settings = session_of(unique, {"eeg": {"match": {"name": unique}, "use": "EEG"}})
    (tmp_path / "session.yaml").write_text(dump_session(settings))
    with context_of(connection, settings, stream="eeg", folder=tmp_path) as context:
        yield context


@contextmanager
def reader(context: WorkerContext, server: EmbeddedServer) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a reader, and kill it at the end of the block."""
    options = arguments(
        session=context.session, settings=context.folder / "session.yaml", participant="P001", stream="eeg"
    )
    argv = [sys.executable, "-m", "pipeline.workers.reader", *options]
    process = subprocess.Popen(argv, env={**os.environ, STORE_VARIABLE: server.url})
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def restart(server: EmbeddedServer) -> None:
    server.process.kill()
    server.wait()
    server.start()


def content(context: WorkerContext) -> list[tuple[str, bytes]]:
    return [(entry.id, entry.record.data.tobytes()) for entry in stored(context)]


def counters(context: WorkerContext) -> np.ndarray:
    return np.concatenate([entry.record.data[:, 0] for entry in stored(context)])


def texts(context: WorkerContext, kind: str) -> list[str]:
    return [event.text for event in events(context) if event.kind == kind]


@pytest.mark.parametrize("store_dies", [False, True], ids=["alone", "with the store"])
def test_nothing_is_missing_but_what_was_sent_while_nobody_listened(
    context, store_server, unique, until: Until, store_dies
):
    with Device(unique):
        for deaths in (0, 1, 2):
            before = content(context)
            if deaths and store_dies:
                restart(store_server)
            with reader(context, store_server):
                until(lambda before=before: len(content(context)) > len(before) + 30, at_most_s=BOUND_S)
                assert content(context)[: len(before)] == before
                until(lambda: health(context).samples_received > 0 and health(context).state == "receiving")
    steps = np.diff(counters(context))
    assert (steps >= 1).all()
    assert np.sum(steps > 1) == 2
    assert len({entry.record.segment for entry in stored(context)}) == 3
    with reader(context, store_server):  # which counts what was stored after the last report
        until(lambda: (now := health(context)).state == "lost" and now.samples_received == n_stored(context))
    last = health(context)
    assert (last.samples_lost, last.gaps) == (np.sum(steps - 1), 2)
    assert len(texts(context, "gap")) == (1 if store_dies else 2)  # what was said before is in the recording alone


def test_what_both_of_them_knew_is_there_again_although_the_stream_is_not(context, store_server, unique, until: Until):
    with Device(unique), reader(context, store_server):
        until(lambda: n_stored(context) > 250, at_most_s=BOUND_S)
    before, info = content(context), context.board.streams("P001")["eeg"]
    restart(store_server)
    assert content(context) == []
    with reader(context, store_server):
        until(lambda: len(content(context)) >= len(before) and health(context), at_most_s=BOUND_S)
        assert content(context)[: len(before)] == before
        again = context.board.streams("P001")["eeg"]
        assert (again.uid, again.desc) == (info.uid, info.desc)
        until(lambda: health(context).state == "lost")
    assert health(context).samples_received == n_stored(context)


def test_a_stream_that_was_lost_before_is_still_said_to_be_back(context, store_server, unique, until: Until):
    with reader(context, store_server):
        with Device(unique) as device:
            until(lambda: n_stored(context) > 250, at_most_s=BOUND_S)
        until(lambda: texts(context, "lost"), at_most_s=BOUND_S)
    restart(store_server)
    with Device(unique, start=device.start), reader(context, store_server):
        until(lambda: texts(context, "returned"), at_most_s=BOUND_S)
    assert texts(context, "lost") == []
    assert texts(context, "returned") == ["Stream P001/eeg is back."]


def test_without_room_for_what_it_leaves_a_reader_says_so_and_goes_on(context, store_server, unique, until: Until):
    with Device(unique), reader(context, store_server) as process:
        until(lambda: n_stored(context) > 250, at_most_s=BOUND_S)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
        until(lambda: texts(context, "alarm"), at_most_s=BOUND_S)
        before = n_stored(context)
        until(lambda: n_stored(context) > before + 250, at_most_s=BOUND_S)
        assert process.poll() is None
    assert len(texts(context, "alarm")) == 1
    assert "there is no room in" in texts(context, "alarm")[0]
    np.testing.assert_array_equal(np.diff(counters(context)), 1)
