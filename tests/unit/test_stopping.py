"""Signals set an event, however often and whenever they come, or interrupt."""

import subprocess
import sys

import pytest

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


INTERRUPTED = """
import os, signal, sys
from pipeline.stopping import interrupt_on_signals
signal.signal(signal.SIGHUP, signal.SIG_IGN if sys.argv[1] == "nohup" else signal.SIG_DFL)
interrupt_on_signals()
try:
    os.kill(os.getpid(), signal.SIGHUP)
    print("goes on")
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.parametrize(("how", "said"), [("terminal", "interrupted\n"), ("nohup", "goes on\n")])
def test_a_closed_terminal_interrupts_unless_nohup_was_said(how, said):
    done = subprocess.run([sys.executable, "-c", INTERRUPTED, how], capture_output=True, text=True, check=True)
    assert done.stdout == said
