"""How a page is kept up to date while a session runs: the server sends over a WebSocket what is new, as soon as it is.

Streamlit's own way would run the page's script anew for each update of each viewer. Here its script runs once: it lets
the viewer in, and gives the page a ticket. The page sends that first; whoever has none is sent nothing.
"""

import asyncio
import contextlib
import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Final, NamedTuple

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from pipeline.log import get_log
from pipeline.streams.clock import local_clock

ADDRESS: Final = "/updates"
#: A page sends its ticket within this time (s).
TICKET_WITHIN_S: Final = 10.0
#: How a WebSocket is closed to whoever has no ticket of this server, or says what no page of ours says; and where a
#: page could not be kept up to date. These numbers are for programs' own use (RFC 6455, 7.4.2).
REFUSED: Final = 4003
FAULT: Final = 4011


class Follower(ABC):
    """What one page follows: `update` and `told` are called by threads, the others by the server's own, at once."""

    #: Longest and shortest time between two updates (s); longer where the page takes longer to draw one.
    period_s = 0.25
    least_s = 0.0

    @abstractmethod
    def update(self) -> bytes:
        """Return what the page is to be sent now."""

    def news(self, _news: asyncio.Event) -> AbstractContextManager[None]:
        """Have an event set when the page is to be sent something at once, while the block runs."""
        return nullcontext()

    def told(self, _told: dict[str, Any], _at: float) -> None:
        """Take what the page tells.

        Parameters
        ----------
        _told : dict
            What it is depends on the page.
        _at : float
            When it came (s, LSL clock).

        Raises
        ------
        ValueError
            No page of ours tells such a thing.
        """
        raise ValueError("this page tells nothing")

    def chosen(self, _choice: dict[str, Any]) -> None:
        """Take how the viewer wants to see the page.

        Raises
        ------
        ValueError
            There is nothing to choose.
        """
        raise ValueError("on this page there is nothing to choose")


class Ticketed(msgspec.Struct):
    """What a page says first."""

    ticket: str
    choice: dict[str, Any] | None = None


class Said(msgspec.Struct):
    """What a page says from then on."""

    told: dict[str, Any] | None = None
    choice: dict[str, Any] | None = None
    drawn: bool = False
    """It has drawn the last update, and is ready for another one."""


class _Followed(NamedTuple):
    page: str
    participant: str


class Tickets:
    """What each ticket lets follow: one for each page and participant, good for as long as this server runs."""

    def __init__(self) -> None:
        self._of: dict[_Followed, str] = {}
        self._begins: dict[str, Callable[[], Follower]] = {}

    def ticket(self, page: str, participant: str, begin: Callable[[], Follower]) -> str:
        """Return the ticket for a page.

        Parameters
        ----------
        page : str
            Which.
        participant : str
            Whom it shows: a participant of the session, or '' for nobody.
        begin : callable
            Returns what one viewer's page follows; the first one that is given for a page and participant stays.
        """
        ticket = self._of.setdefault(_Followed(page, participant), secrets.token_urlsafe())
        self._begins.setdefault(ticket, begin)
        return ticket

    def begin(self, ticket: str) -> Follower | None:
        """Return what a page with this ticket follows; None for a ticket that is not ours."""
        begin = self._begins.get(ticket)
        return None if begin is None else begin()


#: Those of this server: its script gives them to whoever was let in.
TICKETS: Final = Tickets()

#: What is raised where a page is gone: the second by Starlette, and by a way that its server has given up.
_GONE: Final = (WebSocketDisconnect, RuntimeError)

_log = get_log("dashboard")


def route() -> WebSocketRoute:
    """Return how the server answers a page that wants updates."""
    return WebSocketRoute(ADDRESS, _serve)


async def _serve(socket: WebSocket) -> None:
    await socket.accept()
    try:
        async with asyncio.timeout(TICKET_WITHIN_S):
            shown = msgspec.json.decode(await _said(socket), type=Ticketed)
        follower = TICKETS.begin(shown.ticket)
        if follower is not None and shown.choice is not None:
            follower.chosen(shown.choice)
    except WebSocketDisconnect:
        return
    except (TimeoutError, ValueError):
        follower = None
    code = REFUSED if follower is None else await _keep(socket, follower)
    if code is not None:
        with contextlib.suppress(*_GONE):
            await socket.close(code)


async def _keep(socket: WebSocket, follower: Follower) -> int | None:
    """Keep a page up to date; return how to close its way, None for one that is gone."""
    news, drawn = asyncio.Event(), asyncio.Event()
    try:
        with follower.news(news):
            async with asyncio.TaskGroup() as tasks:
                sending = tasks.create_task(_send(socket, follower, news, drawn))
                fault = await _hear(socket, follower, news, drawn)
                sending.cancel()
    except ExceptionGroup as faults:
        _log.error("a page could not be kept up to date", error=faults, exc_info=True)
        return FAULT
    if fault is not None:
        _log.warning("a page said what none of ours says", error=fault, exc_info=fault)
        return REFUSED
    return None


async def _send(socket: WebSocket, follower: Follower, news: asyncio.Event, drawn: asyncio.Event) -> None:
    """Send update after update, each when there is something new and the page has drawn the one before.

    A browser that was sent more than it can draw would do nothing else any more, and be ever further behind.
    """
    while True:
        news.clear()
        drawn.clear()
        update = await run_in_threadpool(follower.update)
        try:
            await socket.send_bytes(update)
        except _GONE:
            return  # whoever hears notices that, too
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(follower.period_s):
                await asyncio.sleep(follower.least_s)
                await news.wait()
        await drawn.wait()


async def _hear(socket: WebSocket, follower: Follower, news: asyncio.Event, drawn: asyncio.Event) -> ValueError | None:
    """Pass on what a page says until it is gone, or says what no page of ours says; return why that is none."""
    try:
        while True:
            said = msgspec.json.decode(await _said(socket), type=Said)
            if said.told is not None:
                await run_in_threadpool(follower.told, said.told, local_clock())
            if said.choice is not None:
                follower.chosen(said.choice)
            if said.drawn:
                drawn.set()
            else:
                news.set()
    except WebSocketDisconnect:
        return None
    except ValueError as error:
        return error


async def _said(socket: WebSocket) -> str:
    """Return the next text that a page sends; an empty one for bytes, which no page sends."""
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message["code"])
    return message.get("text") or ""
