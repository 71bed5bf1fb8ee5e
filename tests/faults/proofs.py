"""What has to be true of a recorded session whatever happened to its processes."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pyxdf

from tests.command import helo_json


def recorded_counters(session_dir: Path, name: str) -> dict[str, np.ndarray]:
    """Return the counters of each stream's recorded samples."""
    streams, _ = pyxdf.load_xdf(session_dir / "raw.xdf", synchronize_clocks=False, dejitter_timestamps=False)
    return {
        stream["info"]["type"][0].lower(): stream["time_series"][:, 0]
        for stream in streams
        if stream["info"]["name"][0].startswith(f"{name}-")
    }


def events(session_dir: Path, kind: str) -> list[dict]:
    """Return the recorded events of a kind."""
    lines = (session_dir / "events.jsonl").read_text().splitlines()
    return [event for event in map(json.loads, lines) if event["kind"] == kind]


def assert_nothing_lost_or_doubled(
    result: dict, name: str, ring: Mapping[str, np.ndarray], *, outages: Mapping[str, int]
) -> None:
    """Check samples, ticks and estimates.

    Parameters
    ----------
    result : dict
        What the run printed.
    name : str
        Of the session.
    ring : mapping
        Stream -> counters of all samples that were in its ring buffer, up to shortly before the end.
    outages : mapping
        Stream -> how often its reader was killed.
    """
    folder = Path(result["session_dir"])
    recorded = recorded_counters(folder, name)
    assert recorded.keys() == ring.keys()
    for stream, counters in recorded.items():
        steps = np.diff(counters)
        assert (steps >= 1).all(), f"{stream}: a sample came twice"
        holes = np.flatnonzero(steps != 1)
        assert len(holes) == outages.get(stream, 0), f"{stream}: after {counters[holes]} {steps[holes]}"
        np.testing.assert_array_equal(ring[stream], counters[: len(ring[stream])], err_msg=f"{stream} in the ring")
        assert len(ring[stream]) > 0.5 * len(counters)
        health = result["streams"][f"P001/{stream}"]
        assert health["samples_received"] == len(counters)
        assert health["gaps"] == outages.get(stream, 0)
        if stream != "face":  # which may drop samples, so that nobody can say how many are missing
            assert health["samples_lost"] == round((steps[holes] - 1).sum())
    assert_every_tick_once(folder)
    verdict = helo_json("verify", folder)
    assert (verdict["different"], verdict["max_abs_diff"]) == (0, 0)
    assert verdict["compared"] == pq.read_metadata(folder / "estimates.parquet").num_rows


def assert_every_tick_once(folder: Path) -> None:
    """Check that no tick is missing or there twice, of estimates and of windows."""
    ticks = pq.read_table(folder / "estimates.parquet").to_pydict()["tick"]
    assert ticks == list(range(len(ticks)))
    features = pq.read_table(folder / "features.parquet").to_pandas()
    for _, modality in features.groupby("modality"):
        assert modality["tick"].tolist() == list(range(len(modality)))


def late_ticks(folder: Path, modality: str) -> list[int]:
    """Return the ticks for which a modality lacks what came too late or not at all."""
    windows = pq.read_table(folder / "features.parquet").to_pylist()
    found = [
        window["tick"]
        for window in windows
        if window["modality"] == modality
        and any("late" in reason or "no samples" in reason for reason in window["reasons"])
    ]
    return sorted(found)


def assert_deaths_were_noticed(result: dict, killed: list) -> None:
    """Check that each killed process was restarted once, and that an event said so within 2 s."""
    said = [event for event in events(Path(result["session_dir"]), "restart") if "SIGKILL" in event["text"]]
    for label in {f"{victim.kind} {victim.what}".strip() for victim, _ in killed}:
        kills = [at for victim, at in killed if f"{victim.kind} {victim.what}".strip() == label]
        noticed = [event["time"] for event in said if event["text"].startswith(f"The {label} process was ended")]
        assert len(noticed) == len(kills), label
        delays = np.sort(noticed) - np.sort(kills)
        assert ((delays >= 0) & (delays <= 2)).all(), (label, delays)
