"""Samples are cut into blocks by time, and none is lost or doubled."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.streams.pacing import cut


@given(st.lists(st.floats(0, 5), max_size=200), st.sampled_from([0.02, 0.04, 0.5]))
def test_blocks_hold_all_samples_in_order_and_none_spans_a_grid_line(stamps, block_s):
    times = np.sort(np.array(stamps, float))
    data = np.arange(len(times))[:, None]
    blocks = list(cut(times, data, block_s))
    assert all(len(block.times) for block in blocks)
    assert np.concatenate([[], *(block.times for block in blocks)]).tolist() == times.tolist()
    assert [value for block in blocks for value in np.asarray(block.samples)[:, 0]] == list(range(len(times)))
    assert all(len(set(np.floor(block.times / block_s))) == 1 for block in blocks)


def test_strings_are_cut_like_numbers():
    blocks = list(cut(np.array([0.0, 0.01, 1.0]), [["a"], ["b"], ["c"]]))
    assert [list(block.samples) for block in blocks] == [[["a"], ["b"]], [["c"]]]
