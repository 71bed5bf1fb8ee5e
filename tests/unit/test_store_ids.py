"""An entry's id says what it holds, and ids rise as samples and ticks do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.store.ids import START, parse, raw_id, tick_id

INDEX = st.integers(0, 2**53)


@given(INDEX, INDEX)
def test_a_chunks_id_names_segment_and_first_sample(segment, first):
    assert parse(raw_id(segment, first)) == (segment, first + 1)


@given(INDEX)
def test_a_ticks_id_names_the_tick(tick):
    assert parse(tick_id(tick)) == (1, tick + 1)


@given(st.tuples(INDEX, INDEX), st.tuples(INDEX, INDEX))
def test_ids_are_ordered_as_the_samples_are(a, b):
    assert (parse(raw_id(*a)) < parse(raw_id(*b))) == (a < b)


@given(INDEX)
def test_every_id_is_above_the_start(index):
    assert parse(START) < parse(raw_id(0, index))
    assert parse(START) < parse(tick_id(index))


@pytest.mark.parametrize("text", ["", "1", "1-", "-1", "a-1", "1-2-3", "$", "+", "1.0-1", " 1-1"])
def test_what_is_no_id_is_refused(text):
    with pytest.raises(ValueError, match="is not an entry id"):
        parse(text)
