"""The infer worker: the windows of a tick become one estimate, over restarts too."""

from itertools import count

import numpy as np
import pytest

from model.header import model_path
from model.predictor import Predictor
from pipeline.modalities import EMOTIONS
from pipeline.records import Estimate, FeatureWindow
from pipeline.states import Asked
from pipeline.store import ids, keys
from pipeline.store.ring import read_ticks
from pipeline.store.writer import StreamWriter
from pipeline.streams.clock import local_clock
from pipeline.workers import infer
from tests.workers import board_apart, context_of, session_of, working

MODALITIES = ("EEG", "GSR")
STREAMS = {name.lower(): {"match": {"type": name}, "use": name} for name in (*MODALITIES, "Temperature")}


class Features:
    """Plays the preprocess worker."""

    def __init__(self, connection, session: str) -> None:
        self._rng = np.random.default_rng(1)
        self._typical = Predictor.load(model_path("shipped"), "cpu").typical()
        self._writers = {
            name: StreamWriter(connection, keys.features(session, "P001", name), retention_s=600) for name in MODALITIES
        }

    def put(self, *ticks: int, missing: tuple[str, ...] = ()) -> None:
        for tick in ticks:
            for name, writer in self._writers.items():
                usual = self._typical[name][0]
                values = (usual + 0.02 * self._rng.normal(size=usual.shape)).astype(np.float32)
                gone = name in missing
                window = FeatureWindow(
                    tick, 100 + tick / 4, name, values * np.nan if gone else values, 0.0 if gone else 1.0, 1.0,
                    ("late",) if gone else (), 7, 10 * tick, 10 * tick + 9,
                    None if gone else local_clock(), local_clock(),
                )  # fmt: skip
                writer.append(ids.tick_id(tick), window)

    def close(self) -> None:
        for writer in self._writers.values():
            writer.close()


@pytest.fixture
def features(connection, unique):
    features = Features(connection, unique)
    yield features
    features.close()


def estimates(connection, session: str) -> list[Estimate]:
    return read_ticks(connection, keys.estimates(session, "P001"), 0, None, Estimate)


def test_every_tick_is_estimated_once_over_a_restart(connection, unique, until, features):
    settings = session_of(unique, STREAMS, device="cpu")
    features.put(0, 1, 2)
    for n_ticks in (3, 8):
        with context_of(connection, settings, participant="") as context, working(infer.run, context):
            until(lambda n_ticks=n_ticks: len(estimates(connection, unique)) == n_ticks, at_most_s=60)
            assert context.board.model().emotions == EMOTIONS
        if n_ticks == 3:
            features.put(3, 4, 5, 6, 7)
    found = estimates(connection, unique)
    assert [estimate.tick for estimate in found] == list(range(8))
    for estimate in found:
        assert estimate.time == 100 + estimate.tick / 4
        assert estimate.distribution.sum() == pytest.approx(1, abs=1e-6)
        assert set(estimate.modalities) == set(MODALITIES)
        assert all(use.used for use in estimate.modalities.values())
        assert sum(use.weight for use in estimate.modalities.values()) == pytest.approx(1, abs=1e-5)
        assert estimate.modalities["EEG"].first == 10 * estimate.tick
        assert not estimate.abstained
        assert estimate.reason == ""
        assert estimate.stages["latency"] > estimate.stages["inference"] > 0


def test_estimates_of_a_predecessor_survive_the_store_until_they_are_recorded(
    connection, unique, until, features, store_server
):
    """The recorder was dead, say."""
    settings = session_of(unique, STREAMS, device="cpu")
    features.put(0, 1, 2, 3)
    with context_of(connection, settings, participant="") as context, working(infer.run, context):
        until(lambda: len(estimates(connection, unique)) == 4, at_most_s=60)
    before = estimates(connection, unique)
    with context_of(connection, settings, participant="") as context, working(infer.run, context):
        features.put(4)
        until(lambda: len(estimates(connection, unique)) == 5, at_most_s=60)
        store_server.process.kill()
        store_server.wait()
        store_server.start()
        ticks = count(5)
        until(lambda: features.put(next(ticks)) or estimates(connection, unique))
    found = estimates(connection, unique)
    assert [estimate.tick for estimate in found] == list(range(len(found)))
    assert [estimate.stages for estimate in found[:4]] == [estimate.stages for estimate in before]


def test_what_an_estimate_is_made_of_is_said_once_somebody_asks(connection, unique, until, features):
    settings = session_of(unique, STREAMS, device="cpu")
    features.put(0)
    with context_of(connection, settings, participant="") as context, working(infer.run, context):
        until(lambda: len(estimates(connection, unique)) == 1, at_most_s=60)
        assert context.board.explained("P001") is None
        context.board.put_asked("P001", Asked(local_clock() + 60))
        ticks = count(1)

        def said() -> bool:
            features.put(tick := next(ticks))
            until(lambda: len(estimates(connection, unique)) > tick)
            return context.board.explained("P001") is not None

        until(said, at_most_s=60)
        told = context.board.explained("P001")
    assert told.time == 100 + told.tick / 4
    assert told.correlation.shape == (len(EMOTIONS), len(EMOTIONS))
    np.testing.assert_allclose(np.diag(told.correlation), 1, atol=1e-5)


def test_estimates_go_on_where_nobody_can_be_asked_who_looks(connection, unique, until, features):
    features.put(0, 1, 2)
    settings = session_of(unique, STREAMS, device="cpu")
    with context_of(connection, settings, participant="") as context, board_apart(context) as (apart, store):
        store.stop()
        with working(infer.run, apart):
            until(lambda: len(estimates(connection, unique)) == 3, at_most_s=60)


def test_what_is_missing_is_said_and_without_anything_it_abstains(connection, unique, until, features):
    features.put(0, missing=("EEG",))
    features.put(1, missing=MODALITIES)
    settings = session_of(unique, STREAMS, device="cpu")
    with context_of(connection, settings, participant="") as context, working(infer.run, context):
        until(lambda: len(estimates(connection, unique)) == 2, at_most_s=60)
    without_eeg, without_all = estimates(connection, unique)
    assert not without_eeg.abstained
    assert without_eeg.reason == "EEG: late"
    assert (without_eeg.modalities["EEG"].used, without_eeg.modalities["GSR"].weight) == (False, 1.0)
    assert without_all.abstained
    assert without_all.reason == "no modality has valid data; EEG: late; GSR: late"
    np.testing.assert_array_equal(without_all.distribution, without_all.mean_label)
