"""The recorder proves what it records, and stops in time where the disk does not hold more; the run goes on."""

import errno
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.records import Event
from pipeline.session.folder import read_provenance, write_provenance
from pipeline.session.tables import read_table
from pipeline.states import StreamHealth
from pipeline.store import ids, keys
from pipeline.store.connection import Connection
from pipeline.store.ring import BlockingReader
from pipeline.store.server import EmbeddedServer
from pipeline.workers.pulse import SILENT_S
from pipeline.workers.watch import START_S
from tests.played import Session

Until = Callable[..., None]


@pytest.fixture
def session(unique: str, tmp_path: Path, store_server: EmbeddedServer, connection: Connection) -> Iterator[Session]:
    made = Session(unique, tmp_path, store_server, connection)
    made.announce()
    yield made
    made.close()


def alarms(session: Session, connection: Connection) -> list[str]:
    reader = BlockingReader(connection, {keys.events(session.name): ids.START}, Event)
    found = [entry.record.text for entry in reader.read(0) if entry.record.kind == "alarm"]
    reader.close()
    return found


def stopped(session: Session) -> str:
    found = session.board.recorded()
    return found.stopped if found is not None else ""


def gone(session: Session, number: int) -> str:
    """Return what is said of a folder that is lost."""
    why = f"cannot be written to any more ({os.strerror(number)})"
    return f"The recording was stopped: {session.folder} {why}; the run goes on unrecorded."


def kept_from(session: Session, connection: Connection) -> str:
    """Return from where on the store keeps samples for the recorder."""
    return connection.fields(keys.read(keys.raw(session.name, "P001", "eeg")))["recorder"].decode()


def receiving(samples: int) -> StreamHealth:
    return StreamHealth("P001/eeg", "receiving", 100.0, 100.0, samples, 0, 0, 1.0, 0.0, 1.0)


def test_samples_and_bytes_on_the_disk_are_told(session: Session, until: Until):
    session.start()
    for first in range(0, 50, 10):
        session.eeg(first)
    until(lambda: (told := session.board.recorded()) and told.samples.get("P001/eeg") == 50)
    told = session.board.recorded()
    assert 1000 < told.bytes <= (session.folder / "raw.xdf").stat().st_size
    assert told.stopped == ""
    assert session.stop() == 0


def test_a_stream_that_is_received_but_not_recorded_is_an_alarm(session: Session, connection, until: Until):
    """Its chunks cannot be read: they were not written by helo."""
    session.start()
    session.eeg(0)
    until(lambda: session.recorded() == 10)
    key = keys.raw(session.name, "P001", "eeg")
    samples = 10

    def alarmed() -> bool:
        nonlocal samples
        samples += 10
        connection.add(key, ids.raw_id(1000, samples), b"\x00 no chunk")
        session.board.put_stream_health(receiving(samples))
        return bool(alarms(session, connection))

    until(alarmed, at_most_s=40)
    assert alarms(session, connection) == ["Stream P001/eeg is received, but nothing of it reaches the disk."]


def test_a_file_that_cannot_grow_ends_the_recording_and_not_the_run(session: Session, connection, until: Until):
    session.start()
    for first in range(0, 50, 10):
        session.eeg(first)
    for tick in range(3):
        session.tick(tick)
    until(lambda: session.recorded() == 50 and len(read_table(session.folder / "estimates")) == 3)
    limit = (session.folder / "raw.xdf").stat().st_size + 100
    resource.prlimit(session.process.pid, resource.RLIMIT_FSIZE, (limit, limit))
    session.eeg(50, 500)
    until(lambda: stopped(session))
    assert "is full; the run goes on unrecorded" in stopped(session)
    assert alarms(session, connection) == [stopped(session)]
    assert session.xdf()["Cap"]["time_series"][:, 0].tolist() == list(range(50))
    assert (session.folder / "raw.xdf").stat().st_size <= limit
    assert len(read_table(session.folder / "estimates")) == 3
    assert session.process.poll() is None
    session.process.kill()
    session.process.wait()
    session.start()  # with room again, but nobody would know of the samples that are missing
    before = session.board.recorded().time
    until(lambda: session.board.recorded().time > before)
    assert "is full" in stopped(session)
    assert session.stop() == 0


def test_a_recorder_has_time_to_look_through_what_a_predecessor_wrote(session: Session, until: Until):
    table = session.folder / "features.arrows"
    os.mkfifo(table)  # its reading lasts until somebody has written

    def allowed_s() -> float:
        beat = session.board.heartbeats().get(("recorder", ""))
        return 0.0 if beat is None else beat.within_s

    session.start()
    until(lambda: allowed_s() >= START_S)
    table.write_bytes(b"")
    until(lambda: allowed_s() == SILENT_S)
    assert session.stop() == 0


def test_a_folder_that_is_taken_away_ends_the_recording_and_not_the_run(session: Session, connection, until: Until):
    session.start()
    session.eeg(0, 50)
    until(lambda: session.recorded() == 50)
    away = session.folder.rename(session.folder.with_name("away"))
    until(lambda: stopped(session))
    assert stopped(session) == gone(session, errno.ENOENT)
    assert alarms(session, connection) == [stopped(session)]
    until(lambda: kept_from(session, connection) == ids.END)
    assert session.process.poll() is None
    session.process.kill()
    session.process.wait()
    away.rename(session.folder)  # it is back, but nobody would know of the samples that are missing
    session.start()
    before = session.board.recorded().time
    until(lambda: session.board.recorded().time > before)
    assert stopped(session) == gone(session, errno.ENOENT)
    assert session.stop() == 0
    assert session.xdf()["Cap"]["time_series"][:, 0].tolist() == list(range(50))


def test_a_recorder_that_comes_back_to_no_folder_does_not_end_the_run(session: Session, connection, until: Until):
    session.start()
    session.eeg(0, 50)
    until(lambda: session.recorded() == 50)
    session.stop(signal.SIGKILL)
    session.folder.rename(session.folder.with_name("away"))
    session.start()
    until(lambda: stopped(session))
    assert stopped(session) == gone(session, errno.ENOENT)
    until(lambda: kept_from(session, connection) == ids.END)
    assert session.stop() == 0


def test_a_recorder_that_comes_back_to_a_disk_that_is_read_only_does_not_end_the_run(session: Session, until: Until):
    session.start()
    session.eeg(0, 50)
    until(lambda: session.recorded() == 50)
    session.stop(signal.SIGKILL)
    session.start(
        seeing(f"mount --bind {session.folder} {session.folder} && mount -o remount,bind,ro {session.folder}")
    )
    until(lambda: stopped(session))
    assert stopped(session) == gone(session, errno.EROFS)
    assert session.stop() == 0


def seeing(mounts: str) -> list[str]:
    """Return what starts a program that sees file systems of its own."""
    unshare = shutil.which("unshare")
    wrapper = [unshare or "", "--user", "--map-root-user", "--mount", "sh", "-c", f'{mounts} && exec "$@"', "sh"]
    if unshare is None or subprocess.run([*wrapper, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted here: it needs Linux with user namespaces")
    return wrapper


@pytest.mark.skipif(sys.platform != "linux", reason="looks into the mount namespace of another process by /proc")
def test_a_disk_that_is_nearly_full_is_an_alarm_and_then_a_clean_end(session: Session, connection, until: Until):
    session.start(seeing(f"mount -t tmpfs -o size=68m,mode=700 tmpfs {session.folder}"))
    session.folder = Path(f"/proc/{session.process.pid}/root{session.folder}")
    session.eeg(0)
    session.tick(0)
    until(lambda: session.recorded("helo-estimates-P001") == 1)
    until(lambda: alarms(session, connection))
    (little,) = alarms(session, connection)
    assert "MB are free" in little
    assert stopped(session) == ""
    (session.folder / "something else").write_bytes(bytes(5 << 20))
    until(lambda: stopped(session))
    assert "is nearly full" in stopped(session)
    session.eeg(10)
    assert session.xdf()["Cap"]["footer"]["info"]["sample_count"] == ["10"]
    until(lambda: (session.folder / "estimates.parquet").exists())
    assert not (session.folder / "estimates.arrows").exists()
    assert session.stop() == 0


def test_a_recorder_that_was_stopped_and_dies_leaves_its_ended_files_alone(session: Session, until: Until):
    session.start()
    session.eeg(0)
    session.tick(0)
    until(lambda: session.recorded("helo-estimates-P001") == 1)
    assert session.stop() == 0
    ended = read_provenance(session.folder)
    write_provenance(session.folder, {**ended, "stopped": "The recording was stopped."})
    before = {file.name: file.read_bytes() for file in session.folder.iterdir()}
    session.start()
    until(lambda: stopped(session))
    assert {file.name: file.read_bytes() for file in session.folder.iterdir()} == before
    assert session.stop() == 0
