"""Read a pickle that holds numpy arrays, numbers, texts and collections of these, and refuse any other.

A pickle is a program. WESAD is only to be had as one, so it is read by an unpickler that knows four names, all of them
numpy's own, none of which runs anything that the file brings along.
"""

import codecs
import pickle
from pathlib import Path
from typing import Any, Final

import numpy as np

from pipeline.errors import BadInput


def _bytes(text: str, encoding: str) -> bytes:
    """Stand for ``_codecs.encode``, by which Python 3 writes bytes for old readers."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"bytes as {encoding!r}")
    return codecs.latin_1_encode(text)[0]


_MULTIARRAY: Final = np.zeros(0).__reduce__()[0].__module__
_ADMITTED: Final[dict[tuple[str, str], Any]] = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("_codecs", "encode"): _bytes,
    # Where numpy keeps the maker of arrays has changed its name.
    **{
        (module, "_reconstruct"): np.zeros(0).__reduce__()[0]
        for module in (_MULTIARRAY, "numpy.core.multiarray", "numpy._core.multiarray")
    },
}


class _ArraysOnly(pickle.Unpickler):
    """An unpickler that admits arrays alone."""

    def find_class(self, module_name: str, global_name: str, /) -> Any:
        """Return what a name stands for.

        Raises
        ------
        UnpicklingError
            It is not one of those that make arrays.
        """
        try:
            return _ADMITTED[module_name, global_name]
        except KeyError:
            raise pickle.UnpicklingError(f"it asks for {module_name}.{global_name}") from None


def load_arrays(path: Path) -> Any:
    """Read a pickle of arrays, one of Python 2's too; nothing that it names is run.

    Parameters
    ----------
    path : Path
        The file.

    Raises
    ------
    BadInput
        It cannot be read, is damaged, or holds or asks for anything but numpy arrays and Python's plain values.
    """
    try:
        with path.open("rb") as file:
            return _ArraysOnly(file, encoding="latin1").load()
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror}); give the folder as it was downloaded") from error
    except Exception as error:  # a damaged pickle can end in nearly any kind
        raise BadInput(
            f"{path}: is not read: {error or type(error).__name__}; only a pickle of numpy arrays is, so give the "
            "file as it was downloaded"
        ) from error
