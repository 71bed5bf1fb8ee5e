"""Signals set an event, however often and whenever they come."""

import subprocess
import sys

HEARS = """
import os, signal, threading
from pipeline.stopping import stop_on_signals
stop = threading.Event()
stop_on_signals(stop)
for _ in range(20000):  # most of the time the main thread holds the event's lock
    os.kill(os.getpid(), signal.SIGTERM)
    stop.set()
    stop.clear()
os.kill(os.getpid(), signal.SIGINT)
print(stop.wait(30))
"""


def test_signals_in_a_storm_block_nobody():
    done = subprocess.run([sys.executable, "-c", HEARS], capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout) == (0, "True\n"), done.stderr
