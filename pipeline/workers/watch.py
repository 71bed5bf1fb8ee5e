"""Ending what hangs: a process that is alive and gives no sign of life is worse than a dead one."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from pipeline.log import get_log
from pipeline.states import Heartbeat
from pipeline.store.board import Board
from pipeline.store.connection import Connection, StoreLost
from pipeline.workers.child import Child
from pipeline.workers.pulse import SILENT_S

#: How often heartbeats are looked at (s).
LOOK_EVERY_S: Final = 0.5
#: A worker that has not given a first sign of life after this long will give none (s): torch loads slowly.
START_S: Final = 120.0
#: The store has this long to answer a look (s).
_ANSWER_S: Final = 2.0
#: After a longer pause between two looks, of ours or of the store, nobody has been seen to be silent (s).
_PAUSE_S: Final = 1.5

_log = get_log("supervisor")


@dataclass
class _Seen:
    pid: int
    beat: Heartbeat | None
    since: float
    """When this was seen first (s)."""


class Silence:
    """Judge by heartbeats which processes hang. Time counts only while heartbeats can be seen."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], _Seen] = {}
        self._looked = float("-inf")

    def judge(
        self, now: float, pids: Mapping[tuple[str, str], int], beats: Mapping[tuple[str, str], Heartbeat]
    ) -> list[tuple[str, str]]:
        """Return which processes have been silent for too long.

        Parameters
        ----------
        now : float
            Seconds, only ever rising.
        pids : mapping
            (kind, what) -> process id, of those that run.
        beats : mapping
            (kind, what) -> newest heartbeat.
        """
        blind = now - self._looked > _PAUSE_S
        self._looked = now
        hung = []
        for name, pid in pids.items():
            beat = beats.get(name)
            if beat is not None and beat.pid != pid:
                beat = None  # of its predecessor
            seen = self._seen.get(name)
            if blind or seen is None or seen.pid != pid or _time(seen.beat) != _time(beat):
                self._seen[name] = seen = _Seen(pid, beat, now)
            if now - seen.since > (START_S if beat is None else beat.within_s):
                hung.append(name)
                del self._seen[name]
        return hung


def _time(beat: Heartbeat | None) -> float | None:
    return None if beat is None else beat.time


class Watch(threading.Thread):
    """Look at the heartbeats of a session's workers, and end those that hang; their `Child` starts them again.

    Parameters
    ----------
    board : Board
        Where the heartbeats are; of a connection that does not wait long for an answer.
    children : sequence of Child
        The session's processes.
    clock : callable
        Seconds, only ever rising.
    """

    def __init__(self, board: Board, children: Sequence[Child], clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(name="watch", daemon=True)
        self._board = board
        self._workers = [child for child in children if child.spec.beats]
        self._store = next((child for child in children if child.spec.kind == "store"), None)
        self._clock = clock
        self._silence = Silence()
        self._store_pid = 0
        self._answered = clock()
        self._ended = threading.Event()

    def run(self) -> None:
        """Look until stopped."""
        while not self._ended.wait(LOOK_EVERY_S):
            try:
                beats = self._board.heartbeats()
            except StoreLost:
                self._judge_store()
            else:
                self._answered = self._clock()
                self._judge_workers(beats)

    def stop(self) -> None:
        """End the watch."""
        self._ended.set()
        self.join()

    def _judge_workers(self, beats: Mapping[tuple[str, str], Heartbeat]) -> None:
        running = {(child.spec.kind, child.spec.what): child for child in self._workers if child.state == "running"}
        pids = {name: child.pid for name, child in running.items()}
        for name in self._silence.judge(self._answered, pids, beats):
            running[name].end_hung(pids[name])

    def _judge_store(self) -> None:
        store = self._store
        if store is None or store.state != "running":
            return
        if store.pid != self._store_pid:
            self._store_pid, self._answered = store.pid, max(self._answered, self._clock() - _ANSWER_S)
        elif self._clock() - self._answered > SILENT_S:
            store.end_hung(self._store_pid)


@contextmanager
def watching(connection: Connection, session: str, children: Sequence[Child]) -> Iterator[None]:
    """Watch a session's processes while the block runs."""
    own = connection.impatient(_ANSWER_S)
    watch = Watch(Board(own, session), children)
    watch.start()
    try:
        yield
    finally:
        watch.stop()
        own.close()
