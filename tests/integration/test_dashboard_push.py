"""How pages are kept up to date over a WebSocket: who is sent something, when, and what becomes of odd ones."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
import uvicorn
from starlette.applications import Starlette
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from benchmarks.ports import free_port
from dashboard import push
from dashboard.bell import Bell
from dashboard.feed import Feed
from dashboard.push import ADDRESS, FAULT, REFUSED, TICKETS, Follower, route
from dashboard.screens.rating import OfWhom, Rating, Waiting
from tests.command import wait_for


class Counting(Follower):
    """Sends how many updates there were, and what was said; for long nothing by itself."""

    period_s = 600.0

    def __init__(self, bell: Bell, participant: str) -> None:
        self._bell, self._participant = bell, participant
        self.made = 0
        self.heard: list[object] = []

    def news(self, news: asyncio.Event) -> AbstractContextManager[None]:
        return self._bell.heard(self._participant, news)

    def update(self) -> bytes:
        self.made += 1
        if "fail" in self.heard:
            raise RuntimeError("as it was told to")
        return json.dumps({"made": self.made, "heard": self.heard}).encode()

    def told(self, told: dict[str, object], at: float) -> None:
        self.heard.append(told["what"])

    def chosen(self, choice: dict[str, object]) -> None:
        self.heard.append(choice)


class Often(Follower):
    """Sends something again and again, and hears nothing."""

    period_s = 0.01

    def update(self) -> bytes:
        return b"{}"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Return where pages get their updates."""
    port = free_port()
    pages = Starlette(routes=[route()])
    server = uvicorn.Server(uvicorn.Config(pages, "localhost", port, log_config=None, ws="websockets-sansio"))
    thread = threading.Thread(target=server.run)
    thread.start()
    wait_for(lambda: server.started)
    yield f"ws://localhost:{port}{ADDRESS}"
    server.should_exit = True
    thread.join()


@pytest.fixture
def bell() -> Bell:
    return Bell()


@pytest.fixture
def ticket(bell: Bell, unique: str) -> str:
    return TICKETS.ticket(unique, "P001", lambda: Counting(bell, "P001"))


@contextmanager
def opened(address: str, ticket: str) -> Iterator[ClientConnection]:
    """Have a page's way to the server, on which it has shown its ticket."""
    with connect(address) as page:
        page.send(json.dumps({"ticket": ticket}))
        yield page


def received(page: ClientConnection) -> dict:
    """Return the next update, and have it drawn."""
    update = json.loads(page.recv(timeout=60))
    page.send(json.dumps({"drawn": True}))
    return update


def refused(page: ClientConnection) -> int | None:
    """Return how the server closed the way, before which it sent nothing."""
    with pytest.raises(ConnectionClosed) as closed:
        page.recv(timeout=60)
    return closed.value.rcvd.code if closed.value.rcvd else None


@pytest.mark.parametrize(
    "said",
    [
        "",
        "{",
        "[]",
        '{"ticket": 1}',
        '{"told": {"what": "x"}}',
        b"\xff\x00",
        json.dumps({"ticket": "A" * 43}),
    ],
)
def test_whoever_has_no_ticket_is_sent_nothing(address, ticket, said):
    with connect(address) as page:
        page.send(said)
        assert refused(page) == REFUSED


def test_a_ticket_is_the_same_for_the_same_page_and_another_for_another(bell, ticket, unique):
    def begin() -> Follower:
        return Counting(bell, "P002")

    assert TICKETS.ticket(unique, "P001", begin) == ticket
    assert len({ticket, TICKETS.ticket(unique, "P002", begin), TICKETS.ticket(f"{unique} too", "P001", begin)}) == 3


def test_a_page_is_sent_something_when_the_bell_rings_for_it_and_when_it_has_said_something(address, ticket, bell):
    with opened(address, ticket) as page, opened(address, ticket) as other:
        assert received(page) == received(other) == {"made": 1, "heard": []}  # each follows for itself
        bell.ring({"P002"})
        page.send(json.dumps({"told": {"what": "this"}}))
        assert received(page) == {"made": 2, "heard": ["this"]}
        page.send(json.dumps({"choice": {"span": 5}}))
        assert received(page) == {"made": 3, "heard": ["this", {"span": 5}]}
        bell.ring({"P001", "P002"})
        assert received(page)["made"] == 4
        assert received(other) == {"made": 2, "heard": []}


def test_a_page_that_is_not_done_with_an_update_is_sent_no_other(address, ticket, bell, unique):
    often = TICKETS.ticket(f"{unique} often", "P001", Often)
    with opened(address, ticket) as page, opened(address, often) as other:
        page.recv(timeout=60)
        bell.ring({"P001"})
        page.send(json.dumps({"told": {"what": "this"}}))
        for _ in range(20):
            received(other)  # time passes
        with pytest.raises(TimeoutError):
            page.recv(timeout=0)
        page.send(json.dumps({"drawn": True}))
        assert received(page) == {"made": 2, "heard": ["this"]}


def test_how_the_viewer_wants_to_see_the_page_is_known_from_the_first_update_on(address, ticket):
    with connect(address) as page:
        page.send(json.dumps({"ticket": ticket, "choice": {"span": 30}}))
        assert received(page) == {"made": 1, "heard": [{"span": 30}]}


def test_whoever_shows_no_ticket_in_time_is_sent_away(address, monkeypatch):
    monkeypatch.setattr(push, "TICKET_WITHIN_S", 0.01)
    with connect(address) as page:
        assert refused(page) == REFUSED


def test_what_participants_follow_hears_ratings_and_lets_them_choose_nothing(address, store_server, unique):
    feed = Feed(store_server.url, unique)
    tickets = [
        TICKETS.ticket(f"{unique} {kind}", "P001", begin)
        for kind, begin in {"one": lambda: Rating(feed, "P001"), "two": Waiting, "three": lambda: OfWhom(feed)}.items()
    ]
    for ticket in tickets:
        with opened(address, ticket) as page:
            assert received(page) == {"state": "unknown"}  # there is no session
            page.send(json.dumps({"choice": {"span": 5}}))
            with pytest.raises(ConnectionClosed):
                list(page)
            assert page.close_code == REFUSED
    feed.close()


def test_a_page_that_is_gone_is_not_rung_for_any_more(address, ticket, bell, until):
    with opened(address, ticket) as page:
        received(page)
        assert len(bell._heard) == 1
    until(lambda: not bell._heard)
    bell.ring({"P001"})
    with opened(address, ticket) as page:
        assert received(page)["made"] == 1


def test_an_update_comes_in_time_without_any_news(address, unique):
    with opened(address, TICKETS.ticket(unique, "P001", Often)) as page:
        assert [received(page) for _ in range(20)] == [{}] * 20


@pytest.mark.parametrize(
    "said", ['{"told": {"what": "x"}}', '{"choice": {"span": 5}}', '{"told": 5}', "no JSON", b"\x00"]
)
def test_a_page_that_says_what_none_of_ours_says_is_closed_and_the_others_go_on(address, unique, said):
    ticket = TICKETS.ticket(unique, "P001", Often)
    with opened(address, ticket) as other, opened(address, ticket) as page:
        received(page)
        page.send(said)
        with pytest.raises(ConnectionClosed):
            list(page)  # what is under way comes yet
        assert page.close_code == REFUSED
        assert [received(other) for _ in range(20)] == [{}] * 20


def test_a_page_whose_update_cannot_be_made_is_told_so(address, ticket, bell, caplog):
    with opened(address, ticket) as page, opened(address, ticket) as other:
        received(page)
        received(other)
        page.send(json.dumps({"told": {"what": "fail"}}))
        assert refused(page) == FAULT
        bell.ring({"P001"})
        assert received(other)["made"] == 2
    assert "as it was told to" in caplog.text
