"""What the preprocess worker does with streams that are absent, late, wrong, or come back as others.

The chunks are stamped in the near future, so that nothing is ever late, however slow the machine.
"""

import numpy as np
import pytest

from pipeline.errors import BadInput
from pipeline.modalities import EEG_CHANNELS
from pipeline.records import Event
from pipeline.store import ids, keys
from pipeline.store.connection import Connection
from pipeline.store.ring import BlockingReader
from pipeline.streams.clock import local_clock
from pipeline.workers import preprocess
from pipeline.workers.context import leased
from pipeline.workers.preprocess import Preprocess
from tests.sensors import Sensor, windows
from tests.signals_samples import stream_info
from tests.workers import context_of, session_of, working

EEG = {"match": {"type": "EEG"}, "use": "EEG"}
GSR = {"match": {"type": "GSR"}, "use": "GSR"}
PPG = {"match": {"type": "PPG"}, "use": "PPG"}


def events(connection: Connection, session: str) -> list[Event]:
    ring = BlockingReader(connection, {keys.events(session): ids.START}, Event)
    found = [entry.record for entry in ring.read(0)]
    ring.close()
    return found


def test_a_stream_that_is_never_found_is_missing_in_words(connection, unique, until):
    settings = session_of(unique, {"gsr": GSR, "ppg": {**PPG, "required": False}}, resolve_timeout_s=0.2)
    with context_of(connection, settings) as context, working(preprocess.run, context):
        until(lambda: len(windows(connection, unique, "GSR")) >= 4 and len(windows(connection, unique, "PPG")) >= 4)
    for modality in ("GSR", "PPG"):
        found = windows(connection, unique, modality)
        assert [window.tick for window in found] == list(range(len(found)))
        assert {window.reasons for window in found} == {("stream not found",)}
        assert {window.valid for window in found} == {0.0}


def test_an_optional_stream_that_appears_late_is_taken_up(connection, unique, until):
    settings = session_of(unique, {"gsr": GSR, "ppg": {**PPG, "required": False}})
    start = local_clock() + 60
    sensors = [Sensor(connection, unique, modality, start, 20) for modality in ("GSR", "PPG")]
    with context_of(connection, settings) as context:
        context.board.put_stream("P001", stream_info("GSR"))
        with working(preprocess.run, context):
            sensors[0].send(10)
            until(lambda: len(windows(connection, unique, "GSR")) >= 10)
            assert windows(connection, unique, "PPG") == []
            context.board.put_stream("P001", stream_info("PPG"))
            for sensor in sensors:
                sensor.send(20)
            until(lambda: len(windows(connection, unique, "PPG")) >= 40)
    found = windows(connection, unique, "PPG")
    assert [window.tick for window in found] == list(range(len(found)))
    assert found[-1].valid == 1
    for sensor in sensors:
        sensor.close()


def test_an_optional_stream_that_is_wrong_ends_no_session(connection, unique, until):
    settings = session_of(unique, {"gsr": GSR, "ppg": {**PPG, "required": False}})
    start = local_clock() + 60
    sensors = [Sensor(connection, unique, modality, start, 20) for modality in ("GSR", "PPG")]
    with context_of(connection, settings) as context:
        context.board.put_stream("P001", stream_info("GSR"))
        with working(preprocess.run, context):
            sensors[0].send(10)
            until(lambda: windows(connection, unique, "GSR"))
            context.board.put_stream("P001", stream_info("PPG", units=("furlong",)))
            sensors[1].send(10)
            until(lambda: events(connection, unique))
            sensors[0].send(20)
            until(lambda: len(windows(connection, unique, "GSR")) >= 40)
    (event,) = events(connection, unique)
    assert "P001/ppg is not used" in event.text
    assert "furlong" in event.text
    for sensor in sensors:
        sensor.close()


def test_a_required_stream_that_is_wrong_is_refused(connection, unique):
    with context_of(connection, session_of(unique, {"gsr": GSR})) as context:
        context.board.put_stream("P001", stream_info("GSR", units=("furlong",)))
        with pytest.raises(BadInput, match=r"streams\.gsr\.unit: .*furlong"):
            Preprocess(context, {"P001": leased(context, "preprocess", "P001")})


def test_what_the_model_does_not_take_is_recorded_and_not_processed(connection, unique, until):
    temperature = {"match": {"type": "Temperature"}, "use": "Temperature"}
    marks = {"match": {"type": "Markers"}, "use": "Markers"}
    settings = session_of(unique, {"gsr": GSR, "temperature": temperature, "marks": marks}, resolve_timeout_s=0.2)
    with context_of(connection, settings) as context, working(preprocess.run, context):
        until(lambda: windows(connection, unique, "GSR"))
    assert windows(connection, unique, "Temperature") == []


def test_a_stream_that_comes_back_with_other_channels_is_taken_up_anew(connection, unique, until):
    settings = session_of(unique, {"eeg": EEG})
    sensor = Sensor(connection, unique, "EEG", local_clock() + 60, 30)
    with context_of(connection, settings) as context:
        context.board.put_stream("P001", stream_info("EEG"))
        with working(preprocess.run, context):
            sensor.send(10)
            until(lambda: len(windows(connection, unique, "EEG")) >= 20)
            names = ("counter", *EEG_CHANNELS)
            context.board.put_stream("P001", stream_info("EEG", ch_names=names))
            sensor.data = np.concatenate([np.arange(len(sensor.data))[:, np.newaxis], sensor.data], axis=1)
            sensor.begin_segment()
            sensor.send(20)
            until(lambda: len(windows(connection, unique, "EEG")) >= 60)
    found = windows(connection, unique, "EEG")
    assert [window.tick for window in found] == list(range(len(found)))
    assert (found[-1].segment, found[-1].valid) == (8, 1.0)
    assert np.abs(found[-1].features[1]).max() > 0  # the participant's past counts on
    (event,) = events(connection, unique)
    assert event.text == (
        "Stream P001/eeg came back as another one: 19 channels at 128 Hz instead of 18 channels at 128 Hz."
    )
    sensor.close()


def test_a_stream_that_comes_back_unusable_is_said_and_ends_nothing(connection, unique, until):
    settings = session_of(unique, {"gsr": GSR, "ppg": PPG})
    sensors = [Sensor(connection, unique, modality, local_clock() + 60, 40) for modality in ("GSR", "PPG")]
    gsr = sensors[0]
    with context_of(connection, settings) as context:
        for modality in ("GSR", "PPG"):
            context.board.put_stream("P001", stream_info(modality))
        with working(preprocess.run, context):
            for sensor in sensors:
                sensor.send(12)
            until(lambda: len(windows(connection, unique, "GSR")) >= 10)
            context.board.put_stream("P001", stream_info("GSR", ch_names=("left", "right")))
            gsr.data = np.concatenate([gsr.data, gsr.data], axis=1)
            gsr.begin_segment()
            for sensor in sensors:
                sensor.send(20)
            until(lambda: events(connection, unique))
            until(lambda: any(window.tick >= 40 for window in windows(connection, unique, "PPG")))
            assert windows(connection, unique, "GSR")[-1].tick < 40
            context.board.put_stream("P001", stream_info("GSR"))
            gsr.data = gsr.data[:, :1]
            gsr.begin_segment()
            for sensor in sensors:
                sensor.send(40)
            until(lambda: windows(connection, unique, "GSR")[-1].tick >= 120)
    found = windows(connection, unique, "GSR")
    assert [window.tick for window in found] == list(range(len(found)))
    assert "gap" in found[40].reasons
    assert (found[-1].segment, found[-1].valid) == (9, 1.0)
    (event,) = events(connection, unique)
    assert "P001/gsr is not used" in event.text
    assert "2 (left, right)" in event.text
    for sensor in sensors:
        sensor.close()


def test_samples_that_are_not_what_their_stream_says_are_left_out(connection, unique, until):
    """Its reader has found yet another stream meanwhile, and said so, say."""
    settings = session_of(unique, {"gsr": GSR, "ppg": PPG})
    sensors = [Sensor(connection, unique, modality, local_clock() + 60, 20) for modality in ("GSR", "PPG")]
    with context_of(connection, settings) as context:
        for modality in ("GSR", "PPG"):
            context.board.put_stream("P001", stream_info(modality))
        with working(preprocess.run, context):
            sensors[0].send(12)
            sensors[0].data = np.concatenate([sensors[0].data] * 3, axis=1)
            sensors[0].begin_segment()
            for sensor in sensors:
                sensor.send(20)
            until(lambda: events(connection, unique) and len(windows(connection, unique, "PPG")) > 40)
    (event,) = events(connection, unique)
    assert event.text == "Stream P001/gsr is not used: its samples have 3 channels, it says 1."
    for sensor in sensors:
        sensor.close()
