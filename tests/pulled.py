"""What an inlet gets of a real stream."""

from pipeline.streams.clock import local_clock
from pipeline.streams.inlet import Inlet
from pipeline.streams.segments import Pulled

#: For whatever a real stream is waited for (s).
BOUND_S = 30.0


def pull_all(inlet: Inlet, n: int, within_s: float = BOUND_S) -> list[Pulled]:
    """Wait for `n` samples."""
    got: list[Pulled] = []
    end = local_clock() + within_s
    while sum(map(len, got)) < n:
        assert local_clock() < end, f"{sum(map(len, got))} of {n} samples came"
        pulled = inlet.pull(1.0)
        if pulled is not None:
            got.append(pulled)
    return got
