"""A recorded session as one HTML file that opens without a network: the page's own modules, Plotly and the data."""

import html
import json
import tomllib
from pathlib import Path
from typing import Any, Final

from dashboard.bundle import SOURCES, bundle
from dashboard.plotly_js import plotly_program
from dashboard.recorded.view import compose
from pipeline.errors import BadInput
from pipeline.session.export.whole import require_absent
from pipeline.session.outline import read_outline

_STYLES: Final = ("live.css", "session.css")
#: What Streamlit makes of a theme's settings, by which the page's own styles find their colours.
_COLOURS: Final = {
    "primaryColor": "--st-primary-color",
    "backgroundColor": "--st-background-color",
    "secondaryBackgroundColor": "--st-secondary-background-color",
    "textColor": "--st-text-color",
    "borderColor": "--st-border-color",
}
#: The file may fetch nothing, whatever somebody writes into a stream's name.
_POLICY: Final = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"

_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>{styles}</style>
<script>{plotly}</script>
</head>
<body>
<script type="application/json" id="sessions">{data}</script>
<script type="module">
{module}
const sent = JSON.parse(document.getElementById("sessions").textContent);
const views = sent.map((data) => new SessionView(Plotly, data));
for (const view of views) {{
  document.body.append(view.element);
  await view.draw();
}}
const dark = window.matchMedia("(prefers-color-scheme: dark)");
dark.addEventListener("change", () => views.forEach((view) => view.recolour()));
document.body.dataset.drawn = views.length;
</script>
</body>
</html>
"""


def write_report(path: Path, out: Path) -> dict[str, Any]:
    """Write a session's report to a file that is not there yet.

    Parameters
    ----------
    path : Path
        The session folder.
    out : Path
        The file.

    Returns
    -------
    dict
        What ``--json`` prints: ``session``, ``out``, ``bytes``.

    Raises
    ------
    BadInput
        It is no recorded session, or the file is there already or cannot be written.
    """
    require_absent(out)
    text = report(path)
    fresh = out.with_name(f".{out.name}.part")
    try:
        fresh.write_text(text, encoding="utf-8")
        require_absent(out)
        fresh.rename(out)
    except OSError as error:
        raise BadInput(f"{out}: cannot be written ({error.strerror}); give another place by -o") from error
    finally:
        fresh.unlink(missing_ok=True)
    return {"session": path.resolve().name, "out": str(out), "bytes": out.stat().st_size}


def report(path: Path) -> str:
    """Return a session's report as HTML: every participant, blind or not.

    Raises
    ------
    BadInput
        It is no recorded session.
    """
    outline = read_outline(path)
    views = [compose(outline, participant, estimates_too=True) for participant in outline.settings.participants]
    data = json.dumps(views, ensure_ascii=False, allow_nan=False)
    return _PAGE.format(
        policy=_POLICY,
        title=html.escape(f"{path.resolve().name} · helo"),
        styles="\n".join([_theme(), *((SOURCES / name).read_text(encoding="utf-8") for name in _STYLES)]),
        plotly=_within_script(plotly_program()),
        # Within a script element only `<` could end it.
        data=data.replace("<", r"\u003c"),
        module=_within_script(bundle("session_view")),
    )


def _within_script(program: str) -> str:
    return program.replace("</script", r"<\/script")


def _theme() -> str:
    """Return the page's colours, light and dark, from where Streamlit takes them."""
    settings = tomllib.loads((SOURCES.parent / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["theme"]
    light, dark = (
        "".join(f"{name}:{settings[theme][key]};" for key, name in _COLOURS.items()) for theme in ("light", "dark")
    )
    font = "--st-font:'Source Sans 3','Source Sans Pro',system-ui,sans-serif;"
    body = "body{margin:0;padding:14px 18px;background:var(--st-background-color);}"
    return (
        f":root{{color-scheme:light dark;{font}{light}}}"
        f"@media (prefers-color-scheme:dark){{:root{{{dark}}}}}{body}.helo,.helo *{{box-sizing:border-box}}"
    )
