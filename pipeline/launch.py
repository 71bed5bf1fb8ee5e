"""Become another program that ends with its parent: ``python launch.py PARENT_PID PROGRAM ARGUMENT...``.

A program of its own because running Python between fork and exec is unsafe in a process with threads. Linux keeps the
request over exec; it sends the signal when the *thread* that started the process ends, so that thread has to live as
long as the process does. Elsewhere the program simply starts.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

_PR_SET_PDEATHSIG = 1


def ends_with_parent(argv: Sequence[str]) -> list[str]:
    """Return the command that starts `argv` so that it ends (SIGTERM) when this process does.

    Parameters
    ----------
    argv : sequence of str
        The program, by its full path, and its arguments.
    """
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), *argv]


def main() -> None:
    """Ask Linux for SIGTERM when the parent ends, then become the program."""
    parent, program = int(sys.argv[1]), sys.argv[2]
    if sys.platform == "linux":
        if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM) != 0:
            sys.exit(f"prctl: {os.strerror(ctypes.get_errno())}")
        if os.getppid() != parent:  # it ended before the request was made
            sys.exit("the parent has ended")
    os.execv(program, sys.argv[2:])  # noqa: S606 - there is no shell to want


if __name__ == "__main__":
    main()
