"""Streams that are lost during a run: said at once, looked for by a new reader, and taken up again."""

import json
import threading
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyxdf
import yaml

from pipeline.records import Array
from tests.command import helo_json, started, status, wait_for
from tests.devices import Device

SFREQ = 64.0
#: The device that falls silent, the one that is switched off and on, and the one that gets another source id.
SILENT, OFF, OTHER = "gsr", "ppg", "ecg"
USES = {SILENT: "GSR", OFF: "PPG", OTHER: "record"}
UNITS = {SILENT: "uS", OFF: "a.u.", OTHER: "mV"}


@dataclass
class Run:
    """A run during which all three were lost and came back."""

    result: dict[str, Any]
    events: list[dict[str, Any]]
    readers: dict[str, set[int]] = field(default_factory=dict)
    """Process ids of each stream's reader."""
    returned: dict[str, float] = field(default_factory=dict)
    """When each device sent again, on the LSL clock (s)."""

    def said(self, stream: str, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["source"] == f"P001/{stream}" and event["kind"] == kind]

    def recorded(self, stream: str) -> tuple[Array, Array]:
        """Return the counts and the times of a stream's samples, whatever its source id was."""
        content, _ = pyxdf.load_xdf(
            Path(self.result["session_dir"]) / "raw.xdf", synchronize_clocks=False, dejitter_timestamps=False
        )
        parts = [one for one in content if one["info"]["type"] == [USES[stream] if stream != OTHER else "ECG"]]
        parts.sort(key=lambda part: part["time_stamps"][0])
        counts = np.concatenate([part["time_series"][:, 0] for part in parts])
        return counts, np.concatenate([part["time_stamps"] for part in parts])


def device(stream: str, name: str, **more: Any) -> Device:
    return Device(
        f"{name}-{stream}", sfreq=SFREQ, kind="ECG" if stream == OTHER else USES[stream],
        ch_names=("counter", "value"), units=("count", UNITS[stream]), **more,
    )  # fmt: skip


def readers() -> dict[str, int]:
    return {one["what"].split("/")[1]: one["pid"] for one in status()["processes"] if one["kind"] == "reader"}


def states() -> dict[str, str]:
    return {one["stream"].split("/")[1]: one["state"] for one in status()["streams"]}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("lost")
    name = f"lost{threading.get_native_id()}"
    streams = {
        stream: {"match": {"name": f"{name}-{stream}"}, "use": use, "unit": UNITS[stream]}
        for stream, use in USES.items()
    }
    streams[OTHER] = {"match": {"source_id": "serial-1"}, "use": "record"}
    file = folder / "lost.yaml"
    file.write_text(
        yaml.safe_dump({"session": name, "participants": {"P001": {"consent": "ICF-v3", "streams": streams}}})
    )
    with ExitStack() as open_:
        silent = open_.enter_context(device(SILENT, name))
        off = ExitStack()
        was_off = off.enter_context(device(OFF, name))
        other = ExitStack()
        was_other = other.enter_context(device(OTHER, name, source_id="serial-1"))
        process = open_.enter_context(started("run", file, "--no-dashboard", "--json", "--recordings", folder / "rec"))
        wait_for(lambda: set(states().values()) == {"receiving"} and len(readers()) == 3)
        # A reader is not replaced in its first seconds.
        wait_for(lambda: all(one["samples_received"] > 6 * SFREQ for one in status()["streams"]))
        seen = [readers()]
        silent.plugged.clear()
        off.close()
        other.close()
        wait_for(lambda: set(states().values()) == {"lost"})
        wait_for(lambda: all(readers()[stream] != seen[0][stream] for stream in (OFF, OTHER)))
        seen.append(readers())
        silent.plugged.set()
        again = open_.enter_context(device(OFF, name, start=was_off.start))
        renamed = open_.enter_context(device(OTHER, name, source_id="serial-2", start=was_other.start))
        wait_for(lambda: set(states().values()) == {"receiving"})
        received = {one["stream"]: one["samples_received"] for one in status()["streams"]}
        wait_for(
            lambda: all(one["samples_received"] > received[one["stream"]] + 3 * SFREQ for one in status()["streams"])
        )
        seen.append(readers())
        process.send_signal(2)
        output, _ = process.communicate(timeout=120)
        assert process.returncode == 0
    result = json.loads(output)
    events = [json.loads(line) for line in (Path(result["session_dir"]) / "events.jsonl").read_text().splitlines()]
    return Run(
        result,
        events,
        {stream: {pids[stream] for pids in seen} for stream in USES},
        {OFF: again.opened, OTHER: renamed.opened},
    )


@pytest.mark.parametrize("stream", USES)
def test_a_stream_that_stops_is_reported_within_two_seconds_and_so_is_its_return(run, stream):
    counts, times = run.recorded(stream)
    hole = int(np.argmax(np.diff(counts)))
    (lost,) = run.said(stream, "lost")
    assert 0 < lost["time"] - (times[hole] + 1 / SFREQ) < 2.0
    (back,) = [event for event in run.said(stream, "returned") if event["text"].endswith("is back.")]
    assert back["time"] > lost["time"]


@pytest.mark.parametrize("stream", [OFF, OTHER])
def test_a_stream_that_returns_is_taken_up_within_five_seconds_by_a_new_process(run, stream):
    counts, times = run.recorded(stream)
    after = times[int(np.argmax(np.diff(counts))) + 1]
    assert 0 <= after - run.returned[stream] < 5.0
    assert len(run.readers[stream]) >= 2
    assert run.result["restarts"] == 0
    assert not [event for event in run.events if event["kind"] == "restart"]


def test_a_stream_that_was_silent_goes_on(run):
    assert run.result["streams"][f"P001/{SILENT}"]["gaps"] == 1


@pytest.mark.parametrize("stream", USES)
def test_what_is_missing_is_counted_to_the_sample_and_said(run, stream):
    counts, _ = run.recorded(stream)
    missing = int(np.sum(np.diff(counts) - 1))
    found = run.result["streams"][f"P001/{stream}"]
    assert (found["samples_received"], found["samples_lost"], found["gaps"]) == (len(counts), missing, 1)
    (gap,) = run.said(stream, "gap")
    assert f"{missing} samples missing" in gap["text"]


def test_a_device_that_returned_under_another_source_id_is_named(run):
    (event,) = [event for event in run.said(OTHER, "returned") if "source id" in event["text"]]
    assert "came back with source id 'serial-2' instead of 'serial-1'" in event["text"]


def test_such_a_session_is_recomputed_bit_for_bit(run):
    assert helo_json("verify", run.result["session_dir"])["different"] == 0
