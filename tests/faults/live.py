"""A whole live session of four counted streams, whose processes a test may kill and pause as it likes."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil
import yaml

from benchmarks.ports import free_port
from pipeline.records import Chunk
from pipeline.session.runtime import running
from pipeline.states import ProcessHealth
from pipeline.store import ids, keys
from pipeline.store.board import Board
from pipeline.store.connection import Connection, StoreLost, connect
from pipeline.store.ring import BlockingReader
from pipeline.streams.clock import local_clock
from tests.command import started, wait_for
from tests.faults import sensors as sensors_program
from tests.faults.sensors import CHANNELS

#: The modalities' streams as the session file calls them.
STREAMS = tuple(modality.lower() for modality in CHANNELS)


class RingFollower(threading.Thread):
    """Reads every ring buffer from its beginning to its end, as nobody else does; survives the store's death."""

    def __init__(self, connection: Connection, session: str) -> None:
        super().__init__(daemon=True)
        self._stream_of = {keys.raw(session, "P001", stream): stream for stream in STREAMS}
        self._reader = BlockingReader(connection, dict.fromkeys(self._stream_of, ids.START), Chunk)
        self._ended = threading.Event()
        self._found: dict[str, list[np.ndarray]] = {stream: [] for stream in STREAMS}

    def run(self) -> None:
        while not self._ended.is_set():
            for entry in self._reader.read(0.5):
                self._found[self._stream_of[entry.key]].append(np.array(entry.record.data[:, 0]))

    def stop(self) -> dict[str, np.ndarray]:
        """Return the counters of each stream's samples, in the order of the ring buffer."""
        self._ended.set()
        self.join()
        self._reader.close()
        return {stream: np.concatenate([[], *counters]) for stream, counters in self._found.items()}


@dataclass
class Live:
    """A session that runs."""

    run: "subprocess.Popen[str]"
    session: str
    store: str
    """Address of its store."""
    connection: Connection
    ring: RingFollower
    killed: list[tuple[ProcessHealth, float]] = field(default_factory=list)
    """Each process that was killed, and when (s, LSL clock)."""

    @property
    def tick(self) -> int:
        """The newest tick that has an estimate."""
        return ids.parse(self.connection.last_id(keys.estimates(self.session, "P001")))[1] - 1

    def processes(self) -> dict[str, ProcessHealth]:
        """Return the session's processes by kind, readers by kind and stream."""
        found = Board(self.connection, self.session).processes()
        return {f"reader {p.what}" if p.kind == "reader" else p.kind: p for p in found}

    def running(self, *names: str) -> list[ProcessHealth]:
        """Return processes once they all run."""
        found: list[ProcessHealth] = []

        def all_run() -> bool:
            now = self.processes()
            found[:] = [now[name] for name in names if name in now and now[name].state == "running"]
            return len(found) == len(names) and all(psutil.pid_exists(process.pid) for process in found)

        self.wait_for(all_run)
        return found

    def wait_for(self, condition: Callable[[], object]) -> None:
        """Wait for something that is asked of the store, whatever happens to that meanwhile."""

        def holds() -> bool:
            assert self.run.poll() is None, "the run ended"
            try:
                return bool(condition())
            except StoreLost:
                return False

        wait_for(holds, within_s=120)

    def goes_on(self) -> None:
        """Wait until there are estimates of further ticks."""
        self.wait_for(lambda: self.tick >= 0)
        seen: list[int] = []

        def further() -> bool:
            seen.append(self.tick)
            return seen[-1] >= seen[0] + 6

        self.wait_for(further)

    def kill(self, *names: str) -> None:
        """Kill processes together (SIGKILL), by the names that `processes` gives them."""
        for victim in self.running(*names):
            self.killed.append((victim, local_clock()))
            os.kill(victim.pid, signal.SIGKILL)

    def comes_back(self, *names: str) -> None:
        """Wait until killed processes run again, and estimates come."""
        before = {victim.pid for victim, _ in self.killed}

        def back() -> bool:
            found = self.processes()
            return all(name in found and found[name].pid not in before for name in names)

        self.wait_for(back)
        self.wait_for(lambda: all(self._reads_again(*death) for death in self.killed if death[0].kind == "reader"))
        self.goes_on()

    def _reads_again(self, reader: ProcessHealth, killed_at: float) -> bool:
        """Return whether the stream's newest segment, whose number is when it began, is not that of before."""
        segment, _ = ids.parse(self.connection.last_id(keys.raw(self.session, *reader.what.split("/"))))
        return segment / 1000 - time.time() > killed_at - local_clock()

    def hang(self, name: str) -> None:
        """Stop a process until the supervisor has ended it and started another."""
        (pid,) = (process.pid for process in self.running(name))
        os.kill(pid, signal.SIGSTOP)
        self.wait_for(lambda: self.processes()[name].pid != pid)

    def pause(self, seconds: float, *names: str) -> None:
        """Stop processes for so long (SIGSTOP) and let them go on."""
        victims = [process.pid for process in self.running(*names)]
        with ExitStack() as stack:
            for pid in victims:
                stack.callback(os.kill, pid, signal.SIGCONT)
                os.kill(pid, signal.SIGSTOP)
            until = local_clock() + seconds
            wait_for(lambda: local_clock() >= until, within_s=10 * seconds)  # this is what is tested
        self.goes_on()

    def end(self) -> tuple[dict, dict[str, np.ndarray]]:
        """Stop the session; return its summary, and the counters of all samples that were in the ring buffers."""
        counters = self.ring.stop()
        self.run.send_signal(signal.SIGINT)
        output, _ = self.run.communicate(timeout=120)
        assert self.run.returncode == 0
        return json.loads(output), counters


@contextmanager
def sensors(name: str) -> Iterator[None]:
    """Publish the participant's streams."""
    process = subprocess.Popen([sys.executable, sensors_program.__file__, name])
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


def session_file(folder: Path, name: str) -> Path:
    """Write a session with the four streams, whose estimates are published."""
    streams = {
        modality.lower(): {
            "match": {"source_id": f"{name}-{modality}"}, "use": modality, "channels": list(channels),
        }
        for modality, channels in CHANNELS.items()
    }  # fmt: skip
    content = {"session": name, "publish": True, "participants": {"P001": {"consent": "test", "streams": streams}}}
    file = folder / "session.yaml"
    file.write_text(yaml.safe_dump(content))
    return file


@contextmanager
def live(name: str, folder: Path, *arguments: object) -> Iterator[Live]:
    """Run a session of every kind of process."""
    env = {"HELO_PORT": str(free_port())}
    command = ("run", session_file(folder, name), "--recordings", folder / "recordings", "--json", *arguments)
    with sensors(name), started(*command, env=env) as run:

        def store() -> str | None:
            assert run.poll() is None, "the run ended before it began"
            return next((found.store for found in running() if found.pid == run.pid and found.store), None)

        url = wait_for(store)
        connection = connect(url)
        ring = RingFollower(connection, name)
        ring.start()
        try:
            yield Live(run, name, url, connection, ring)
        finally:
            if ring.is_alive():
                ring.stop()
            connection.close()
