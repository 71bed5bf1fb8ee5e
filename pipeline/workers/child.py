"""One supervised process: started, waited for, restarted when it dies."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.launch import ends_with_parent

_FIRST_DELAY_S, _LONGEST_DELAY_S = 0.2, 5.0
_MOST_DEATHS, _WITHIN_S = 6, 60.0
#: However long the phases before it took, each phase has this long to stop by itself (s).
_LEAST_GRACE_S = 0.4
#: A process that ends with this status has said why in one line; starting it again would not help.
BAD_INPUT_STATUS = 2
#: A process that ends with this status asks for another one in its place: that is no death, and nothing is waited for.
RENEWAL_STATUS = 75


@dataclass(frozen=True)
class ProcessSpec:
    """What to start."""

    kind: str
    what: str
    """What it works on, for example ``P001/eeg``."""
    argv: Sequence[str]
    phase: int
    """Processes of a lower phase are stopped first, so that what they send still arrives."""
    env: Mapping[str, str] = field(default_factory=dict)
    """Added to this process's own environment."""

    patience_s: float = 0.0
    """It may take this long to stop (s), however late it is: for a process that has something to finish."""
    required: bool = True
    """The run ends when it is given up because its input was bad; else it goes on without it."""
    beats: bool = False
    """It proves on the board that it is alive, and hangs if it does not."""

    @property
    def label(self) -> str:
        """Name for messages."""
        return f"{self.kind} {self.what}".strip()


class Child(threading.Thread):
    """Keep one process alive until told to stop.

    A process that dies is started again after a delay that doubles with each death within a minute, from 0.2 s to 5 s;
    after six it is given up, and said to have failed. The process is started from this thread, which lives as long as
    the process does, because Linux sends the parent-death signal when the *thread* that started a process ends.

    Parameters
    ----------
    spec : ProcessSpec
        What to start.
    on_change : callable
        Called with this object and a sentence ('' when it only started) whenever the process starts or ends.
    on_line : callable
        Called with this object and each line that the process writes.
    """

    def __init__(
        self, spec: ProcessSpec, on_change: Callable[["Child", str], None], on_line: Callable[["Child", str], None]
    ) -> None:
        super().__init__(name=spec.label, daemon=True)
        self.spec = spec
        self.state = "starting"
        self.restarts = 0
        self.status: int | None = None
        self.process: subprocess.Popen[str] | None = None
        self._on_change = on_change
        self._on_line = on_line
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._deaths: list[float] = []
        self._hung = False
        self._renewed: subprocess.Popen[str] | None = None

    @property
    def pid(self) -> int:
        """Process id; 0 before the first start."""
        return self.process.pid if self.process else 0

    def run(self) -> None:
        """Start the process, wait for it, and start it again until stopped."""
        while (process := self._start()) is not None:
            self.status = self._wait(process)
            if self._stopping.is_set():
                break
            if self.status == RENEWAL_STATUS or process is self._renewed:
                continue
            deaths = self._count_death()
            how = "gave no sign of life and was killed" if self._hung else _how(self.status)
            if self.status == BAD_INPUT_STATUS or deaths >= _MOST_DEATHS:
                self.state = "failed"
                self._on_change(self, f"The {self.spec.label} process {how} and was given up.")
                return
            self.state = "restarting"
            self._on_change(self, f"The {self.spec.label} process {how}; it is being restarted.")
            if self._stopping.wait(min(_FIRST_DELAY_S * 2 ** (deaths - 1), _LONGEST_DELAY_S)):
                break
            self.restarts += 1
        self.state = "stopped"

    def terminate(self) -> None:
        """Ask the process to stop, and do not start it again."""
        self._stopping.set()
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the process at once."""
        self._signal(signal.SIGKILL)

    def renew(self, patience_s: float) -> None:
        """Have another process in this one's place, which is no death; when this returns, this one has ended.

        Parameters
        ----------
        patience_s : float
            After so long it is killed (s).
        """
        with self._lock:
            self._renewed = process = self.process
        if process is None:
            return
        self._signal(signal.SIGTERM)
        try:
            process.wait(patience_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def end_hung(self, pid: int) -> None:
        """End the process with this id at once, since it hangs; it is started again."""
        with self._lock:
            if self.process is not None and self.process.pid == pid and self.process.poll() is None:
                self._hung = True
                self.process.kill()

    def _start(self) -> "subprocess.Popen[str] | None":
        with self._lock:
            if self._stopping.is_set():
                return None
            self._hung = False
            self.process = subprocess.Popen(
                ends_with_parent(self.spec.argv),
                env={**os.environ, **self.spec.env},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,  # so that Ctrl-C reaches the supervisor alone, which stops the others in order
            )
            self.state = "running"
        self._on_change(self, "")
        return self.process

    def _wait(self, process: "subprocess.Popen[str]") -> int:
        with process:
            for line in process.stdout or ():
                self._on_line(self, line.rstrip())
        return process.returncode

    def _count_death(self) -> int:
        """Note a death, and return how many there were lately."""
        now = time.monotonic()
        self._deaths = [*(death for death in self._deaths if now - death < _WITHIN_S), now]
        return len(self._deaths)

    def _signal(self, number: signal.Signals) -> None:
        with self._lock:
            if self.process is not None and self.process.poll() is None:
                self.process.send_signal(number)


def _how(status: int) -> str:
    if status < 0:
        return f"was ended by {signal.Signals(-status).name}"
    return f"stopped with status {status}"


def stop_in_order(children: Sequence[Child], *, within_s: float) -> None:
    """Stop processes phase by phase, so that each can still take what the earlier ones sent; then kill what is left.

    Parameters
    ----------
    children : sequence of Child
        All of them.
    within_s : float
        Time for all phases together (s).
    """
    deadline = time.monotonic() + within_s
    phases = sorted({child.spec.phase for child in children})
    for phases_after, phase in zip(reversed(range(len(phases))), phases, strict=True):
        members = [child for child in children if child.spec.phase == phase]
        for child in members:
            child.terminate()
        for child in members:
            left = deadline - phases_after * _LEAST_GRACE_S - time.monotonic()
            child.join(max(child.spec.patience_s, left, 0.0))
            if child.is_alive():
                child.kill()
                child.join()
