"""Killing any process of a run: it is restarted, said, and the estimates go on without a tick twice or left out."""

import json
import os
import signal
import socket
import time
from pathlib import Path

import numpy as np
import psutil
import pyarrow.parquet as pq
import pytest
import pyxdf

from pipeline.session.runtime import running
from pipeline.store import ids, keys
from pipeline.store.connection import connect
from tests.command import SEED, helo_json, started, status, wait_for


def soak(value: str) -> object:
    """Leave a case to ``make soak``: all of them take longer than CI should."""
    return pytest.param(value, marks=pytest.mark.soak)


def processes(kind: str) -> list[dict]:
    return [process for process in status()["processes"] if process["kind"] == kind]


def events(recordings: Path) -> list[dict]:
    """Return the events recorded so far."""
    files = list(recordings.glob("*/events.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def recorded(session_dir: Path, name: str) -> list[float]:
    """Return the timestamps of a recorded stream."""
    streams, _ = pyxdf.load_xdf(session_dir / "raw.xdf", synchronize_clocks=False, dejitter_timestamps=False)
    return [time for stream in streams if stream["info"]["name"] == [name] for time in stream["time_stamps"].tolist()]


@pytest.fixture
def recordings(tmp_path) -> Path:
    return tmp_path / "recordings"


@pytest.mark.parametrize("kind", ["reader", "preprocess", "infer", "recorder", "store"])
def test_a_killed_process_comes_back_and_the_run_goes_on(kind, recordings):
    with started(
        "demo", "--seed", SEED, "--no-dashboard", "--recordings", recordings, "--duration", 12, "--json"
    ) as run:
        wait_for(lambda: any(stream["samples_received"] for stream in status()["streams"]))
        victim = wait_for(lambda: processes(kind) or (store_of(run.pid) if kind == "store" else []))[0]
        os.kill(victim["pid"], signal.SIGKILL)
        output, _ = run.communicate(timeout=120)
        assert run.returncode == 0
    result = json.loads(output)
    assert result["restarts"] == 1
    assert result["ticks"] == 48
    assert result["estimates"] >= 24
    table = pq.read_table(Path(result["session_dir"]) / "estimates.parquet").to_pydict()
    assert table["tick"] == list(range(len(table["tick"])))
    eeg = result["streams"]["P001/eeg"]
    assert eeg["gaps"] == (kind == "reader")
    assert (eeg["samples_lost"] > 0) == (kind == "reader")
    assert eeg["samples_received"] == len(recorded(Path(result["session_dir"]), "helo-demo-EEG"))
    restarts = [event["text"] for event in events(recordings) if event["kind"] == "restart"]
    assert any(kind in text and "SIGKILL" in text for text in restarts), restarts
    assert helo_json("verify", result["session_dir"])["different"] == 0


@pytest.mark.parametrize("kind", ["preprocess", *(soak(kind) for kind in ("reader", "infer", "recorder", "store"))])
def test_a_process_that_was_paused_goes_on_and_nothing_is_lost(kind, recordings):
    with started(
        "demo", "--seed", SEED, "--no-dashboard", "--recordings", recordings, "--duration", 25, "--json"
    ) as run:
        wait_for(lambda: estimates(run.pid))
        victim = (store_of(run.pid) if kind == "store" else processes(kind))[0]
        os.kill(victim["pid"], signal.SIGSTOP)
        time.sleep(8)  # this is what is tested
        os.kill(victim["pid"], signal.SIGCONT)
        output, _ = run.communicate(timeout=120)
        assert run.returncode == 0
    result = json.loads(output)
    assert result["restarts"] == 0
    assert result["ticks"] == 100
    assert_whole(result, "helo-demo-EEG")
    if kind != "reader":  # what a paused reader brings is late
        assert not late(result)


def test_a_process_that_hangs_is_ended_and_nothing_is_lost(recordings):
    with started(
        "demo", "--seed", SEED, "--no-dashboard", "--recordings", recordings, "--duration", 30, "--json"
    ) as run:
        wait_for(lambda: estimates(run.pid))
        (victim,) = processes("preprocess")
        os.kill(victim["pid"], signal.SIGSTOP)
        wait_for(lambda: not psutil.pid_exists(victim["pid"]), within_s=30)
        output, _ = run.communicate(timeout=120)
        assert run.returncode == 0
    result = json.loads(output)
    assert result["restarts"] == 1
    assert result["ticks"] == 120
    assert_whole(result, "helo-demo-EEG")
    assert not late(result)
    texts = [event["text"] for event in events(recordings) if event["kind"] == "restart"]
    assert texts == ["The preprocess P001 process gave no sign of life and was killed; it is being restarted."]


@pytest.mark.soak
@pytest.mark.parametrize("how", ["killed", "paused"])
def test_the_run_goes_on_whatever_the_dashboard_does(how, recordings):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with started(
        "demo", "--seed", SEED, "--recordings", recordings, "--duration", 20, "--json", env={"HELO_PORT": str(port)}
    ) as run:
        wait_for(lambda: estimates(run.pid))
        (victim,) = processes("dashboard")
        os.kill(victim["pid"], signal.SIGKILL if how == "killed" else signal.SIGSTOP)
        if how == "paused":
            time.sleep(8)
            os.kill(victim["pid"], signal.SIGCONT)
        output, _ = run.communicate(timeout=120)
        assert run.returncode == 0
    result = json.loads(output)
    assert result["restarts"] == (how == "killed")
    assert result["ticks"] == 80
    assert_whole(result, "helo-demo-EEG")


def test_the_store_and_preprocess_die_together(recordings):
    with started(
        "demo", "--seed", SEED, "--no-dashboard", "--recordings", recordings, "--duration", 25, "--json"
    ) as run:
        wait_for(lambda: estimates(run.pid))
        victims = [*store_of(run.pid), *processes("preprocess")]
        for victim in victims:
            os.kill(victim["pid"], signal.SIGKILL)
        output, _ = run.communicate(timeout=120)
        assert run.returncode == 0
    result = json.loads(output)
    assert result["restarts"] == 2
    assert result["ticks"] == 100
    assert_whole(result, "helo-demo-EEG")
    assert not late(result)


def estimates(pid: int) -> bool:
    """Return whether a run has estimated something."""
    stores = [(run.store, run.session) for run in running() if run.pid == pid and run.store]
    return any(connect(store).last_id(keys.estimates(session, "P001")) != ids.START for store, session in stores)


def assert_whole(result: dict, name: str) -> None:
    """Check that no sample and no tick is missing or there twice."""
    folder = Path(result["session_dir"])
    eeg = result["streams"]["P001/eeg"]
    assert (eeg["gaps"], eeg["samples_lost"]) == (0, 0)
    times = recorded(folder, name)
    assert len(times) == eeg["samples_received"]
    np.testing.assert_allclose(np.diff(times), 1 / 300, atol=1e-6)
    ticks = pq.read_table(folder / "estimates.parquet").to_pydict()["tick"]
    assert ticks == list(range(len(ticks)))
    features = pq.read_table(folder / "features.parquet").to_pandas()
    for _, modality in features.groupby("modality"):
        assert modality["tick"].tolist() == list(range(len(modality)))


def late(result: dict) -> list[str]:
    """Return the reasons of windows that lack what came later; while a run ends, readers stop first."""
    windows = pq.read_table(Path(result["session_dir"]) / "features.parquet").to_pylist()
    reasons = [reason for window in windows if window["tick"] < result["ticks"] for reason in window["reasons"]]
    return [reason for reason in reasons if "late" in reason or "no samples" in reason]


def store_of(pid: int) -> list[dict]:
    """Return the embedded server of a run."""
    return [{"pid": p.pid} for p in psutil.Process(pid).children(recursive=True) if "valkey" in p.name()]


def test_ctrl_c_ends_the_run_and_leaves_no_process_and_no_socket(recordings):
    with started("demo", "--seed", SEED, "--no-dashboard", "--recordings", recordings, "--json") as run:
        wait_for(lambda: any(stream["samples_received"] for stream in status()["streams"]))
        family = psutil.Process(run.pid).children(recursive=True)
        run.send_signal(signal.SIGINT)
        output, _ = run.communicate(timeout=30)
        assert run.returncode == 0
    assert json.loads(output)["session_dir"]
    assert not [process for process in family if process.is_running()]
    assert not list(Path(os.environ["XDG_RUNTIME_DIR"]).glob("helo/*/store.sock"))


def test_children_end_when_their_supervisor_is_killed(recordings):
    with started("demo", "--seed", SEED, "--no-dashboard", "--recordings", recordings) as run:
        wait_for(lambda: any(stream["samples_received"] for stream in status()["streams"]))
        family = psutil.Process(run.pid).children(recursive=True)
        assert len(family) > 8
        run.kill()
        run.wait(timeout=30)
        _, alive = psutil.wait_procs(family, timeout=30)
        assert not alive
    assert status()["session"] is None
