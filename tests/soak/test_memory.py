"""Memory of a session that runs for long: every process's is flat, and no ring buffer outgrows its retention.

``HELO_SOAK_MINUTES`` says how long (20); docs/performance.md has the figures.
"""

import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import psutil
import pytest
import redis

from pipeline.modalities import MODALITIES
from pipeline.store import keys
from pipeline.store.writer import ESTIMATES_RETENTION_S, FEATURES_RETENTION_S, RAW_RETENTION_S
from pipeline.streams.clock import local_clock
from tests.command import wait_for
from tests.faults.live import STREAMS, Live, live
from tests.faults.proofs import assert_nothing_lost_or_doubled
from tests.faults.sensors import CHANNELS, RATES
from tests.flat import growth

MINUTES = float(os.environ.get("HELO_SOAK_MINUTES", "20"))
EVERY_S = 10.0
#: Until then caches fill, and the raw ring buffers (s).
SETTLED_S = 180.0
MOST_GROWTH = 0.02
#: The server drops entries by blocks of 100, once a second at most; readers store 25 chunks a second or more.
SLACK_S = 30.0
#: An entry's own part: its id, its header, its share of the server's tree (bytes).
ENTRY_BYTES = 120
#: Readers store at most about so many chunks a second.
CHUNKS_PER_S = 30
#: The allocator's part.
OVERHEAD = 1.2
#: The store's process takes so much more than its keys: what the server needs itself (bytes), and the allocator's part.
SERVER_BYTES, SERVER_OVERHEAD = 16e6, 1.5


@dataclass(frozen=True)
class Ring:
    """One stream of the store."""

    key: str
    retention_s: float
    bytes_per_s: float | None
    """Of what it is about; None where only the number of entries counts, which is that of the ticks."""


def rings(session: str) -> Iterator[Ring]:
    for modality, stream in zip(CHANNELS, STREAMS, strict=True):
        sample = 4 * (len(CHANNELS[modality]) + 1) + 8
        yield Ring(keys.raw(session, "P001", stream), RAW_RETENTION_S, RATES[modality] * sample)
    for modality in MODALITIES:
        if modality in CHANNELS:
            yield Ring(keys.features(session, "P001", modality), FEATURES_RETENTION_S, None)
    yield Ring(keys.estimates(session, "P001"), ESTIMATES_RETENTION_S, None)


def own_memory(session: Live) -> dict[str, int]:
    """Return what each process would give back if it ended (unique set size, bytes)."""
    pids = {"supervisor": session.run.pid, **{name: process.pid for name, process in session.processes().items()}}
    return {name: psutil.Process(pid).memory_full_info().uss for name, pid in pids.items()}


def store_memory(client: redis.Redis, session: str) -> int:
    """Return what a session's keys take (bytes)."""
    return sum(client.memory_usage(key, samples=0) for key in client.scan_iter(match=f"{keys.session(session)}*"))


@pytest.mark.soak
@pytest.mark.timeout(60 * MINUTES + 600)
def test_memory_is_flat_and_ring_buffers_are_bounded(tmp_path, unique):
    times: list[float] = []
    used: dict[str, list[int]] = defaultdict(list)
    with live(unique, tmp_path) as session:
        session.goes_on()
        start = local_clock()
        with redis.Redis.from_url(session.store) as client:
            while local_clock() < start + 60 * MINUTES:
                due = start + EVERY_S * (len(times) + 1)
                wait_for(lambda due=due: local_clock() >= due)
                times.append(local_clock() - start)
                in_keys = store_memory(client, unique)
                for name, size in own_memory(session).items():
                    # What the store holds for hours is not flat after minutes: it is bounded, as is looked at below.
                    used[name].append(size - in_keys if name == "store" else size)
            found = {ring: (client.xlen(ring.key), client.memory_usage(ring.key, samples=0)) for ring in rings(unique)}
        result, ring_counters = session.end()
    settled = [number for number, time in enumerate(times) if time > SETTLED_S]
    grown = {name: growth([times[n] for n in settled], [values[n] for n in settled]) for name, values in used.items()}
    report(times[-1], used, grown, found)
    assert_nothing_lost_or_doubled(result, unique, ring_counters, outages={})
    assert result["restarts"] == 0
    for ring, (length, size) in found.items():
        if ring.bytes_per_s is not None:
            per_s = ring.bytes_per_s + CHUNKS_PER_S * ENTRY_BYTES
            assert size <= OVERHEAD * (ring.retention_s + SLACK_S) * per_s, ring
        else:
            assert length <= (ring.retention_s + SLACK_S) * 4, ring
    # What the store keeps for an hour grows for an hour: not flat, but bounded.
    assert used.pop("store")[-1] <= SERVER_BYTES + SERVER_OVERHEAD * in_keys
    grown.pop("store")
    assert {name: share for name, share in grown.items() if share > MOST_GROWTH} == {}


def report(seconds: float, used: dict, grown: dict, found: dict) -> None:
    """Print the tables of docs/performance.md."""
    lines = [
        f"{seconds / 60:.0f} minutes, a look every {EVERY_S:g} s",
        "",
        "| process | USS at the end (MB) | growth |",
    ]
    lines += [f"| {name} | {values[-1] / 1e6:.1f} | {100 * grown[name]:+.2f} % |" for name, values in used.items()]
    lines += ["", "| ring buffer | entries | MB |"]
    lines += [f"| {keys.place(ring.key)} | {length} | {size / 1e6:.2f} |" for ring, (length, size) in found.items()]
    print("\n".join(lines))  # noqa: T201 - what the test is run for
