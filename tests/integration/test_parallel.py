"""Work in many processes: none outlives the one that gave it."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.command import ROOT, wait_for

#: Its worker reads a pipe into which nobody ever writes.
GIVER = """
import sys
from pathlib import Path
from model.data.parallel import run_all
run_all(Path.read_text, [Path(sys.argv[1])], print)
"""


def reached(pipe: Path) -> int | None:
    """Return the pipe's other end once somebody reads it, and so waits for ever."""
    try:
        return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
    except OSError as error:
        if error.errno != errno.ENXIO:
            raise
        return None


def ended(process: psutil.Process) -> bool:
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGKILL])
def test_no_worker_outlives_a_giver_that_is_killed(by, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    giver = subprocess.Popen([sys.executable, "-c", GIVER, pipe], cwd=ROOT)
    try:
        end = wait_for(lambda: reached(pipe))
        assert giver.poll() is None
        workers = psutil.Process(giver.pid).children(recursive=True)
    finally:
        giver.send_signal(by)
        giver.wait()
    wait_for(lambda: all(ended(worker) for worker in workers))
    os.close(end)
