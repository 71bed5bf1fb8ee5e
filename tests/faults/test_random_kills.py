"""Each process killed once, at times that nobody chose: a minute of it here, ten minutes in ``make soak``."""

import os
import random
import secrets
from pathlib import Path

import pytest

from pipeline.streams.clock import local_clock
from tests.command import wait_for
from tests.faults.live import STREAMS, live
from tests.faults.proofs import assert_deaths_were_noticed, assert_nothing_lost_or_doubled, events

VICTIMS = (*(f"reader P001/{stream}" for stream in STREAMS), "preprocess", "infer", "recorder", "publisher",
           "dashboard", "store")  # fmt: skip
#: After the last kill (s), so that its victim is back before the end.
REST_S = 10


@pytest.mark.parametrize("seconds", [60, pytest.param(600, marks=[pytest.mark.soak])], ids=["a minute", "ten minutes"])
@pytest.mark.timeout(1500)
def test_each_process_is_killed_once_at_random(seconds, tmp_path, unique):
    seed = int(os.environ.get("HELO_SEED") or secrets.randbelow(10_000))
    chance = random.Random(seed)
    plan = sorted((chance.uniform(2, seconds - REST_S), name) for name in chance.sample(VICTIMS, len(VICTIMS)))
    said = [f"{at:.2f} s {name}" for at, name in plan]
    print(f"Again with HELO_SEED={seed}:", ", ".join(said))  # noqa: T201 - shown with a failure
    with live(unique, tmp_path) as session:
        session.goes_on()
        start = local_clock()
        for at, name in plan:
            wait_for(lambda at=at: local_clock() >= start + at, within_s=seconds, every_s=0.01)
            session.kill(name)
        wait_for(lambda: local_clock() >= start + seconds, within_s=seconds)
        session.comes_back(*VICTIMS)
        result, ring = session.end()
    assert_nothing_lost_or_doubled(result, unique, ring, outages=dict.fromkeys(STREAMS, 1))
    assert_deaths_were_noticed(result, session.killed)
    assert result["restarts"] == len(events(Path(result["session_dir"]), "restart")) >= len(VICTIMS)
