"""Whatever is killed comes back: nothing is lost, nothing comes twice, and the estimates can be computed again."""

import json
import os
import signal
from pathlib import Path

import psutil
import pytest

from pipeline.store import ids, keys
from tests.command import SEED, started, status, wait_for
from tests.faults.live import STREAMS, live
from tests.faults.proofs import (
    assert_deaths_were_noticed,
    assert_nothing_lost_or_doubled,
    events,
    late_ticks,
)


@pytest.mark.timeout(400)
def test_every_process_is_killed_and_nothing_is_lost_but_what_its_own_reader_missed(tmp_path, unique):
    with live(unique, tmp_path) as session:
        # Before the first estimate: what has not begun yet begins all the same.
        session.wait_for(lambda: session.connection.last_id(keys.raw(unique, "P001", "eeg")) != ids.START)
        session.kill("preprocess", "infer", "recorder")
        session.comes_back("preprocess", "infer", "recorder")
        for name in ("preprocess", "infer", "recorder", "publisher", "dashboard", "store"):
            session.kill(name)
            session.comes_back(name)
        session.kill("store", "preprocess")
        session.comes_back("store", "preprocess")
        session.hang("preprocess")
        session.goes_on()
        whole_until = session.tick
        session.kill("reader P001/eeg")
        session.comes_back("reader P001/eeg")
        last_tick = session.tick
        result, ring = session.end()
    folder = Path(result["session_dir"])
    assert_nothing_lost_or_doubled(result, unique, ring, outages={"eeg": 1})
    assert_deaths_were_noticed(result, session.killed)
    restarts = events(folder, "restart")
    assert result["restarts"] == len(restarts) == 13, [event["text"] for event in restarts]
    hung = "The preprocess process gave no sign of life and was killed; it is being restarted."
    assert [event["text"] for event in restarts].count(hung) == 1
    for modality in ("EEG", "GSR", "PPG", "Face"):
        late = late_ticks(folder, modality)
        assert [tick for tick in late if tick <= (whole_until if modality == "EEG" else last_tick)] == []
    assert len(STREAMS) == len(ring)


@pytest.mark.timeout(400)
def test_a_reader_dies_together_with_the_store_and_with_all_that_read_from_it(tmp_path, unique):
    with live(unique, tmp_path) as session:
        session.goes_on()
        for others in ((), ("preprocess",), ("preprocess", "infer", "recorder")):
            session.kill("reader P001/eeg", "store", *others)
            session.comes_back("reader P001/eeg", "store", *others)
        last_tick = session.tick
        result, ring = session.end()
    folder = Path(result["session_dir"])
    assert_nothing_lost_or_doubled(result, unique, ring, outages={"eeg": 3})
    assert_deaths_were_noticed(result, session.killed)
    assert result["restarts"] == len(events(folder, "restart")) == 10
    for modality in ("GSR", "PPG", "Face"):
        assert [tick for tick in late_ticks(folder, modality) if tick <= last_tick] == []


def test_ctrl_c_ends_the_run_and_leaves_no_process_and_no_socket(tmp_path):
    with started("demo", "--seed", SEED, "--no-dashboard", "--recordings", tmp_path, "--json") as run:
        wait_for(lambda: any(stream["samples_received"] for stream in status()["streams"]))
        family = psutil.Process(run.pid).children(recursive=True)
        run.send_signal(signal.SIGINT)
        output, _ = run.communicate(timeout=30)
        assert run.returncode == 0
    assert json.loads(output)["session_dir"]
    assert not [process for process in family if process.is_running()]
    assert not list(Path(os.environ["XDG_RUNTIME_DIR"]).glob("helo/*/store.sock"))


def test_children_end_when_their_supervisor_is_killed(tmp_path):
    with started("demo", "--seed", SEED, "--no-dashboard", "--recordings", tmp_path) as run:
        wait_for(lambda: any(stream["samples_received"] for stream in status()["streams"]))
        family = psutil.Process(run.pid).children(recursive=True)
        assert len(family) > 8
        run.kill()
        run.wait(timeout=30)
        _, alive = psutil.wait_procs(family, timeout=30)
        assert not alive
    assert status()["session"] is None
