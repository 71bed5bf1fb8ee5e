"""Blinks: counted once, over the last minute, and only while a face is seen."""

import math

import numpy as np
import pytest

from pipeline.modalities import FACE_CHANNELS
from pipeline.signals.blinks import BlinkCounter

SFREQ = 30.0


def frame(closure: float, *, face: bool = True) -> np.ndarray:
    row = np.zeros(len(FACE_CHANNELS), np.float32)
    row[0] = face
    if not face:
        row[1:] = np.nan
    for eye in ("eyeBlinkLeft", "eyeBlinkRight"):
        row[FACE_CHANNELS.index(eye)] = closure if face else np.nan
    return row


def counted(closures: np.ndarray, faces: np.ndarray | None = None, counter: BlinkCounter | None = None) -> BlinkCounter:
    counter = counter or BlinkCounter()
    for index, closure in enumerate(closures):
        counter.process(index / SFREQ, frame(closure, face=faces is None or bool(faces[index])))
    return counter


def blinking(seconds: int, *, every_s: float, lasting_s: float) -> np.ndarray:
    times = np.arange(int(seconds * SFREQ)) / SFREQ
    return np.where((times % every_s >= 1) & (times % every_s < 1 + lasting_s), 0.8, 0.1)


def test_blinks_of_a_fifth_of_a_second_every_four_seconds_are_fifteen_a_minute():
    assert counted(blinking(60, every_s=4, lasting_s=0.2)).rate == pytest.approx(15, abs=0.1)


def test_closed_eyes_are_no_blinks():
    assert counted(blinking(60, every_s=6, lasting_s=2)).rate == 0


def test_a_value_that_trembles_around_the_threshold_is_one_blink():
    closures = np.full(600, 0.1)
    closures[300:308] = [0.6, 0.45, 0.6, 0.45, 0.6, 0.45, 0.6, 0.45]
    assert counted(closures).rate == pytest.approx(60 / (599 / SFREQ))


def test_a_face_that_is_lost_with_closed_eyes_has_not_blinked():
    closures, faces = np.full(600, 0.1), np.ones(600)
    closures[300:304] = 0.8
    faces[304:310] = 0
    counter = counted(closures, faces)
    assert counter.rate == 0
    assert counter.presence == pytest.approx(594 / 600)


def test_only_the_last_minute_counts():
    closures = np.concatenate([blinking(30, every_s=3, lasting_s=0.2), np.full(int(61 * SFREQ), 0.1)])
    assert counted(closures).rate == 0


def test_the_rate_is_unknown_until_a_face_was_seen_for_ten_seconds():
    closures = blinking(12, every_s=4, lasting_s=0.2)
    assert math.isnan(counted(closures[: int(9.9 * SFREQ)]).rate)
    assert counted(closures).rate > 0
    nobody = counted(closures, np.zeros(len(closures)))
    assert math.isnan(nobody.rate)
    assert nobody.presence == 0
    nobody.reset()
    assert math.isnan(nobody.presence)
