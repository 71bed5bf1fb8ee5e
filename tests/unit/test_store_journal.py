"""What was appended is read by whoever comes after, whole and in order, for as long as it is kept."""

import os
import resource
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.session.durable import is_full
from pipeline.store.journal import Journal


class Clock:
    """Seconds that a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def begun(tmp_path: Path, clock: Clock) -> Callable[[], Journal]:
    """Begin a journal; a later one is of a process that comes after."""

    def begin() -> Journal:
        clock.now += 0.5
        return Journal(tmp_path / "P001" / "eeg", keep_s=60.0, clock=clock)

    return begin


def size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


@given(records=st.lists(st.binary(max_size=50), max_size=8))
def test_records_come_back_whole_and_in_order(tmp_path_factory, records):
    journal = Journal(tmp_path_factory.mktemp("journal"), keep_s=60.0)
    for record in records:
        journal.append(record)
    assert journal.read() == records
    journal.close()


def test_one_that_comes_after_adds_to_what_is_there(begun):
    for record in (b"one", b"two", b"three"):
        journal = begun()
        journal.append(record)
        journal.close()
    assert begun().read() == [b"one", b"two", b"three"]


@pytest.mark.parametrize("cut", [1, 3, 4, 6])
def test_a_record_that_death_cut_off_hides_none_that_follows(begun, tmp_path, cut):
    journal = begun()
    journal.append(b"whole")
    journal.append(b"cut")
    journal.close()
    (file,) = (tmp_path / "P001" / "eeg").iterdir()
    os.truncate(file, file.stat().st_size - cut)
    after = begun()
    after.append(b"next")
    assert after.read() == [b"whole", b"next"]
    after.close()


def test_what_is_old_goes_and_the_rest_stays(begun, clock, tmp_path):
    journal = begun()
    for second in range(1000):
        clock.now += 1
        journal.append(b"%04d" % second)
        kept = [int(record) for record in journal.read()]
        assert kept == list(range(kept[0], second + 1))
        assert min(second + 1, 60) <= len(kept) <= 82
    journal.close()
    assert size(tmp_path) <= 82 * 8


def test_the_newest_records_stay_however_long_nothing_comes(begun, clock):
    journal = begun()
    journal.append(b"last")
    journal.close()
    clock.now += 10_000
    after = begun()
    assert after.read() == [b"last"]
    after.append(b"first")
    assert after.read() == [b"last", b"first"]
    after.close()


def test_it_says_when_a_record_has_to_stand_for_itself(begun, clock):
    journal = begun()
    assert journal.turns
    journal.append(b"first of its file")
    assert not journal.turns
    clock.now += 10
    assert journal.turns
    journal.close()


def test_a_record_without_room_is_refused_and_leaves_no_half(begun, limited):
    journal = begun()
    journal.append(b"there")
    limited(16)
    with pytest.raises(OSError, match=r"large|space") as refused:
        journal.append(b"more than there is room for")
    assert is_full(refused.value)
    limited(resource.RLIM_INFINITY)
    journal.append(b"after")
    assert journal.read() == [b"there", b"after"]
    journal.close()
