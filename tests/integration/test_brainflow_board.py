"""A BrainFlow board over LSL: its synthetic board, as a real process."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
import yaml

from pipeline.session.config import Match
from pipeline.streams.clock import local_clock
from pipeline.streams.discovery import find
from pipeline.streams.inlet import Inlet
from tests.command import HELO, ROOT, helo, helo_json
from tests.pulled import BOUND_S, pull_all

EXAMPLE = ROOT / "recordings" / "examples" / "brainflow.yaml"


@contextmanager
def sampling(name: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run the synthetic board until the block ends."""
    command = [*HELO, "brainflow", "--board", "synthetic", "--name", name, *arguments]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        _, said = process.communicate(timeout=BOUND_S)
        assert process.returncode == 0, said
        assert "Traceback" not in said


def test_the_board_is_published_with_its_labels_and_no_sample_is_missing(unique):
    with sampling(unique), Inlet(find(Match(name=f"{unique}-EEG"), BOUND_S)) as inlet:
        info = inlet.describe()
        got = pull_all(inlet, 600)
        now = local_clock()
    data, times = np.concatenate([one.data for one in got]), np.concatenate([one.times for one in got])
    assert (info.type, info.sfreq) == ("EEG", 250.0)
    assert info.ch_names[:5] == ("packet counter", "Fz", "C3", "Cz", "C4")
    assert info.units[:3] == ("count", "uV", "uV")
    assert (np.diff(data[:, 0]) % 256 == 1).all()
    assert np.ptp(data[:, 1]) > 1
    # Stamped by the board's own time, on the LSL clock.
    assert (np.diff(times) >= 0).all()
    assert now - 60 < times[0] < times[-1] < now


def test_the_example_session_takes_the_board(unique, tmp_path):
    settings = yaml.safe_load(EXAMPLE.read_text())
    for stream in settings["participants"]["P001"]["streams"].values():
        stream["match"]["name"] = stream["match"]["name"].replace("helo-brainflow", unique)
    session = tmp_path / "s.yaml"
    session.write_text(yaml.safe_dump(settings))
    with sampling(unique):
        assert helo_json("check", session, "--recordings", tmp_path)["go"]


def test_it_ends_after_its_duration(unique):
    with sampling(unique, "--duration", "1") as process:
        assert process.wait(BOUND_S) == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--board", "wobble"], "BrainFlow knows no 'wobble'; give one of"),
        (["--board", "cyton", "--with", "port=3"], "BrainFlow knows no 'port'; give one of"),
        (["--board", "cyton", "--with", "ip_port=x"], "--with ip_port=x: give a number"),
        (["--board", "cyton", "--with", "serial_port"], "give a field and its value"),
        (["--board", "cyton", "--with", "serial_port=/dev/none"], "board cyton: does not start (UNABLE_TO_OPEN_PORT"),
    ],
)
def test_a_board_that_cannot_be_had_is_named(arguments, said):
    done = helo("brainflow", *arguments)
    assert done.returncode == 2, done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert said in done.stderr
