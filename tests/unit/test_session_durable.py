"""A file that grows by whole pieces, whatever the disk says."""

import errno
import os
import resource

import pytest

from pipeline.session.durable import DurableFile, is_full, refusal


def test_only_what_was_synced_is_there(tmp_path):
    file = DurableFile(tmp_path / "f")
    file.write(b"abc")
    file.sync()
    file.write(b"def")
    assert (file.synced, file.tell(), (tmp_path / "f").read_bytes()) == (3, 6, b"abc")
    file.close()
    assert (tmp_path / "f").read_bytes() == b"abc"


def test_what_is_there_already_is_gone_on_with(tmp_path):
    (tmp_path / "f").write_bytes(b"abcXX")
    file = DurableFile(tmp_path / "f", 3)
    file.write(b"def")
    file.finish()
    assert (tmp_path / "f").read_bytes() == b"abcdef"


def test_a_piece_for_which_there_is_no_room_is_not_there_at_all_and_can_be_tried_again(tmp_path, limited):
    file = DurableFile(tmp_path / "f")
    file.write(b"a" * 1000)
    file.sync()
    file.write(b"b" * 5000)
    limited(4096)
    with pytest.raises(OSError, match="large") as caught:
        file.sync()
    assert caught.value.errno == errno.EFBIG
    assert is_full(caught.value)
    assert (tmp_path / "f").read_bytes() == b"a" * 1000
    limited(resource.RLIM_INFINITY)
    file.finish()
    assert (tmp_path / "f").read_bytes() == b"a" * 1000 + b"b" * 5000


@pytest.mark.parametrize(("number", "full"), [(errno.ENOSPC, True), (errno.EDQUOT, True), (errno.EIO, False)])
def test_only_a_lack_of_room_is_called_so(number, full):
    assert is_full(OSError(number, "")) == full


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "is full"),
        (errno.EIO, "cannot be written to any more (Input/output error)"),
        (errno.EROFS, "cannot be written to any more (Read-only file system)"),
        (errno.EMFILE, ""),
    ],
)
def test_a_place_that_takes_no_more_is_told_from_a_fault_of_ours(number, words):
    assert refusal(OSError(number, os.strerror(number))) == words
