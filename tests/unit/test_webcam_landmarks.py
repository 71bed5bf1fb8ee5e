"""The face in pictures, against reference measurements and the known movement of a real video."""

import csv
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.modalities import FACE_CHANNELS
from pipeline.records import Array
from pipeline.streams.webcam.landmarks import CHANNELS, FaceLandmarks
from pipeline.streams.webcam.model_file import face_model
from tests.face_windows import face_windows

VIDEO = "astronaut_motion_640x480_30fps.mp4"
SFREQ = 30.0
BLANK = slice(240, 270)


def pictures(path: Path) -> Iterator[Array]:
    capture = cv2.VideoCapture(str(path))
    while (got := capture.read())[0]:
        yield got[1]
    capture.release()


@pytest.fixture(scope="module")
def video(shared_data) -> Path:
    path = shared_data / "face" / VIDEO
    if not path.is_file():
        pytest.skip(f"{path} is absent")
    return path


@pytest.fixture(scope="module")
def measured(video) -> Array:
    """Every frame of the video, measured in order."""
    with FaceLandmarks(face_model()) as landmarks:
        return np.stack([landmarks.measure(pixels, index / SFREQ) for index, pixels in enumerate(pictures(video))])


def column(measured: Array, name: str) -> Array:
    return measured[:, FACE_CHANNELS.index(name)]


def test_every_channel_is_that_of_the_reference(measured, shared_data):
    with (shared_data / "face" / "astronaut_motion_blendshapes.csv").open() as file:
        rows = list(csv.DictReader(file))
    reference = np.array([[float(row[name] or "nan") for name in FACE_CHANNELS] for row in rows])
    shown = measured[:, : len(FACE_CHANNELS)]
    assert shown.shape == reference.shape
    assert np.array_equal(np.isnan(shown), np.isnan(reference))
    # The reference has four decimals; other processors compute the network a little differently.
    assert np.nanmax(np.abs(shown - reference)[:, :53]) < 0.02
    assert np.nanmax(np.abs(shown - reference)[:, 53:]) < 0.1


def test_a_frame_without_a_face_has_no_values(measured):
    assert not column(measured, "face_found")[BLANK].any()
    values = np.isfinite(measured[BLANK])
    assert [CHANNELS[i] for i in np.flatnonzero(values.any(axis=0))] == ["face_found", "brightness"]
    with_face = np.delete(measured, np.r_[BLANK], axis=0)
    assert with_face[:, 0].all()
    assert np.isfinite(with_face).all()


def test_the_face_is_found_again_within_a_fifth_of_a_second(measured):
    assert column(measured, "face_found")[BLANK.stop : BLANK.stop + round(0.2 * SFREQ)].any()


def test_a_face_that_moves_turns_and_comes_nearer_is_seen_well(measured):
    windows = face_windows(measured)
    whole = [window for window in windows if window.valid > 0.99]
    assert len(whole) > 20
    assert {window.reasons for window in whole} == {()}
    assert min(window.quality for window in whole) > 0.99
    blank = [window.reasons for window in windows if window.valid < 0.4]
    assert blank
    assert all(len(said) == 1 and said[0].startswith("no face in") for said in blank)  # these pictures are not dark


def test_roll_follows_the_pictures_rotation(measured, video):
    """The rotation is found without a face model: by matching points of each picture with those of the first."""
    points, matcher = cv2.ORB_create(1500), cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True)
    rotation, roll = [], []
    for index, pixels in enumerate(pictures(video)):
        found, about = points.detectAndCompute(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY), None)
        if index == 0:
            first, about_first = found, about
        if index % 6 or not column(measured, "face_found")[index]:
            continue
        pairs = matcher.match(about_first, about)
        turned, _ = cv2.estimateAffinePartial2D(
            np.array([first[pair.queryIdx].pt for pair in pairs]),
            np.array([found[pair.trainIdx].pt for pair in pairs]),
            ransacReprojThreshold=2,
        )
        rotation.append(-np.degrees(np.arctan2(turned[1, 0], turned[0, 0])))  # rows count downwards
        roll.append(column(measured, "roll_deg")[index])
    assert np.ptp(rotation) > 30
    slope = np.polyfit(rotation, roll, 1)[0]
    assert slope == pytest.approx(1.0, abs=0.03)


def test_the_pictures_aspect_ratio_is_kept(video):
    """A picture with bars at its sides shows the same face as without; one that is squeezed does not."""
    pixels = next(pictures(video))
    wide = cv2.copyMakeBorder(pixels, 0, 0, 107, 107, cv2.BORDER_CONSTANT)
    squeezed = cv2.resize(pixels, (320, 480))

    def width(picture: Array) -> float:
        with FaceLandmarks(face_model()) as landmarks:
            row = landmarks.measure(picture, 0.0)
        return float(row[FACE_CHANNELS.index("tz_cm")])

    assert width(wide) == pytest.approx(width(pixels), rel=0.03)
    assert abs(width(squeezed) / width(pixels) - 1) > 0.06


def test_pictures_of_the_same_millisecond_are_both_measured(video):
    pixels = next(pictures(video))
    with FaceLandmarks(face_model()) as landmarks:
        rows = [landmarks.measure(pixels, 5.0) for _ in range(3)]
    assert all(row[0] == 1 for row in rows)
