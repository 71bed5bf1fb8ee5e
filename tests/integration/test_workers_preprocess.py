"""The preprocess worker: from chunks in the store to a window of every modality for every tick.

The chunks are stamped in the near future, so that nothing is ever late, however slow the machine.
"""

from dataclasses import replace

import numpy as np
import pytest

from model.header import model_path, read_header
from pipeline.modalities import EEG_CHANNELS
from pipeline.records import Chunk, FeatureWindow
from pipeline.session.config import SessionFile
from pipeline.store import keys
from pipeline.store.connection import Connection
from pipeline.streams.clock import local_clock
from pipeline.workers import preprocess
from pipeline.workers.context import leased
from pipeline.workers.owned import OwnedParticipant
from pipeline.workers.preprocess import Preprocess
from pipeline.workers.recording import Known
from tests.sensors import Sensor, windows
from tests.signals_samples import stream_info
from tests.workers import context_of, session_of, working

EEG = {"match": {"type": "EEG"}, "use": "EEG"}
GSR = {"match": {"type": "GSR"}, "use": "GSR"}


def process_all(connection: Connection, settings: SessionFile, modality: str, n_windows: int) -> None:
    """Let a worker of its own process what there is, until so many windows are stored."""
    with context_of(connection, settings) as context:
        worker = Preprocess(context, {"P001": leased(context, "preprocess", "P001")})
        deadline = local_clock() + 30
        while len(windows(connection, settings.session, modality)) < n_windows:
            assert local_clock() < deadline
            worker.step()
        worker.close()


def recorded(connection: Connection, settings: SessionFile, start: float, *, restart: bool) -> list[FeatureWindow]:
    """Return the windows of 15 s of GSR, with or without a restart in the middle."""
    with context_of(connection, settings) as context:
        context.board.put_stream("P001", stream_info("GSR"))
    sensor = Sensor(connection, settings.session, "GSR", start, 15)
    if restart:
        sensor.send(9)
        process_all(connection, settings, "GSR", 10)
    sensor.send(15)
    process_all(connection, settings, "GSR", 33)
    sensor.close()
    return windows(connection, settings.session, "GSR")


def test_over_a_restart_every_tick_comes_once_and_the_same(connection, unique):
    start = local_clock() + 60
    whole = recorded(connection, session_of(unique, {"gsr": GSR}), start, restart=False)
    again = recorded(connection, session_of(f"{unique}-2", {"gsr": GSR}), start, restart=True)
    assert [window.tick for window in whole] == [window.tick for window in again] == list(range(len(whole)))
    np.testing.assert_allclose(np.diff([window.end for window in whole]), 0.25, atol=1e-9)
    assert whole[0].end == pytest.approx(start + 1.0 + 5.0, abs=0.2)
    for one, other in zip(whole, again, strict=True):
        assert one.end == other.end
        assert (one.segment, one.first, one.last) == (other.segment, other.first, other.last)
        np.testing.assert_array_equal(one.features[0], other.features[0])
        assert np.isfinite(one.features).all()
        assert one.valid == 1
        assert one.made is not None


def test_one_worker_serves_all_participants_each_on_a_grid_of_its_own(connection, unique, until):
    one = session_of(unique, {"gsr": GSR})
    settings = one.model_copy(update={"participants": dict.fromkeys(("P001", "P002"), one.participants["P001"])})
    start = local_clock() + 60
    starts = {"P001": start, "P002": start + 3.1}
    sensors = {code: Sensor(connection, unique, "GSR", at, 15, code=code) for code, at in starts.items()}
    with context_of(connection, settings, participant="") as context:
        for code in sensors:
            context.board.put_stream(code, stream_info("GSR"))
        with working(preprocess.run, context):
            for code, sensor in sensors.items():  # the second one's come long after those of the first
                sensor.send(15)
                until(lambda code=code: len(windows(connection, unique, "GSR", code)) >= 33)
    found = [windows(connection, unique, "GSR", code) for code in sensors]
    assert [window.tick for window in found[0]] == [window.tick for window in found[1]] == list(range(len(found[0])))
    assert found[1][0].end - found[0][0].end == pytest.approx(3.1)
    for first, second in zip(*found, strict=True):
        np.testing.assert_array_equal(first.features, second.features)
    for sensor in sensors.values():
        sensor.close()


def test_the_grid_is_on_the_board_and_stays(connection, unique):
    settings = session_of(unique, {"gsr": GSR})
    start = local_clock() + 60
    recorded(connection, settings, start, restart=True)
    with context_of(connection, settings) as context:
        first_end = windows(connection, unique, "GSR")[0].end
        assert context.board.grid("P001").end(0) == first_end


def test_how_a_stream_is_taken_is_said_also_by_a_successor(connection, unique):
    names = {f"ch{number}": name for number, name in enumerate(EEG_CHANNELS)}
    settings = session_of(unique, {"eeg": {**EEG, "channels": names, "delay_ms": 20}})
    with context_of(connection, settings) as context:
        context.board.put_stream("P001", stream_info("EEG", ch_names=("x", *names)))
    sensor = Sensor(connection, unique, "EEG", local_clock() + 60, 10)
    sensor.data = np.concatenate([sensor.data[:, :1], sensor.data], axis=1)
    for until_s in (6, 10):
        sensor.send(until_s)
        process_all(connection, settings, "EEG", 4 * (until_s - 5))
        with context_of(connection, settings) as context:
            taken = context.board.taken("P001")["eeg"]
            assert taken.picks == tuple(range(1, 19))
            assert taken.ch_names == EEG_CHANNELS
            assert (taken.unit, taken.stamps, taken.delay_s) == ("uV", "dejitter", 0.02)
            assert taken.scalp.sources[0] == "fp1"
            assert taken.scalp.weights.shape == (taken.scalp.side**2, 18)
            connection.drop(keys.taken(unique, "P001"))
    sensor.close()


def test_what_a_reader_that_was_held_up_brings_in_pieces_makes_nothing_late(connection, unique):
    settings, back = session_of(unique, {"gsr": GSR}), local_clock()
    with context_of(connection, settings) as context:
        info = stream_info("GSR")
        context.board.put_stream("P001", info)
        lease = leased(context, "preprocess", "P001")
        own = replace(context, participant="P001")
        participant = OwnedParticipant(own, lease, read_header(model_path("shipped")), Known(context.board))
        (key,) = participant.read

        def take(since_s: float, until_s: float, arrived_s: float) -> None:
            """Take the samples of some seconds before and after the store's return."""
            first, last = (round((second + 10) * info.sfreq) for second in (since_s, until_s))
            times = back - 10 + np.arange(first, last) / info.sfreq
            data = np.ones((last - first, len(info.ch_names)), np.float32)
            participant.take(key, [Chunk(1, first, times, 0.0, data, back + arrived_s)])

        take(-10, -8, -8)
        participant.lateness.away(back - 8, back, lost=True)
        take(-8, -4, 0.1)
        assert not participant.lateness.may_judge(back + 0.2)
        take(-4, 0.1, 0.1)
        assert participant.lateness.may_judge(back + 0.2)
        participant.close()


def test_a_worker_that_catches_up_gives_signs_of_life(connection, unique, monkeypatch):
    settings = session_of(unique, {"eeg": EEG})
    sensor = Sensor(connection, unique, "EEG", local_clock() + 60, 8)
    sensor.send(8)
    beats: list[int] = []
    with context_of(connection, settings) as context:
        context.board.put_stream("P001", stream_info("EEG"))
        worker = Preprocess(context, {"P001": leased(context, "preprocess", "P001")})
        beat = context.pulse.beat
        monkeypatch.setattr(context.pulse, "beat", lambda: beats.append(len(beats)) or beat())
        worker.step()
        assert len(beats) == sensor.chunks / 64 > 2
        worker.close()
    sensor.close()
