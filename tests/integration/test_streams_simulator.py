"""The simulator's streams on LSL: what is published is what the participant is, stamped exactly, and ends cleanly."""

import json
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from pipeline.session.config import Match
from pipeline.simulation.participant import SimulatedParticipant
from pipeline.streams.discovery import find
from pipeline.streams.inlet import Inlet
from pipeline.streams.segments import Segmenter
from pipeline.streams.simulator import Simulator
from tests.command import HELO
from tests.pulled import BOUND_S, pull_all


def _inlet(name: str) -> Inlet:
    return Inlet(find(Match(name=name), BOUND_S))


@contextmanager
def simulating(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run ``helo simulate`` until the block ends."""
    process = subprocess.Popen([*HELO, "simulate", *arguments], stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=BOUND_S)


def test_every_stream_arrives_as_the_participant_makes_it(unique):
    seconds = 2
    participant = SimulatedParticipant(11, counter=True)
    made = [participant.next_second() for _ in range(seconds)]
    with Simulator(11, counter=True, prefix=unique) as simulator:
        kinds = [kind for kind in simulator.outlets if kind != "Markers"]
        inlets = {kind: _inlet(f"{unique}-{kind}") for kind in kinds}
        runner = threading.Thread(target=simulator.run, args=(threading.Event(),), kwargs={"duration": seconds})
        runner.start()
        starts = []
        for kind, inlet in inlets.items():
            data = np.concatenate([second[kind].data for second in made])
            times = np.concatenate([second[kind].times for second in made])
            got = pull_all(inlet, len(data))
            assert np.array_equal(np.concatenate([one.data for one in got]), data, equal_nan=True), kind
            stamps = np.concatenate([one.times for one in got])
            starts.append(stamps[0])
            assert stamps.tolist() == (stamps[0] + times).tolist()
            inlet.close()
        runner.join(BOUND_S)
        assert not runner.is_alive()
    assert len(set(starts)) == 1


def test_the_counter_shows_that_no_sample_is_lost(unique):
    with simulating("--seed=4", "--counter", f"--prefix={unique}"), _inlet(f"{unique}-EEG") as inlet:
        info = inlet.describe()
        got = pull_all(inlet, 900)
    counter = np.concatenate([pulled.data[:, 0] for pulled in got])
    assert info.ch_names[0] == "counter"
    assert info.source_id == f"{unique}-4-EEG"
    assert np.array_equal(counter, counter[0] + np.arange(len(counter)))
    segmenter = Segmenter(info.sfreq)
    for pulled in got:
        segmenter.split(pulled, offset=0.0, epoch_ms=1)
    assert (segmenter.lost, segmenter.gaps) == (0, 0)


def test_it_ends_cleanly_when_asked_to(unique):
    for number in (signal.SIGTERM, signal.SIGINT):
        with simulating(f"--prefix={unique}") as process:
            find(Match(name=f"{unique}-EEG"), BOUND_S)
            process.send_signal(number)
            assert process.wait(BOUND_S) == 0


def test_it_ends_after_its_duration(unique):
    with simulating(f"--prefix={unique}", "--duration=0.5") as process:
        assert process.wait(BOUND_S) == 0


def test_streams_lists_what_is_there(unique):
    with simulating("--seed=2", f"--prefix={unique}"):
        find(Match(name=f"{unique}-State"), BOUND_S)
        result = subprocess.run(
            [*HELO, "streams", "--json"], capture_output=True, text=True, timeout=BOUND_S, check=True
        )
        page = subprocess.run([*HELO, "streams"], capture_output=True, text=True, timeout=BOUND_S, check=True)
    listed = {stream["name"]: stream for stream in json.loads(result.stdout) if stream["name"].startswith(unique)}
    assert len(listed) == 6
    face = listed[f"{unique}-Face"]
    expected = {"type": "Face", "source_id": f"{unique}-2-Face", "sfreq": 30.0, "channels": 59, "format": "float32"}
    assert expected.items() <= face.items()
    assert face["health"] == "delivers"
    assert listed[f"{unique}-Markers"]["delivered_hz"] is None
    assert f"{unique}-GSR" in page.stdout
    assert "Traceback" not in result.stderr + page.stderr
