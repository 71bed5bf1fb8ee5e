"""Tells a browser of Plotly's program with the page itself, so that it is read and compiled beside Streamlit's own."""

from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.assets import PLOTLY, folder
from dashboard.screens.rating import ADDRESS

#: After all that Streamlit's page names: it is needed when that has run.
_LINK: Final = f"</{folder()}/{PLOTLY}>; rel=modulepreload; fetchpriority=low"


class Early:
    """Middleware of a server: names it in a header of every page but the participant's, which draws nothing."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, with the header where the answer is such a page."""

        async def send_named(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if headers.get("content-type", "").startswith("text/html"):
                    headers.append("Link", _LINK)
            await send(message)

        draws = scope["type"] == "http" and scope["path"].strip("/") != ADDRESS
        await self._app(scope, receive, send_named if draws else send)
