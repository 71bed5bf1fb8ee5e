"""LBP-TOP of the family ``dmer`` against its definition, pixel by pixel."""

import numpy as np
import pytest

from pipeline.errors import BadInput
from pipeline.signals.dmer.face import DmerFaceProcessor
from pipeline.signals.dmer.features import PATTERNS
from pipeline.signals.dmer.lbp_top import LbpTop, lbp_top
from pipeline.signals.processor import Window
from tests.dmer_sensors import film
from tests.lbp_top_loop import plain_loop


@pytest.mark.parametrize("levels", [2, 5, 256])
@pytest.mark.parametrize("shape", [(9, 3, 3), (30, 8, 11), (13, 11, 8)])
def test_counts_are_those_of_a_plain_loop(shape, levels):
    """Few grey levels make many neighbours equal to the centre."""
    frames = np.random.default_rng(levels).integers(0, levels, shape, np.uint8)
    counter = LbpTop()
    made = np.array([counter.process(frame) for frame in frames])
    assert np.isnan(made[:8]).all()
    expected = plain_loop(frames)
    np.testing.assert_array_equal(made[8:].sum(axis=0), expected.ravel())
    histograms = expected / expected.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(lbp_top(frames), histograms.ravel(), rtol=0, atol=1e-15)
    assert lbp_top(frames).reshape(3, 256).sum(axis=1) == pytest.approx([1, 1, 1])


def test_two_neighbours_on_the_picture_are_the_centre_itself():
    made = lbp_top(film(9)).reshape(3, 256)[0]
    assert {code & 0b0100_0100 for code in np.flatnonzero(made)} == {0b0100_0100}


def test_thirty_rows_of_the_stream_are_the_thirty_frames_of_the_definition():
    frames = film(100)
    counter = LbpTop()
    rows = np.array([counter.process(frame) for frame in frames])
    processor = DmerFaceProcessor(PATTERNS)
    for last in (29, 60, 99):
        window = slice(last - 29, last + 1)
        ok = processor.process(rows[window].astype(float)).ok
        measured = processor.measure(Window(rows[window].astype(float), ok, np.arange(100)[window] / 30))
        np.testing.assert_array_equal(measured.values, lbp_top(frames[window]))


def test_patterns_begin_anew_after_a_frame_without_a_face_and_after_one_of_another_size():
    frames = film(40)
    counter = LbpTop()
    made = [counter.process(None if number == 12 else frame) for number, frame in enumerate(frames[:30])]
    there = [bool(np.isfinite(row).all()) for row in made]
    assert there == [8 <= number < 12 or number >= 21 for number in range(30)]
    alone = LbpTop()
    again = [alone.process(frame) for frame in frames[13:30]]
    np.testing.assert_array_equal(made[21:], again[8:])
    assert np.isnan(counter.process(frames[30][:, 1:])).all()


def test_a_frame_may_be_written_over_once_it_was_taken():
    frames = film(12)
    counter, reused = LbpTop(), np.empty_like(frames[0])
    for frame in frames:
        reused[:] = frame
        made = counter.process(reused)
    np.testing.assert_array_equal(made, plain_loop(frames[-9:]).ravel())


def test_what_is_no_grey_picture_is_refused():
    for frame in (np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4)), np.zeros((2, 9), np.uint8)):
        with pytest.raises(ValueError, match="expected a grey picture"):
            LbpTop().process(frame)
    with pytest.raises(ValueError, match="8, expected 9 or more"):
        lbp_top(film(8))


@pytest.mark.parametrize(("sfreq", "quality"), [(30.0, 1.0), (26.0, 0.5), (20.0, 0.0)])
def test_a_camera_of_another_rate_is_named(sfreq, quality):
    n_frames = round(sfreq)
    counter = LbpTop()
    rows = np.array([counter.process(frame) for frame in film(n_frames + 8)])[8:].astype(float)
    window = Window(rows, np.ones(n_frames, bool), np.arange(n_frames) / sfreq)
    measured = DmerFaceProcessor(PATTERNS).measure(window)
    assert measured.quality == quality
    assert [reason.split(",")[0] for reason in measured.reasons] == (
        [] if sfreq == 30 else [f"{sfreq:.3g} frames a second"]
    )


def test_a_window_without_one_frame_whose_neighbours_are_there_has_no_quality():
    rows = np.array([LbpTop().process(frame) for frame in film(6)]).astype(float)
    measured = DmerFaceProcessor(PATTERNS).measure(Window(rows, np.zeros(6, bool), np.arange(6) / 30))
    assert (measured.quality, measured.reasons) == (0.0, ("too few frames with a face",))
    assert np.isfinite(measured.values).all()


def test_a_stream_of_blendshapes_is_no_stream_of_patterns():
    with pytest.raises(BadInput, match="768 LBP-TOP counts of the face; 768 are missing"):
        DmerFaceProcessor(("face_found", "jawOpen"))
