"""Supervised processes: restarted when they die, given up when that does not help, stopped in order."""

import sys
import threading

import pytest

from pipeline.workers.child import Child, ProcessSpec, stop_in_order


class Watcher:
    """Collects what children say of themselves."""

    def __init__(self) -> None:
        self.sentences: list[str] = []
        self.lines: list[str] = []
        self._news = threading.Condition()

    def changed(self, child: Child, sentence: str) -> None:
        with self._news:
            self.sentences.append(sentence)
            self._news.notify_all()

    def line(self, child: Child, line: str) -> None:
        with self._news:
            self.lines.append(line)
            self._news.notify_all()

    def until(self, condition) -> None:
        with self._news:
            assert self._news.wait_for(condition, timeout=30)


def child(watcher: Watcher, code: str, *, phase: int = 0, what: str = "") -> Child:
    return Child(ProcessSpec("worker", what, [sys.executable, "-c", code], phase), watcher.changed, watcher.line)


WAITS = "import signal, sys; print('ready', flush=True); signal.pause()"


def test_a_killed_process_is_restarted_and_counted():
    watcher = Watcher()
    one = child(watcher, WAITS)
    one.start()
    watcher.until(lambda: watcher.lines == ["ready"])
    first = one.pid
    one.kill()
    watcher.until(lambda: watcher.lines == ["ready", "ready"])
    assert one.pid != first
    assert one.restarts == 1
    assert "was ended by SIGKILL; it is being restarted" in " ".join(watcher.sentences)
    stop_in_order([one], within_s=5)
    assert one.state == "stopped"
    assert one.process.poll() is not None


def test_a_process_that_says_its_input_is_bad_is_not_started_again():
    watcher = Watcher()
    one = child(watcher, "import sys; sys.exit(2)")
    one.start()
    one.join(30)
    assert one.state == "failed"
    assert one.restarts == 0
    assert watcher.sentences[-1].endswith("stopped with status 2 and was given up.")


def test_a_process_that_keeps_dying_is_given_up(monkeypatch):
    monkeypatch.setattr("pipeline.workers.child._LONGEST_DELAY_S", 0.01)
    watcher = Watcher()
    one = child(watcher, "import sys; sys.exit(1)")
    one.start()
    one.join(30)
    assert one.state == "failed"
    assert one.restarts == 5


def test_deaths_of_long_ago_do_not_count(monkeypatch):
    monkeypatch.setattr("pipeline.workers.child._WITHIN_S", 0.0)
    monkeypatch.setattr("pipeline.workers.child._FIRST_DELAY_S", 0.01)
    watcher = Watcher()
    one = child(watcher, "import sys; sys.exit(1)")
    one.start()
    watcher.until(lambda: one.restarts > 6)
    stop_in_order([one], within_s=5)
    assert one.state == "stopped"


def test_a_phase_that_does_not_stop_leaves_the_next_one_its_time(monkeypatch):
    monkeypatch.setattr("pipeline.workers.child._LEAST_GRACE_S", 20.0)
    watcher = Watcher()
    deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); print('ready', flush=True); time.sleep(600)"
    polite = "import signal, sys; signal.signal(15, lambda *_: sys.exit(0)); print('ready', flush=True); signal.pause()"
    children = [child(watcher, deaf, phase=0), child(watcher, polite, phase=1)]
    for one in children:
        one.start()
    watcher.until(lambda: watcher.lines.count("ready") == 2)
    stop_in_order(children, within_s=20.5)
    assert [one.status for one in children] == [-9, 0]


def test_processes_stop_phase_by_phase_and_the_deaf_are_killed():
    watcher = Watcher()
    says = (
        "import signal, sys; signal.signal(15, lambda *_: (print('{0}', flush=True), sys.exit(0)));"
        "print('ready', flush=True); signal.pause()"
    )
    deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); print('ready', flush=True); time.sleep(600)"
    children = [
        child(watcher, says.format("second"), phase=1),
        child(watcher, says.format("first"), phase=0),
        child(watcher, deaf, phase=2),
    ]
    for one in children:
        one.start()
    watcher.until(lambda: watcher.lines.count("ready") == 3)
    stop_in_order(children, within_s=3)
    assert [line for line in watcher.lines if line != "ready"] == ["first", "second"]
    assert all(one.process.poll() is not None for one in children)
    assert children[2].status == -9


def test_a_child_told_to_stop_before_it_started_never_starts():
    watcher = Watcher()
    one = child(watcher, WAITS)
    one.terminate()
    one.start()
    one.join(30)
    assert one.pid == 0


@pytest.mark.parametrize("deaf", [False, True])
def test_a_process_that_is_renewed_has_ended_when_that_returns_and_no_death_is_counted(deaf):
    watcher = Watcher()
    handler = "signal.SIG_IGN" if deaf else "signal.SIG_DFL"
    one = child(
        watcher, f"import signal; signal.signal(signal.SIGTERM, {handler}); print('ready', flush=True); signal.pause()"
    )
    one.start()
    watcher.until(lambda: watcher.lines == ["ready"])
    before = one.process
    one.renew(0.1 if deaf else 30.0)
    assert before.returncode == (-9 if deaf else -15)
    watcher.until(lambda: watcher.lines == ["ready", "ready"])
    assert one.pid != before.pid
    assert one.restarts == 0
    assert not any(watcher.sentences)
    stop_in_order([one], within_s=1)
    assert one.state == "stopped"


def test_a_process_that_asks_for_another_one_in_its_place_is_replaced_at_once_and_no_death_is_counted(tmp_path):
    """More often than a process may die."""
    watcher = Watcher()
    count = f"open({str(tmp_path / 'starts')!r}, 'a+')"
    code = (
        f"import sys; f = {count}; f.write('x'); f.seek(0); n = len(f.read()); f.close(); sys.exit(75 if n < 9 else 2)"
    )
    one = child(watcher, code)
    one.start()
    one.join(60)
    assert (tmp_path / "starts").read_text() == "x" * 9
    assert one.restarts == 0
    assert [sentence for sentence in watcher.sentences if sentence] == [
        "The worker process stopped with status 2 and was given up."
    ]
