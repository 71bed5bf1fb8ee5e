"""How the supervisor starts the dashboard."""

import sys
from pathlib import Path
from typing import Final

from dashboard.access import address
from dashboard.openid import openid_file
from dashboard.plotly_js import plotly_program

SERVER: Final = Path(__file__).with_name("server.py")
#: Names the key of whoever may control the session from its page; without it nobody may.
OPERATOR_VARIABLE: Final = "HELO_OPERATOR_KEY"


def command(session: str, port: int, recordings: Path) -> list[str]:
    """Return the command that serves a session's pages; the environment says where, and where its store is.

    Parameters
    ----------
    session : str
        Name of the session; empty for the recorded sessions alone, which need no store.
    port : int
        Port to serve on; whether it is free is for the caller to find out.
    recordings : Path
        Folder of the recorded sessions.

    Raises
    ------
    BadInput
        Plotly's program is not to be had, or the pages may not be served at that address.
    """
    plotly_program()  # whether it can be served is for whoever starts it to say, not for a page
    # The rest is set by .streamlit/config.toml beside the app; these must hold whatever else is configured.
    options = {
        "--server.address": address(),
        "--server.port": str(port),
        "--server.headless": "true",
        "--server.baseUrlPath": "",
        "--browser.gatherUsageStats": "false",
    }
    file = openid_file()
    if file is not None:
        options["--secrets.files"] = str(file)
    flags = [part for option in options.items() for part in option]
    return [
        sys.executable, "-P", "-m", "streamlit", "run", str(SERVER), *flags,
        "--", f"--session={session}", f"--recordings={recordings.resolve()}",
    ]  # fmt: skip
