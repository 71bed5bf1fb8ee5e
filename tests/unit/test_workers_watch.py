"""Who hangs, judged by heartbeats."""

import os
import threading

from pipeline.states import Heartbeat
from pipeline.workers.pulse import SILENT_S, Pulse
from pipeline.workers.watch import START_S, Silence

NAME = ("infer", "")


def looks(silence: Silence, start: float, seconds: float, pid: int, beat: Heartbeat | None) -> list[float]:
    """Return when, in looks every half second, the process was found to hang."""
    times = [start + number / 2 for number in range(int(2 * seconds))]
    return [now for now in times if silence.judge(now, {NAME: pid}, {} if beat is None else {NAME: beat})]


def test_a_process_that_beats_does_not_hang():
    silence = Silence()
    for now in range(60):
        assert not silence.judge(now / 1, {NAME: 7}, {NAME: Heartbeat(7, now, SILENT_S)})


def test_a_silent_process_is_found_within_ten_seconds_and_not_before_eight():
    (found, *_) = looks(Silence(), 0.0, 12.0, 7, Heartbeat(7, 1.0, SILENT_S))
    assert 8.5 < found <= 9.75


def test_a_process_may_say_that_it_will_be_silent():
    assert not looks(Silence(), 0.0, 30.0, 7, Heartbeat(7, 1.0, 35.0))


def test_a_process_that_starts_has_time_and_its_predecessors_beats_do_not_count():
    silence = Silence()
    old = Heartbeat(7, 1.0, SILENT_S)
    assert not looks(silence, 0.0, START_S, 8, old)
    assert looks(silence, START_S, 2.0, 8, old)


def test_time_in_which_nobody_looked_does_not_count():
    silence, beat = Silence(), Heartbeat(7, 1.0, SILENT_S)
    assert not looks(silence, 0.0, 8.0, 7, beat)
    assert not looks(silence, 60.0, 8.0, 7, beat)
    assert looks(silence, 68.0, 4.0, 7, beat)


def test_a_process_is_named_once():
    assert len(looks(Silence(), 0.0, 12.0, 7, Heartbeat(7, 1.0, SILENT_S))) == 1


class Board:
    """Keeps what is put on it."""

    def __init__(self) -> None:
        self.beats: list[Heartbeat] = []
        self.lock = threading.Lock()

    def put_heartbeat(self, kind: str, what: str, beat: Heartbeat) -> None:
        assert (kind, what) == NAME
        self.beats.append(beat)


def test_of_several_loops_the_silent_one_counts(monkeypatch):
    monkeypatch.setattr("pipeline.workers.pulse.BEAT_EVERY_S", 0.0)
    board = Board()
    pulse = Pulse(board, *NAME)
    pulse.expect(["a", "b"])
    for _ in range(3):
        pulse.beat("a")
    assert len({beat.time for beat in board.beats}) == 1
    pulse.beat("b")
    pulse.beat("a")
    times = [beat.time for beat in board.beats]
    assert times == sorted(times)
    assert times[-1] > times[0]
    assert {beat.pid for beat in board.beats} == {os.getpid()}


def test_a_loop_that_will_be_silent_says_so_at_once():
    board = Board()
    pulse = Pulse(board, *NAME)
    for _ in range(5):
        pulse.beat()
    assert len(board.beats) == 1
    pulse.beat(within_s=35.0)
    assert [beat.within_s for beat in board.beats] == [SILENT_S, 35.0]
