"""The embedded server: private, without files, restartable, and gone with its parent."""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import redis

from pipeline.errors import BadInput
from pipeline.store.connection import connect
from pipeline.store.server import EmbeddedServer

pytestmark = pytest.mark.parametrize("store_server", ["embedded", "redis-server"], indirect=True)
linux = pytest.mark.skipif(sys.platform != "linux", reason="Linux alone tells a child that its parent has ended")


def test_only_its_owner_may_connect(store_server):
    assert stat.S_IMODE(store_server.socket.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(store_server.socket.stat().st_mode) == 0o700


def test_it_listens_on_no_port(store_server):
    assert psutil.Process(store_server.pid).net_connections("inet") == []


def test_it_writes_no_files(store_server, redis_client):
    redis_client.set("key", "value")
    store_server.stop()
    assert list(store_server.socket.parent.iterdir()) == []


def test_it_can_be_killed_and_started_again_on_the_same_socket(store_server, connection):
    connection.put("key", b"value")
    first, url = store_server.pid, store_server.url
    os.kill(first, signal.SIGKILL)
    assert store_server.wait(10) == -signal.SIGKILL

    store_server.start()
    assert store_server.pid != first
    assert store_server.url == url
    assert connection.get("key") is None


def test_it_is_not_started_twice(store_server):
    with pytest.raises(RuntimeError, match=f"runs already, with process id {store_server.pid}"):
        store_server.start()


def test_stopping_twice_does_no_harm(store_server):
    store_server.stop()
    store_server.stop()
    assert store_server.wait(0) == 0


PARENT = """
import sys, threading
from pathlib import Path
from pipeline.store.server import EmbeddedServer
server = EmbeddedServer(Path(sys.argv[1]), binary=Path(sys.argv[2]))
thread = threading.Thread(target=server.start)
thread.start()
thread.join()
print(server.pid, flush=True)
sys.stdin.read()
"""


@linux
def test_it_outlives_the_thread_that_started_it_and_ends_with_its_parent(store_server, store_directory, until):
    socket = store_directory / "2" / "store.sock"
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(socket.parent), str(store_server.binary)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2],
    ) as parent:  # fmt: skip
        pid = int(parent.stdout.readline())
        with redis.Redis(unix_socket_path=str(socket)) as client:
            assert client.info("server")["process_id"] == pid
            parent.kill()
            parent.wait()
            until(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)


def test_a_server_that_ends_at_once_is_named_with_its_own_words(store_server, store_directory):
    refuses = store_directory / "refuses"
    refuses.write_text("#!/bin/sh\necho it is monday\n")
    refuses.chmod(0o700)
    with pytest.raises(BadInput, match=r"the embedded server ended at once \(it is monday\)"):
        EmbeddedServer(store_directory / "2", binary=refuses).start()


def test_a_path_that_no_socket_can_have_is_refused(store_server, tmp_path):
    with pytest.raises(BadInput, match=r"too long for a unix socket .* set TMPDIR to a shorter one"):
        EmbeddedServer(tmp_path / ("long" * 30))


def test_a_path_with_any_letters_is_served(store_server, store_directory):
    with EmbeddedServer(store_directory / "é %20?#") as server:
        connection = connect(server.url)
        assert connection.get("key") is None
        connection.close()
