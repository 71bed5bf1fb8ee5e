import pickle
from pathlib import Path

import numpy as np
import pytest

from model.data.plain_pickle import load_arrays
from pipeline.errors import BadInput

CONTENT = {"subject": "S2", "label": np.arange(5, dtype=np.int32), "signal": {"wrist": {"BVP": np.ones((3, 1))}}}


class Malicious:
    """A pickle of this makes a file when it is loaded."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def _write(path, content, protocol=2):
    path.write_bytes(pickle.dumps(content, protocol=protocol))
    return path


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4])
def test_arrays_in_dictionaries_are_read(tmp_path, protocol):
    found = load_arrays(_write(tmp_path / "S2.pkl", CONTENT, protocol))
    assert found["subject"] == "S2"
    np.testing.assert_array_equal(found["label"], CONTENT["label"])
    np.testing.assert_array_equal(found["signal"]["wrist"]["BVP"], np.ones((3, 1)))


def test_a_pickle_of_python_2_is_read(tmp_path):
    # What Python 2 wrote: texts and array contents as byte strings, numpy's maker under its old name.
    text = pickle.dumps({"label": np.arange(3, dtype="<i4")}, protocol=2)
    old = text.replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
    path = tmp_path / "S2.pkl"
    path.write_bytes(old)
    np.testing.assert_array_equal(load_arrays(path)["label"], [0, 1, 2])
    path.write_bytes(b"\x80\x02}q\x00U\x05labelq\x01U\x02S2q\x02s.")
    assert load_arrays(path) == {"label": "S2"}


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_a_malicious_pickle_runs_nothing(tmp_path, protocol):
    victim = tmp_path / "made"
    path = _write(tmp_path / "S2.pkl", {"label": np.zeros(3), "signal": Malicious(victim)}, protocol)
    with pytest.raises(BadInput, match=r"S2\.pkl: is not read: it asks for "):
        load_arrays(path)
    assert not victim.exists()
    pickle.loads(path.read_bytes())  # what any other reader would have done
    assert victim.exists()


@pytest.mark.parametrize("name", ["builtins.eval", "os.system", "numpy.load", "builtins.getattr", "subprocess.Popen"])
def test_no_name_but_those_of_arrays_is_looked_up(tmp_path, name):
    module, _, attribute = name.rpartition(".")
    path = tmp_path / "S2.pkl"
    path.write_bytes(f"c{module}\n{attribute}\n.".encode())
    with pytest.raises(BadInput, match=f"it asks for {name}"):
        load_arrays(path)


def test_bytes_are_decoded_in_one_way_only(tmp_path):
    path = tmp_path / "S2.pkl"
    path.write_bytes(b"c_codecs\nencode\n(Vabc\nVrot13\ntR.")
    with pytest.raises(BadInput, match="bytes as 'rot13'"):
        load_arrays(path)


def test_what_is_no_pickle_and_what_is_cut_off_end_in_one_line(tmp_path):
    path = tmp_path / "S2.pkl"
    with pytest.raises(BadInput, match=r"S2\.pkl: cannot be read"):
        load_arrays(path)
    path.write_bytes(b"hello")
    with pytest.raises(BadInput, match="is not read"):
        load_arrays(path)
    path.write_bytes(pickle.dumps(CONTENT, protocol=2)[:-40])
    with pytest.raises(BadInput, match="is not read"):
        load_arrays(path)
