"""A preprocess worker that is killed: the next one goes on, and no window tells that anything happened.

The chunks are stamped in the near future, so that nothing is ever late, however slow the machine.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import numpy as np
import pytest
import redis

from pipeline.records import Event, FeatureWindow
from pipeline.session.config import SessionFile
from pipeline.session.settings_file import dump_session
from pipeline.signals.offline import Recorded, extract
from pipeline.signals.saved import decode_state
from pipeline.states import Snapshot
from pipeline.store import ids, keys
from pipeline.store.codec import decode
from pipeline.store.connection import STORE_VARIABLE, Connection
from pipeline.store.lease import LeaseLost
from pipeline.store.ring import BlockingReader
from pipeline.store.server import EmbeddedServer
from pipeline.streams.clock import local_clock
from pipeline.workers.context import arguments, leased
from pipeline.workers.preprocess import Preprocess
from tests.sensors import OFFSET, Sensor, windows
from tests.signals_samples import RATES, assert_same, by_modality, stream_info
from tests.workers import context_of, session_of

Until = Callable[..., None]
USED = ("EEG", "GSR")
STREAMS = {name.lower(): {"match": {"type": name}, "use": name} for name in USED}
SECONDS = 24.0
#: The last window whose last sample comes before the end of the signal, at 4 Hz and tick 0 at 6.1 s.
ENOUGH = 68


class Scene:
    """One session: its sensors, and a worker that may be killed."""

    def __init__(self, connection: Connection, url: str, settings: SessionFile, folder: Path, start: float) -> None:
        self.connection, self.settings, self.session = connection, settings, settings.session
        self.folder = folder / self.session
        self.folder.mkdir()
        (self.folder / "session.yaml").write_text(dump_session(settings))
        self._url = url
        self.sensors = {name: Sensor(connection, self.session, name, start, SECONDS) for name in USED}
        self.describe()

    def describe(self) -> None:
        """Say what the streams are, as their readers do."""
        with context_of(self.connection, self.settings) as context:
            for name in USED:
                context.board.put_stream("P001", stream_info(name))

    @contextmanager
    def worker(self) -> Iterator[subprocess.Popen[bytes]]:
        """Run a worker, and kill it at the end of the block."""
        options = arguments(session=self.session, settings=self.folder / "session.yaml")
        argv = [sys.executable, "-m", "pipeline.workers.preprocess", *options]
        process = subprocess.Popen(argv, env={**os.environ, STORE_VARIABLE: self._url})
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    def send(self, until_s: float) -> None:
        for sensor in self.sensors.values():
            sensor.send(until_s)

    def windows(self) -> dict[str, list[FeatureWindow]]:
        return {name: windows(self.connection, self.session, name) for name in USED}

    def made(self, count: int) -> bool:
        return all(found and found[-1].tick >= count - 1 for found in self.windows().values())

    def snapshot(self) -> Snapshot | None:
        data = self.connection.get(keys.snapshot(self.session, "P001"))
        return decode(data, Snapshot) if data else None

    def saved(self) -> bool:
        """Return whether the snapshot has seen all that was sent."""
        snapshot = self.snapshot()
        newest = {name.lower(): self.connection.last_id(self.raw(name)) for name in USED}
        return snapshot is not None and snapshot.read == newest

    def owner(self) -> str | None:
        """Return who has the lease."""
        owner = self.connection.get(keys.lease(self.session, "P001", "preprocess"))
        return owner.decode() if owner else None

    def raw(self, name: str) -> str:
        return keys.raw(self.session, "P001", name.lower())

    def close(self) -> None:
        for sensor in self.sensors.values():
            sensor.close()


@pytest.fixture
def scene(connection, store_server, tmp_path, unique):
    scenes = []
    start = local_clock() + 300

    def make() -> Scene:
        settings = session_of(f"{unique}-{len(scenes)}", STREAMS)
        scenes.append(Scene(connection, store_server.url, settings, tmp_path, start))
        return scenes[-1]

    yield make
    for one in scenes:
        one.close()


def undisturbed(scene: Scene, until: Until) -> dict[str, list[FeatureWindow]]:
    """Return the windows of a worker that is left alone."""
    with scene.worker():
        for until_s in (10, 14):
            scene.send(until_s)
            until(lambda: scene.made(8), at_most_s=60)
        scene.sensors["EEG"].begin_segment()
        scene.send(SECONDS)
        until(lambda: scene.made(ENOUGH))
    return scene.windows()


def assert_undisturbed(found: dict[str, list[FeatureWindow]], whole: dict[str, list[FeatureWindow]]) -> None:
    for name in USED:
        assert [window.tick for window in found[name]] == list(range(len(found[name])))
        assert_same(found[name][:ENOUGH], whole[name][:ENOUGH])
        assert [window.arrival for window in found[name][:ENOUGH]] == [w.arrival for w in whole[name][:ENOUGH]]
        assert np.isfinite(found[name][-1].features).all()


def offline(scene: Scene) -> dict[str, list[FeatureWindow]]:
    """Return what an offline pass makes of the same samples, with the segments' numbers as they were live."""
    recorded = {}
    for name, sensor in scene.sensors.items():
        times = (sensor.start + np.arange(len(sensor.data)) / RATES[name] - OFFSET) + OFFSET
        settings = scene.settings.participants["P001"].streams[name.lower()]
        breaks = (round(14 * RATES[name]),) if name == "EEG" else ()
        recorded[name] = Recorded(stream_info(name), settings, times, sensor.data, breaks)
    segments = {1: 7, round(14 * RATES["EEG"]) + 1: 8}
    windows = extract(recorded, hop_s=scene.settings.hop_s)
    return by_modality(msgspec.structs.replace(window, segment=segments[window.segment]) for window in windows)


def test_windows_of_a_live_worker_are_those_of_an_offline_pass(scene, until: Until):
    live = scene()
    found = undisturbed(live, until)
    for name, expected in offline(live).items():
        assert_same(found[name][:ENOUGH], expected[:ENOUGH])


def test_windows_do_not_tell_that_a_worker_was_killed(scene, until: Until, redis_client: redis.Redis):
    whole = undisturbed(scene(), until)
    killed = scene()
    with killed.worker():
        killed.send(10)
        until(lambda: killed.made(8), at_most_s=60)
        until(killed.saved)
    for name in USED:  # so that nothing can be made of it twice
        redis_client.xtrim(killed.raw(name), maxlen=0, approximate=False)
    killed.send(14)
    with killed.worker():
        until(lambda: killed.made(20), at_most_s=60)
    killed.sensors["EEG"].begin_segment()
    killed.send(18)
    with killed.worker():
        until(lambda: killed.made(30), at_most_s=60)
        killed.send(SECONDS)
    with killed.worker():
        until(lambda: killed.made(ENOUGH), at_most_s=60)
    assert_undisturbed(killed.windows(), whole)


def test_windows_do_not_tell_that_the_store_died_too(scene, until: Until, store_server: EmbeddedServer):
    whole = undisturbed(scene(), until)
    killed = scene()
    with killed.worker():
        killed.send(10)
        until(lambda: killed.made(8), at_most_s=60)
        killed.send(14)
        until(lambda: killed.made(20), at_most_s=60)
        until(killed.saved)
        before = killed.windows()
        store_server.process.kill()
        store_server.wait()
    store_server.start()
    assert killed.snapshot() is None
    killed.describe()
    for sensor in killed.sensors.values():
        until(sensor.send_again)
    killed.sensors["EEG"].begin_segment()
    with killed.worker():
        killed.send(SECONDS)
        until(lambda: killed.made(ENOUGH), at_most_s=60)
    # Windows of the last ten seconds come again, for whoever had not read them.
    found = {name: [*before[name][: again[0].tick], *again] for name, again in killed.windows().items()}
    assert_undisturbed(found, whole)
    with context_of(killed.connection, killed.settings) as context:
        assert context.board.grid("P001").end(0) == whole["GSR"][0].end


def test_windows_that_no_snapshot_holds_survive_the_store_until_they_are_read(
    scene, until: Until, store_server: EmbeddedServer
):
    """A worker that dies has sent windows since its last snapshot; who needs them is dead, too, and then the store."""
    killed = scene()
    state = killed.folder / "P001.state"
    with killed.worker():
        killed.send(10)
        until(lambda: killed.made(8), at_most_s=60)
        until(killed.saved)
        snapshot = killed.connection.get(keys.snapshot(killed.session, "P001")), state.read_bytes()
        killed.send(14)
        until(lambda: killed.made(20), at_most_s=60)
    # As if it had been killed before it saved another one, which it does every two seconds.
    killed.connection.put(keys.snapshot(killed.session, "P001"), snapshot[0])
    state.write_bytes(snapshot[1])
    before = killed.windows()
    with killed.worker():
        killed.send(16)
        until(lambda: killed.made(36), at_most_s=60)  # so that it has begun: up to 14 s there are 32
        store_server.process.kill()
        store_server.wait()
        store_server.start()
        killed.describe()
        for sensor in killed.sensors.values():
            until(sensor.send_again)
        killed.send(18)
        until(lambda: killed.made(44), at_most_s=60)
    for name, found in killed.windows().items():
        assert [window.tick for window in found] == list(range(len(found)))
        assert [window.made for window in found[:20]] == [window.made for window in before[name][:20]]


def test_a_worker_that_finds_no_saved_state_says_that_it_begins_anew(scene, until: Until, connection):
    one = scene()
    with one.worker():
        one.send(10)
        until(lambda: one.made(8), at_most_s=60)
    connection.drop(keys.snapshot(one.session, "P001"))
    (one.folder / "P001.state").unlink()
    said = BlockingReader(connection, {keys.events(one.session): ids.START}, Event)
    with one.worker():
        (entry,) = said.read(60)
    said.close()
    assert entry.record.text == "The preprocess process found no saved state of P001 and began anew."


def test_what_the_clock_has_closed_stays_closed(connection, unique, until: Until, tmp_path):
    """The sample comes after all, while the worker is dead: its window was sent without it, and counts as it was."""
    settings = session_of(unique, {"gsr": STREAMS["gsr"]})
    start = local_clock() - 12
    sensor = Sensor(connection, unique, "GSR", start, 40)
    with context_of(connection, settings, folder=tmp_path) as context:
        context.board.put_stream("P001", stream_info("GSR"))
        sensor.send(8)
        first = Preprocess(context, {"P001": leased(context, "preprocess", "P001")})
        until(lambda: first.step() or len(windows(connection, unique, "GSR")) > 12)
        sent = windows(connection, unique, "GSR")
        saved = decode_state(decode(connection.get(keys.snapshot(unique, "P001")), Snapshot).state).extractors["gsr"]
        assert saved.tick == len(sent)
        assert saved.baseline.count == sum(bool(np.isfinite(window.features).all()) for window in sent)
        sensor.send(40)
        second = Preprocess(context, {"P001": leased(context, "preprocess", "P001")})  # as if the first one were dead
        until(lambda: second.step() or len(windows(connection, unique, "GSR")) > len(sent) + 20)
        with pytest.raises(LeaseLost):
            first.close()
        second.close()
    found = windows(connection, unique, "GSR")
    assert_same(found[: len(sent)], sent)
    assert any(window.reasons for window in sent)
    assert not any(window.reasons for window in found[len(sent) :])
    sensor.close()


def test_a_second_worker_waits_and_takes_over_from_one_that_is_paused(scene, until: Until):
    whole = undisturbed(scene(), until)
    shared = scene()
    with shared.worker() as first:
        shared.send(10)
        until(lambda: shared.made(8), at_most_s=60)
        with shared.worker() as second:
            shared.send(12)
            until(lambda: shared.made(16))
            owner = shared.owner()
            assert f":{first.pid}:" in owner
            first.send_signal(signal.SIGSTOP)
            until(lambda: shared.owner() not in (None, owner), at_most_s=60)
            assert f":{second.pid}:" in shared.owner()
            shared.send(14)
            until(lambda: shared.made(22))
            shared.sensors["EEG"].begin_segment()
            first.send_signal(signal.SIGCONT)
            assert first.wait(30) == 1
            shared.send(SECONDS)
            until(lambda: shared.made(ENOUGH))
    assert_undisturbed(shared.windows(), whole)
