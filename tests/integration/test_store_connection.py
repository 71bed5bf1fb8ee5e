"""Connecting: an address that does not serve is said so in one sentence, without the password."""

import socket
import socketserver
import threading

import pytest

from pipeline.errors import BadInput
from pipeline.store.connection import IdRefused, StoreLost, connect, store_url

pytestmark = pytest.mark.parametrize("store_server", ["embedded", "redis-server"], indirect=True)


@pytest.fixture
def closed_port():
    """A port of this machine on which nothing listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        number: int = taken.getsockname()[1]
    return number


def test_a_dead_address_is_named_with_the_mend(store_server):
    store_server.stop()
    with pytest.raises(BadInput) as error:
        connect(store_server.url)
    sentence = str(error.value)
    assert sentence.startswith(f"HELO_REDIS_URL: unix://{store_server.socket} does not answer (")
    assert sentence.endswith("start it or unset the variable")
    assert "\n" not in sentence


def test_no_password_is_printed(store_server, closed_port):
    with pytest.raises(BadInput) as error:
        connect(f"redis://me:geheim@127.0.0.1:{closed_port}/0")
    assert f"redis://127.0.0.1:{closed_port}/0 does not answer" in str(error.value)
    assert "geheim" not in str(error.value)


@pytest.mark.parametrize("url", ["localhost:6379", "http://localhost", "redis://:geh/eim@localhost", "", "unix:"])
def test_what_is_no_address_is_refused_without_repeating_it(store_server, url):
    with pytest.raises(BadInput, match="HELO_REDIS_URL: ") as error:
        connect(url)
    assert "eim" not in str(error.value)


def test_a_wrong_password_is_said(store_server, redis_client):
    redis_client.config_set("requirepass", "geheim")
    with pytest.raises(BadInput, match=r"does not answer .*[Aa]uthentication"):
        connect(store_server.url)


def test_a_server_elsewhere_is_reached_over_tcp_with_a_password(store_server, redis_client, closed_port):
    redis_client.config_set("requirepass", "ge/heim")
    redis_client.config_set("port", closed_port)
    connection = connect(f"redis://:ge%2Fheim@127.0.0.1:{closed_port}/0")
    assert connection.name == f"redis://127.0.0.1:{closed_port}/0"
    own = connection.dedicated()
    own.put("key", b"value")
    assert connection.get("key") == b"value"
    own.close()
    connection.close()


class OldServer(socketserver.StreamRequestHandler):
    """Answers everything with the version of a server that is too old."""

    def handle(self):
        while self.rfile.readline():
            answer = b"redis_version:5.0.7\r\n"
            self.wfile.write(b"$%d\r\n%s\r\n" % (len(answer), answer))


def test_a_server_that_is_too_old_is_named(store_server):
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), OldServer) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        port = server.server_address[1]
        with pytest.raises(
            BadInput, match=rf"redis://127.0.0.1:{port} is Redis 5.0; use Redis 6.2 or later, or Valkey"
        ):
            connect(f"redis://127.0.0.1:{port}")
        server.shutdown()


def test_the_address_comes_from_the_environment(store_server, monkeypatch):
    monkeypatch.setenv("HELO_REDIS_URL", "redis://elsewhere")
    assert store_url() == "redis://elsewhere"
    monkeypatch.setenv("HELO_REDIS_URL", "")
    assert store_url() is None
    monkeypatch.delenv("HELO_REDIS_URL")
    assert store_url() is None


def test_options_of_the_address_do_not_change_the_answers(store_server):
    connection = connect(f"{store_server.url}?decode_responses=true&protocol=3")
    connection.add("key", "1-1", b"\xff")
    assert connection.range("key") == [("1-1", b"\xff")]
    connection.close()


def test_a_connection_serves_again_after_the_server_was_started_again(store_server, connection):
    store_server.stop()
    with pytest.raises(StoreLost):
        connection.get("key")
    store_server.start()
    assert connection.get("key") is None


def test_a_dedicated_connection_is_not_reopened_unnoticed(store_server, connection):
    own = connection.dedicated()
    store_server.process.kill()
    store_server.wait()
    store_server.start()
    with pytest.raises(StoreLost):
        own.get("key")
    own.close()


def test_an_id_that_does_not_rise_is_refused(connection):
    connection.add("key", "5-1", b"")
    with pytest.raises(IdRefused, match="key: 5-1"):
        connection.add("key", "5-1", b"")


def test_the_last_id_of_an_empty_stream_is_the_start(connection):
    assert connection.last_id("key") == "0-0"
    connection.add("key", "5-1", b"")
    assert connection.last_id("key") == "5-1"
