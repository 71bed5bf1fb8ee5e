"""Face features: actions, pose, blinks and presence."""

import math

import numpy as np
import pytest

from pipeline.errors import BadInput
from pipeline.modalities import BLENDSHAPES, FACE_CHANNELS
from pipeline.signals.face import FaceProcessor
from pipeline.signals.family import FACE, FACE_ACTIONS
from pipeline.signals.processor import Measured, Window

TIMES = np.arange(30) / 30


def frames(**channels: float) -> np.ndarray:
    data = np.full((30, len(FACE_CHANNELS)), 0.1)
    data[:, 0] = 1
    data[:, -1] = -50
    for name, value in channels.items():
        data[:, FACE_CHANNELS.index(name)] = value
    return data


def measure(data: np.ndarray) -> tuple[dict[str, float], Measured]:
    processor = FaceProcessor(FACE_CHANNELS)
    conditioned = processor.process(data)
    measured = processor.measure(Window(conditioned.data, conditioned.ok, TIMES))
    assert measured.values.shape == FACE.shape
    assert np.isfinite(measured.values).all()
    return dict(zip(FACE.names, measured.values.tolist(), strict=True)), measured


def test_an_action_is_the_mean_of_both_sides() -> None:
    found, _ = measure(frames(mouthSmileLeft=0.8, mouthSmileRight=0.4))
    assert math.exp(found["mouthSmile_mean_ln"]) - 0.02 == pytest.approx(0.6)
    assert found["smile_asymmetry"] == pytest.approx(0.4)


def test_every_action_is_made_of_blendshapes() -> None:
    named = [name for names in FACE_ACTIONS.values() for name in names]
    assert set(named) <= set(BLENDSHAPES)
    assert len(named) == len(set(named))


def test_pose_distance_and_speed() -> None:
    data = frames(yaw_deg=12.0)
    data[:, FACE_CHANNELS.index("tx_cm")] = 3 * TIMES
    found, _ = measure(data)
    assert found["yaw_mean"] == pytest.approx(12)
    assert math.exp(found["distance_ln"]) == pytest.approx(50)
    assert math.exp(found["head_speed_ln"]) - 0.5 == pytest.approx(3)


def test_blinks_are_counted() -> None:
    data = frames()
    data[10:16, [FACE_CHANNELS.index("eyeBlinkLeft"), FACE_CHANNELS.index("eyeBlinkRight")]] = 0.9
    assert measure(data)[0]["blink_share"] == pytest.approx(0.2)


def test_frames_without_a_face_are_left_out() -> None:
    data = frames(jawOpen=0.3)
    data[::3] = np.nan
    data[::3, 0] = 0
    found, measured = measure(data)
    assert math.exp(found["jawOpen_mean_ln"]) - 0.02 == pytest.approx(0.3)
    assert found["presence"] == pytest.approx(2 / 3)
    assert measured.quality == pytest.approx(2 / 3)


def test_a_head_turned_away_is_said() -> None:
    _, measured = measure(frames(yaw_deg=50.0))
    assert (measured.quality, measured.reasons) == (0.5, ("head turned away",))


def test_channels_may_come_in_any_order_and_case() -> None:
    backwards = tuple(name.upper() for name in reversed(FACE_CHANNELS))
    assert [backwards[i].casefold() for i in FaceProcessor(backwards).picks] == [n.casefold() for n in FACE_CHANNELS]


def test_missing_channels_are_named() -> None:
    with pytest.raises(BadInput, match=r"2 are missing \(face_found, tz_cm\)"):
        FaceProcessor(FACE_CHANNELS[1:-1])
