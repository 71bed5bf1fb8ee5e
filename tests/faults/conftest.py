"""What the tests of faults share."""

from tests.unmeasured import unmeasured  # noqa: F401 - of all tests here
