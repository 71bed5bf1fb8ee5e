"""How well a picture shows the face: measured on a real one, said in the windows' reasons, kept in their quality."""

from collections.abc import Iterable
from pathlib import Path

import cv2
import matplotlib
import numpy as np
import pytest

from pipeline.modalities import FACE_CHANNELS, FACE_SIGHT
from pipeline.records import Array, FeatureWindow
from pipeline.streams.webcam.landmarks import FaceLandmarks
from pipeline.streams.webcam.model_file import face_model
from tests.face_windows import SFREQ, face_windows

VIDEO = "astronaut_motion_640x480_30fps.mp4"

#: Where the face of the first picture lies (x, y), found by eye.
MOUTH = (slice(285, 352), slice(252, 292))
LEFT_EYE = (slice(328, 364), slice(205, 226))
EYES = (slice(276, 364), slice(202, 226))
BELOW_THE_NOSE = (slice(260, 382), slice(246, 310))
LEFT_HALF = (slice(320, 400), slice(130, 310))
CHEEK = (slice(283, 293), slice(235, 245))


@pytest.fixture(scope="module")
def picture(shared_data) -> Array:
    """The first picture of the video."""
    path = Path(shared_data) / "face" / VIDEO
    if not path.is_file():
        pytest.skip(f"{path} is absent")
    return cv2.VideoCapture(str(path)).read()[1]


def measured(pictures: Iterable[Array]) -> Array:
    """Return what the webcam measures of a film."""
    with FaceLandmarks(face_model()) as landmarks:
        return np.stack([landmarks.measure(one, index / SFREQ) for index, one in enumerate(pictures)])


def still(picture: Array, seconds: float = 1.2) -> list[FeatureWindow]:
    """Return the windows of a film of one picture, with the noise of a camera."""
    rng = np.random.default_rng(0)
    frames = (np.clip(picture + rng.normal(0, 2, picture.shape), 0, 255) for _ in range(round(seconds * SFREQ)))
    return face_windows(measured(frame.astype(np.uint8) for frame in frames))


def cover(picture: Array, place: tuple[slice, slice], colour: object) -> Array:
    """Return the picture with a plain rectangle over a place."""
    changed = picture.copy()
    changed[place[1], place[0]] = colour
    return changed


def darker(picture: Array, share: float) -> Array:
    return (picture * share).astype(np.uint8)


def said(windows: list[FeatureWindow]) -> set[tuple[str, ...]]:
    return {window.reasons for window in windows}


@pytest.mark.parametrize("share", [1.0, 0.2])
def test_dim_light_is_enough(picture, share):
    windows = still(darker(picture, share))
    assert said(windows) == {()}
    assert {window.quality for window in windows} == {1.0}


def test_a_dark_picture_is_named_while_a_face_is_found_in_it(picture):
    windows = still(darker(picture, 0.12))
    assert said(windows) == {("dark picture",)}
    assert {window.quality for window in windows} == {0.5}


def test_a_picture_too_dark_for_a_face_to_be_found_is_named(picture):
    windows = still(darker(picture, 0.01))
    assert said(windows) == {("no face in 100% of the window", "dark picture")}
    assert {window.quality for window in windows} == {0.0}


@pytest.mark.parametrize(
    ("place", "colour", "parts"),
    [
        (MOUTH, "skin", "mouth"),
        (BELOW_THE_NOSE, 235, "mouth"),
        (LEFT_EYE, 128, "left eye"),
        (EYES, 20, "left eye and right eye"),
    ],
)
def test_a_covered_part_is_named(picture, place, colour, parts):
    shade = picture[CHEEK[1], CHEEK[0]].mean(axis=(0, 1)) if colour == "skin" else colour
    windows = still(cover(picture, place, shade))
    assert said(windows) == {(f"face partly hidden: {parts}",)}
    assert {window.quality for window in windows} == {0.5}


def test_another_face_is_judged_alike():
    """The portrait that comes with Matplotlib: a closed mouth, glasses, a cap's shadow."""
    portrait = cv2.imread(str(Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg"))
    assert said(still(portrait)) == {()}
    masked = cover(portrait, (slice(165, 360), slice(248, 340)), 200)
    assert said(still(masked)) == {("face partly hidden: mouth",)}
    shaded = cover(portrait, (slice(190, 340), slice(170, 208)), 20)
    assert said(still(shaded)) == {("face partly hidden: left eye and right eye",)}


def test_half_a_face_is_told(picture):
    """An eye is hidden, or no face is found any longer."""
    windows = still(cover(picture, LEFT_HALF, 128), seconds=2)
    assert all(window.reasons for window in windows)
    assert max(window.quality for window in windows) <= 0.5


@pytest.mark.parametrize("seen", [np.s_[:, 296:], np.s_[:272]])
def test_a_face_that_leaves_the_picture_is_told(picture, seen):
    windows = still(np.ascontiguousarray(picture[seen]))
    assert said(windows) == {("face partly hidden: beyond the picture's edge",)}
    assert {window.quality for window in windows} == {0.5}


def test_a_hand_that_passes_is_not_told(picture):
    hand = cover(picture, MOUTH, 128)
    windows = face_windows(measured(hand if 20 <= index < 30 else picture for index in range(45)))
    assert said(windows) == {()}


def test_a_face_stream_that_does_not_tell_of_it_is_taken_as_before(picture):
    rows = measured([cover(picture, MOUTH, 128)] * 40)
    told = face_windows(rows)
    assert said(told) == {("face partly hidden: mouth",)}
    for channels in (FACE_CHANNELS, (*FACE_CHANNELS, FACE_SIGHT[0])):
        untold = face_windows(rows, channels)
        assert said(untold) == {()}
        assert [one.features.tobytes() for one in untold] == [one.features.tobytes() for one in told]


def test_what_is_measured_is_that_of_the_picture(picture):
    """Half the light: half the brightness and the same contrasts."""
    rows = measured([picture] * 3 + [darker(picture, 0.5)] * 3)[[2, 5]]
    full, half = (dict(zip(FACE_SIGHT, row[len(FACE_CHANNELS) :].tolist(), strict=True)) for row in rows)
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    assert full["brightness"] == pytest.approx(grey[176:300, 268:372].mean() / 255, rel=0.1)
    assert half["brightness"] == pytest.approx(full["brightness"] / 2, rel=0.02)
    for name in ("left_eye_contrast", "right_eye_contrast", "mouth_contrast"):
        assert half[name] == pytest.approx(full[name], rel=0.05)
    assert (full["inside_picture"], half["inside_picture"]) == (1.0, 1.0)
