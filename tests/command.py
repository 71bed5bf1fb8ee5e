"""Running the helo command as its users do."""

import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from pipeline.cli.main import app
from pipeline.errors import BadInput

HELO = [sys.executable, "-m", "pipeline.cli.main"]
ROOT = Path(__file__).parents[1]
#: A simulated participant whom no other tests on this machine publish at the same time.
SEED = os.getpid()


def helo(
    *arguments: object, env: dict[str, str] | None = None, timeout: float = 150
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [*HELO, *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def helo_json(*arguments: object, env: dict[str, str] | None = None, timeout: float = 150) -> dict[str, Any]:
    """Run a command with --json and return the one object that it prints."""
    done = helo(*arguments, "--json", env=env, timeout=timeout)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@contextmanager
def started(*arguments: object, env: dict[str, str] | None = None) -> Iterator[subprocess.Popen[str]]:
    """Start a command, and stop it with Ctrl-C at the end if it still runs; what fails meanwhile tells what it said."""
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [*HELO, *map(str, arguments)],
            cwd=ROOT,
            env={**os.environ, **(env or {})},
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
        )
        try:
            yield process
        except BaseException as error:
            error.add_note(f"helo {shlex.join(map(str, arguments))}: status {process.poll()}; it said")
            error.add_note(os.pread(said.fileno(), os.fstat(said.fileno()).st_size, 0).decode())
            raise
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
            try:
                process.communicate(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
                raise


def wait_for(condition: Any, *, within_s: float = 60, every_s: float = 0.1) -> Any:
    """Return the first true value of `condition()`, which looks at another process."""
    deadline = time.monotonic() + within_s
    while not (value := condition()):
        assert time.monotonic() < deadline, f"still not after {within_s} s: {condition}"
        time.sleep(every_s)
    return value


def helo_here(*arguments: object) -> str:
    """Run a command in this process, where another one would cost more than what it does; return what it prints."""
    done = CliRunner().invoke(app, list(map(str, arguments)))
    if not isinstance(done.exception, SystemExit | None):
        raise done.exception
    return done.stdout


def refused_here(*arguments: object) -> str:
    """Run a command in this process that must refuse its input and print nothing; return its one line."""
    done = CliRunner().invoke(app, list(map(str, arguments)))
    assert isinstance(done.exception, BadInput), done
    assert done.stdout == ""
    line = str(done.exception)
    assert "\n" not in line
    return line


def status() -> dict[str, Any]:
    """Return what `helo status --json` prints, session None where none runs."""
    return json.loads(helo_here("status", "--json"))
