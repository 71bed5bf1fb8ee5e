"""The files that pages are made of, served from memory: each page's module, styles, and Plotly's program."""

import gzip
import hashlib
from functools import cache
from pathlib import Path
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from dashboard.bundle import SOURCES, bundle
from dashboard.plotly_js import plotly_program

#: The pages' modules in ``charts``, served with what they import.
PAGES: Final = ("live", "used", "signals", "control", "rating", "session")
_TYPES: Final = {".js": "text/javascript", ".css": "text/css"}
#: What a name stands for never changes, so no browser asks for it twice.
_HEADERS: Final = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Content-Encoding": "gzip",
    "X-Content-Type-Options": "nosniff",
}


@cache
def _served() -> dict[str, bytes]:
    """Return each file by its name.

    Raises
    ------
    BadInput
        Plotly's program is not to be had.
    """
    pages = {f"{page}.js": bundle(page) for page in PAGES}
    styles = {path.name: path.read_text(encoding="utf-8") for path in sorted(SOURCES.glob("*.css"))}
    files = {**pages, **styles, "plotly.min.js": f"{plotly_program()}\nexport {{ Plotly }};\n"}
    return {name: gzip.compress(content.encode(), 1, mtime=0) for name, content in files.items()}


@cache
def folder() -> str:
    """Return the folder that they are served in: named by their content, so that no browser mixes two versions.

    Raises
    ------
    BadInput
        Plotly's program is not to be had.
    """
    digest = hashlib.sha256()
    for name, content in _served().items():
        digest.update(name.encode() + content)
    return f"page-{digest.hexdigest()[:12]}"


def routes() -> list[BaseRoute]:
    """Return how a server answers whoever asks for one of them."""
    return [Route(f"/{folder()}/{{name}}", _answer)]


async def _answer(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in _served():
        raise HTTPException(404)
    return Response(_served()[name], headers=_HEADERS, media_type=_TYPES[Path(name).suffix])
