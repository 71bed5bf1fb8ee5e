"""Sensors that misbehave, one fault after the other in one session: what is said, what is recorded, when all is well.

The session is `benchmarks.faulty_session`; `benchmarks.recovery` measures with it.
"""

import math
import re
import uuid

import numpy as np
import pytest
import pyxdf

from benchmarks.faulty import Happened
from benchmarks.faulty_session import (
    BACK,
    BURST,
    CONSTANT,
    DROPPED,
    FEWER,
    FORWARD,
    GONE,
    HALF,
    MORE,
    NAN,
    ONE_DEAD,
    OTHER,
    SCRIPT,
    SOME_INF,
    WITHIN_S,
    Outcome,
    run,
)
from pipeline.records import Chunk
from pipeline.signals.closing import closed_by_the_clock
from pipeline.signals.family import FEATURES
from tests.command import helo_json

pytestmark = pytest.mark.timeout(400)
STREAMS = [(participant, modality) for participant, streams in SCRIPT.items() for modality in streams]
FAULTS = [
    pytest.param(participant, modality, number, id=f"{participant}-{modality}-{fault.name}")
    for participant, streams in SCRIPT.items()
    for modality, faults in streams.items()
    for number, (_, fault) in enumerate(faults)
    if not fault.useless
]


@pytest.fixture(scope="module")
def outcome(tmp_path_factory) -> Outcome:
    """Run the session; its name is of this test run alone."""
    return run(tmp_path_factory.mktemp("faulty"), f"t{uuid.uuid4().hex[:12]}")


def happened(outcome: Outcome, participant: str, modality: str, fault: object) -> Happened:
    (found,) = [one for one in outcome.sensors[participant, modality].happened if one.fault is fault]
    return found


def events(outcome: Outcome, stream: str, one: Happened, *kinds: str) -> list[str]:
    """Return what was said of a stream from a fault's beginning until it must be over."""
    until = one.end + WITHIN_S
    return [
        event["text"]
        for event in outcome.events
        if stream in event["text"] and one.begin <= event["time"] < until and event["kind"] in kinds
    ]


def segments(outcome: Outcome, participant: str, modality: str, one: Happened, within_s: float = 0.0) -> set[int]:
    """Return the segments that windows were made of from just before a fault until so long after its end."""
    windows = outcome.windows_of(participant, modality)
    until = one.end + within_s + FEATURES[modality].window_s
    return set(windows[(windows["end"] > one.begin - 0.5) & (windows["end"] < until)]["segment"])


def counters(outcome: Outcome, participant: str, modality: str) -> list[int]:
    """Return the counter channel of a stream as it was recorded, under whatever description."""
    streams, _ = pyxdf.load_xdf(outcome.folder / "raw.xdf", synchronize_clocks=False, dejitter_timestamps=False)
    name = outcome.sensors[participant, modality].info.name
    own = sorted((s for s in streams if s["info"]["name"] == [name]), key=lambda stream: stream["info"]["stream_id"])
    return [int(value) for stream in own if len(stream["time_stamps"]) for value in stream["time_series"][:, 0]]


def expected(outcome: Outcome, key: tuple[str, str], found: list[int]) -> list[int]:
    """Return what was sent while somebody read, between the first and the last sample that were found."""
    sent = np.concatenate(outcome.sensors[key].sent)
    return sent[(sent >= found[0]) & (sent <= found[-1])].tolist()


@pytest.mark.parametrize("key", STREAMS, ids="-".join)
def test_every_sample_that_was_sent_is_recorded_once_and_in_order(outcome, key):
    found = counters(outcome, *key)
    assert len(found) > 100
    assert found == expected(outcome, key, found)


@pytest.mark.parametrize("key", STREAMS, ids="-".join)
def test_every_sample_that_was_sent_is_in_the_ring_once_and_in_order(outcome, key):
    chunks: list[Chunk] = outcome.ring[key]
    found = [int(value) for chunk in chunks for value in chunk.data[:, 0]]
    assert found == expected(outcome, key, found)
    addresses = [(chunk.segment, index) for chunk in chunks for index in range(chunk.first, chunk.last + 1)]
    assert addresses == sorted(set(addresses))


@pytest.mark.parametrize(("participant", "modality", "number"), FAULTS)
def test_estimates_are_good_again_in_time(outcome, participant, modality, number):
    ticks, *_ = outcome.recovery(participant, modality, outcome.sensors[participant, modality].happened[number])
    assert ticks <= math.ceil((WITHIN_S + FEATURES[modality].window_s) / 0.25)


def test_the_session_comes_out_bit_for_bit(outcome):
    result = helo_json("verify", outcome.folder)
    assert result["compared"] > 100 * len(SCRIPT)
    assert (result["different"], result["max_abs_diff"]) == (0, 0)


def test_no_process_was_restarted(outcome):
    assert outcome.summary["restarts"] == 0


@pytest.mark.parametrize("modality", ["EEG", "PPG"])
def test_what_arrives_all_at_once_is_late_and_no_gap(outcome, modality):
    one = happened(outcome, "P001", modality, BURST)
    assert "late, " in outcome.reasons("P001", modality, one)
    stream = f"P001/{modality.lower()}"
    assert events(outcome, stream, one, "gap", "clock jump") == []
    # After two seconds of silence nobody can know that it is only late.
    assert len(events(outcome, stream, one, "lost")) == len(events(outcome, stream, one, "returned")) == 1
    assert len(segments(outcome, "P001", modality, one)) == 1


@pytest.mark.parametrize(("participant", "modality"), [("P001", "GSR"), ("P002", "EEG")])
def test_a_stream_at_half_its_rate_is_a_stream_with_gaps(outcome, participant, modality):
    one = happened(outcome, participant, modality, HALF)
    said = events(outcome, f"{participant}/{modality.lower()}", one, "gap")
    assert any("missing" in text for text in said)
    assert len(said) <= 4  # summed up
    assert "filter settling after a gap" in outcome.reasons(participant, modality, one)


@pytest.mark.parametrize("modality", ["EEG", "PPG"])
def test_samples_that_are_dropped_are_gaps_and_no_window_reaches_over_them(outcome, modality):
    one = happened(outcome, "P002", modality, DROPPED)
    said = events(outcome, f"P002/{modality.lower()}", one, "gap")
    assert any("missing" in text for text in said)
    assert len(said) <= 4  # summed up
    assert "filter settling after a gap" in outcome.reasons("P002", modality, one)
    windows = outcome.windows_of("P002", modality)
    during = windows[(windows["end"] > one.begin + 1.0) & (windows["end"] < one.end)]
    assert len(during)
    assert not during["good"].any()


def test_a_stream_that_may_drop_samples_has_no_gap(outcome):
    one = happened(outcome, "P001", "Face", DROPPED)
    assert events(outcome, "P001/face", one, "gap", "clock jump", "lost") == []
    windows = outcome.windows_of("P001", "Face")
    during = windows[(windows["end"] > one.begin) & (windows["end"] < one.end)]
    assert during["good"].mean() > 0.9
    assert outcome.summary["streams"]["P001/face"]["samples_lost"] is None


@pytest.mark.parametrize(
    ("participant", "modality", "fault"),
    [("P002", "EEG", FORWARD), ("P002", "EEG", BACK), ("P002", "GSR", FORWARD), ("P002", "Face", BACK),
     ("P002", "Face", FORWARD)],
)  # fmt: skip
def test_a_clock_that_jumps_is_said_and_begins_a_segment(outcome, participant, modality, fault):
    one = happened(outcome, participant, modality, fault)
    (said,) = events(outcome, f"{participant}/{modality.lower()}", one, "clock jump")
    assert float(re.search(r"jumped by ([-+.\d]+) s", said)[1]) == pytest.approx(fault.shift_s, abs=0.1)
    assert len(segments(outcome, participant, modality, one, WITHIN_S)) == 2


@pytest.mark.parametrize(
    ("modality", "fault", "sentence"),
    [
        ("EEG", NAN, "not a number in most channels"),
        ("PPG", NAN, "not a number in "),
        ("PPG", SOME_INF, "not a number in "),
        ("EEG", ONE_DEAD, "Cz flat"),
    ],
)
def test_what_is_no_signal_is_named(outcome, modality, fault, sentence):
    one = happened(outcome, "P001", modality, fault)
    assert sentence in outcome.reasons("P001", modality, one)
    assert len(segments(outcome, "P001", modality, one)) == 1


def test_a_dead_channel_costs_its_own_share_of_the_quality_and_no_more(outcome):
    one = happened(outcome, "P001", "EEG", ONE_DEAD)
    windows = outcome.windows_of("P001", "EEG")
    during = windows[(windows["end"] > one.begin + 3.0) & (windows["end"] < one.end)]  # the filter has forgotten it
    during = during[[not closed_by_the_clock(list(reasons)) for reasons in during["reasons"]]]  # the machine was busy
    assert len(during)
    assert during["good"].all()
    assert all("Cz flat" in reasons for reasons in during["reasons"])
    blinks = np.array([not {"blink or eye movement", "movement"}.isdisjoint(reasons) for reasons in during["reasons"]])
    muscles = np.array(["muscle activity" in reasons for reasons in during["reasons"]])
    expected = 17 / 18 * np.where(blinks, 0.7, 1.0) * np.where(muscles, 0.5, 1.0)
    np.testing.assert_allclose(during["quality"], expected, rtol=1e-6)


def test_a_constant_skin_conductance_is_flat(outcome):
    one = happened(outcome, "P002", "GSR", CONSTANT)
    windows = outcome.windows_of("P002", "GSR")
    during = windows[(windows["end"] > one.begin + 5.5) & (windows["end"] < one.end)]
    assert len(during)
    assert all("flat" in reasons for reasons in during["reasons"])
    assert during["quality"].max() == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("participant", "modality", "fault"),
    [
        ("P001", "EEG", FEWER),
        ("P001", "EEG", MORE),
        ("P001", "GSR", GONE),
        ("P001", "Face", GONE),
        ("P002", "PPG", GONE),
    ],
)
def test_a_stream_that_stops_is_lost_and_taken_up_when_it_returns(outcome, participant, modality, fault):
    one = happened(outcome, participant, modality, fault)
    stream = f"{participant}/{modality.lower()}"
    (lost,) = events(outcome, stream, one, "lost")
    assert lost.startswith(f"Stream {stream} was lost: ")
    assert one.end - one.returned < WITHIN_S
    assert len(segments(outcome, participant, modality, one, WITHIN_S)) == 2


@pytest.mark.parametrize(("fault", "channels"), [(FEWER, "13 channels at 300 Hz"), (MORE, "20 channels at 300 Hz")])
def test_a_stream_that_returns_with_other_channels_is_said_and_used(outcome, fault, channels):
    one = happened(outcome, "P001", "EEG", fault)
    assert any(f"came back as another one: {channels}" in text for text in events(outcome, "P001/eeg", one, "gap"))
    ticks, *_ = outcome.recovery("P001", "EEG", one)
    windows = outcome.windows_of("P001", "EEG")
    after = windows[windows["end"] > one.end].iloc[ticks]
    missing = "6 of 18 channels are not in the stream" in after["reasons"]
    assert missing == (fault is FEWER)


def test_a_stream_that_returns_without_the_channels_that_are_needed_is_left_out_until_it_has_them_again(outcome):
    one = happened(outcome, "P003", "GSR", OTHER)
    said = events(outcome, "P003/gsr", one, "lost")
    assert any("is not used: streams.gsr.channels: EDA not in the stream" in text for text in said)
    windows = outcome.windows_of("P003", "GSR")
    again = happened(outcome, "P003", "GSR", GONE)
    assert not windows[(windows["end"] > one.begin + 1) & (windows["end"] < again.end)]["good"].any()


def test_a_stream_that_is_stamped_in_bursts_is_not_torn_apart(outcome):
    eeg = outcome.summary["streams"]["P003/eeg"]
    assert (eeg["gaps"], eeg["samples_lost"]) == (0, 0)
    windows = outcome.windows_of("P003", "EEG")
    assert len(set(windows["segment"])) == 1
    assert windows["good"].mean() > 0.9
