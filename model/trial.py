"""Load a model and let it estimate once, in a process of its own: ``python -m model.trial FILE DEVICE``.

Prints the device on which it runs. So whoever must not import torch learns whether a model can be used, and a model
that cannot be harms nobody.
"""

import sys
from pathlib import Path

from model.predictor import Predictor
from pipeline.errors import BadInput


def main() -> None:
    """Try the model that the command line names; status 2, with the reason, where it cannot be used."""
    path, device = sys.argv[1:]
    try:
        predictor = Predictor.load(Path(path), device)
        predictor.warm_up()
    except (BadInput, RuntimeError) as error:  # a RuntimeError is the device's: no memory left, say
        sys.exit(_say(error))
    sys.stdout.write(predictor.device)


def _say(error: Exception) -> int:
    sys.stderr.write(" ".join(str(error).split()))
    return 2


if __name__ == "__main__":
    main()
