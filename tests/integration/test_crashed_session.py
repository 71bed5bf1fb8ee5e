"""A session whose every process was killed at once: what is left of it on the disk, and in somebody else's server."""

from pathlib import Path

import psutil
import pytest
import pyxdf

from pipeline.store.expiry import LIFE_S
from pipeline.streams.clock import local_clock
from tests.command import SEED, helo_json, started, status, wait_for

pytestmark = pytest.mark.parametrize("store_server", ["embedded", "redis-server"], indirect=True)


@pytest.fixture
def killed(store_server, tmp_path) -> tuple[Path, float]:
    """Record in somebody else's server, kill everything, and return the folder and when that was."""
    recordings = tmp_path / "recordings"
    arguments = ("demo", "--seed", SEED, "--no-dashboard", "--recordings", recordings)
    with started(*arguments, env={"HELO_REDIS_URL": store_server.url}) as run:
        wait_for(lambda: (status()["recording"] or {}).get("samples", {}).get("P001/eeg", 0) > 4500)
        family = [psutil.Process(run.pid), *psutil.Process(run.pid).children(recursive=True)]
        at = local_clock()
        # Stopped before any is killed: a recorder that sees the others die ends its files, as it should.
        for process in family:
            process.suspend()
        for process in family:
            process.kill()
        psutil.wait_procs(family[1:], timeout=30)
        run.wait(30)
    return next(recordings.iterdir()), at


def test_all_but_the_last_second_is_there_and_nothing_of_the_participant_stays(killed, redis_client):
    folder, at = killed
    lives = {key.decode(): redis_client.pttl(key) for key in redis_client.keys("*")}
    assert any(":raw:" in key for key in lives)
    assert {key: life for key, life in lives.items() if life == -1 or life > 1000 * LIFE_S} == {}  # -1: for ever

    streams = {one["info"]["name"][0]: one for one in pyxdf.load_xdf(folder / "raw.xdf", dejitter_timestamps=False)[0]}
    for name in ("helo-demo-EEG", "helo-demo-GSR", "helo-demo-PPG"):
        assert at - streams[name]["time_stamps"][-1] < 2.5  # a second, what was on its way, and a busy machine
    assert {path.name for path in folder.glob("*.arrows")} == {"features.arrows", "estimates.arrows"}
    found = helo_json("verify", folder)
    assert (found["different"], found["max_abs_diff"]) == (0, 0)
    assert found["compared"] > 20
    assert "features.arrows, which the recorder had not ended, is now features.parquet" in found["notes"]
    assert not list(folder.glob("*.arrows"))
    again = helo_json("verify", folder)
    assert again["compared"] == found["compared"]
    assert not any("is now" in note for note in again["notes"])
