"""Signals follow the state in the direction that the literature reports, and disturbances reach several streams."""

from itertools import pairwise

import numpy as np
import pytest

from pipeline.modalities import EEG_CHANNELS, FACE_CHANNELS
from pipeline.simulation.affect import DRIVES, RESTING_SHARES, State, drives
from pipeline.simulation.body import Body, BodyProcess, Happening, envelope
from pipeline.simulation.eda import EdaSource
from pipeline.simulation.eeg import EegSource
from pipeline.simulation.face import FaceSource
from pipeline.simulation.follow import Drift, Lag, to_samples
from pipeline.simulation.ppg import PpgSource
from pipeline.simulation.trials import Trials

QUIET = {"movements": (), "blinks": (), "clenches": ()}


def driven(name: str, value: float) -> np.ndarray:
    """Return drives that stay at `value` for one of them and 0 for the others."""
    return np.tile([value if name == one else 0.0 for one in DRIVES], (5, 1))


def people_under(source: type, name: str, measure) -> np.ndarray:
    """Return how much `measure` rises, person by person, when a drive is high instead of low."""
    rises = []
    for seed in range(12):
        low, high = (
            np.concatenate([one.second(driven(name, value), Body(second, **QUIET)) for second in range(40)][10:])
            for one, value in ((source(np.random.default_rng(seed)), -1.0), (source(np.random.default_rng(seed)), 1.0))
        )
        rises.append(measure(high) - measure(low))
    return np.array(rises)


def alpha(channel: str):
    def measure(signal: np.ndarray) -> float:
        power = np.abs(np.fft.rfft(signal[:, EEG_CHANNELS.index(channel)])) ** 2
        hz = np.fft.rfftfreq(len(signal), 1 / 300)
        return float(np.log(power[(hz > 8) & (hz < 13)].mean()))

    return measure


def heart_rate(signal: np.ndarray) -> float:
    pulse = signal[:, 0] - signal.mean()
    power = np.abs(np.fft.rfft(pulse * np.hanning(len(pulse)), 16 * len(pulse))) ** 2
    hz = np.fft.rfftfreq(16 * len(pulse), 1 / 64)
    band = (hz > 0.7) & (hz < 2.0)
    return float(hz[band][np.argmax(power[band])])


def test_arousal_raises_the_heart_rate_and_skin_conductance_and_lowers_posterior_alpha():
    assert (people_under(PpgSource, "arousal", heart_rate) > 0).mean() >= 0.75
    assert (people_under(EdaSource, "arousal", lambda signal: float(np.median(signal))) > 0).mean() >= 0.75
    assert (people_under(EegSource, "arousal", alpha("O1")) < 0).mean() >= 0.75


def test_valence_lowers_left_frontal_alpha_against_right():
    left, right = people_under(EegSource, "valence", alpha("F3")), people_under(EegSource, "valence", alpha("F4"))
    assert ((left - right) < 0).mean() >= 0.75


def test_excitement_makes_most_faces_smile():
    excited = RESTING_SHARES * np.exp([0, 0, 1.5, 1.5, 0, 0, 0, 0, 0, 0])
    rises = []
    for seed in range(12):
        smiles = []
        for shares in (RESTING_SHARES, excited / excited.sum()):
            mixture = np.tile(shares, (5, 1))
            state = State(mixture, drives(mixture), mixture)
            face = FaceSource(np.random.default_rng(seed))
            frames = np.concatenate([face.second(state, Body(second, **QUIET)) for second in range(40)])
            smiles.append(np.nanmean(frames[:, FACE_CHANNELS.index("mouthSmileLeft")]))
        rises.append(smiles[1] - smiles[0])
    assert np.mean(np.array(rises) > 0) >= 0.75


def test_drives_are_zero_at_the_populations_rest():
    assert np.allclose(drives(RESTING_SHARES[None]), 0)


def test_a_blink_shows_in_the_frontal_eeg_and_on_the_face_at_the_same_time():
    blink = Body(0, (), (Happening(0.4, 0.3, 1.0),), ())
    still = Body(0, **QUIET)
    mixture = np.tile(RESTING_SHARES, (5, 1))
    state = State(mixture, drives(mixture), mixture)
    eeg = _difference(EegSource, state.drives, blink, still)
    face = _difference(FaceSource, state, blink, still)
    assert np.abs(eeg[:, EEG_CHANNELS.index("Fp1")]).max() > 40
    assert np.abs(eeg[:, EEG_CHANNELS.index("O1")]).max() < 1
    assert np.argmax(eeg[:, 0]) / 300 == pytest.approx(0.55, abs=0.01)
    assert np.argmax(face[:, FACE_CHANNELS.index("eyeBlinkLeft")]) / 30 == pytest.approx(0.55, abs=0.04)


@pytest.mark.parametrize("source", [EegSource, EdaSource, PpgSource])
def test_a_movement_disturbs_every_physiological_stream(source):
    moved = _difference(source, driven("valence", 0.0), Body(0, (Happening(0.1, 0.8, 1.0),), (), ()), Body(0, **QUIET))
    assert np.abs(moved).max() > 0.01


def _difference(source: type, state: object, happening: Body, still: Body) -> np.ndarray:
    """Return what a happening changes in one second; elsewhere the same draws are made."""
    changed = source(np.random.default_rng(2)).second(state, happening)
    return changed - source(np.random.default_rng(2)).second(state, still)


def test_what_goes_on_over_the_second_is_continued():
    process = BodyProcess(np.random.default_rng(1))
    bodies = [process.second(second, np.zeros((5, 5))) for second in range(600)]
    for before, after in pairwise(bodies):
        lasting = [one for one in before.movements if one.end > after.second]
        assert list(after.movements[: len(lasting)]) == lasting
    assert 50 < len({one for body in bodies for one in body.blinks}) < 500


def test_an_envelope_is_a_raised_cosine():
    times = np.linspace(0, 2, 201)
    shape = envelope([Happening(0.5, 1.0, 3.0)], times)
    assert shape.max() == pytest.approx(3.0)
    assert times[np.argmax(shape)] == pytest.approx(1.0)
    assert np.all(shape[(times <= 0.5) | (times >= 1.5)] == 0)


@pytest.mark.parametrize("n", [30, 32, 64, 300])
def test_points_become_samples_on_straight_lines(n):
    points = np.array([[0.0], [1.0], [-1.0], [2.0], [5.0]])
    expected = np.interp(np.arange(n) / n, np.arange(5) / 4, points[:, 0])
    assert np.allclose(to_samples(points, n)[:, 0], expected)


def test_seconds_join_without_a_step():
    drift, lag = Drift(np.random.default_rng(0), 3, tau=2.0, spread=1.0), Lag(1.0)
    seconds = [drift.second() for _ in range(50)]
    followed = [lag.second(points) for points in seconds]
    for joined in (seconds, followed):
        assert all(np.array_equal(one[-1], next_[0]) for one, next_ in pairwise(joined))


def test_a_lag_reaches_two_thirds_after_its_time_constant():
    lag = Lag(2.0)
    lag.second(np.zeros((5, 1)))
    step = np.concatenate([[[0.0]], np.ones((4, 1))])
    lag.second(step)
    assert lag.second(np.ones((5, 1)))[-1, 0] == pytest.approx(1 - np.exp(-1), abs=0.01)


def test_every_kind_of_clip_comes_before_one_comes_again():
    trials = Trials(np.random.default_rng(0))
    targets = np.array([trials.target(70 * clip + 30) for clip in range(16)])
    assert np.all(trials.target(5) == 0)
    assert np.array_equal(trials.target(30), targets[0])
    assert np.abs(targets[:8].mean(axis=0) - targets[8:].mean(axis=0)).max() < 0.4
