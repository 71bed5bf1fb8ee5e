"""For folders whose tests start whole sessions: without them enough lines are covered."""

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module", autouse=True)
def unmeasured() -> Iterator[None]:
    """Let no process that these tests start count its lines: it would be half as fast in loading what it needs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)
        yield
