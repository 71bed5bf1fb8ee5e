"""The terminal while a session runs: one line of status per process, or plain log lines where it is no terminal."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from pipeline.workers.run import Screen
from pipeline.workers.supervisor import Supervisor

_STYLES = {"running": "green", "starting": "yellow", "restarting": "yellow", "failed": "bold red", "stopped": "dim"}


@contextmanager
def screen(*, quiet: bool) -> Iterator[Screen]:
    """Give a run its screen.

    Parameters
    ----------
    quiet : bool
        Show log lines only, as for ``--json``.
    """
    console = Console(stderr=True, highlight=False, soft_wrap=True)

    def tell(line: str) -> None:
        console.print(line, markup=False)

    if quiet or not console.is_terminal:
        yield Screen(echo=tell, show=lambda *_: None, tell=tell)
        return

    def echo(line: str) -> None:
        if " warning " in line or " error " in line:
            console.print(line, markup=False, style="yellow")

    with Live(Text("Looking for the streams"), console=console, auto_refresh=False, transient=True) as live:
        yield Screen(
            echo=echo,
            show=lambda supervisor, session: live.update(status_table(supervisor, session), refresh=True),
            tell=tell,
        )


def status_table(supervisor: Supervisor, session: str) -> Table:
    """Return one line per process."""
    table = Table(box=None, pad_edge=False, title=f"Session {session} — Ctrl-C stops it", title_justify="left")
    for column in ("process", "works on", "pid", "state", "restarts"):
        table.add_column(column, justify="right" if column in {"pid", "restarts"} else "left")
    for child in supervisor.children:
        table.add_row(
            child.spec.kind,
            Text(child.spec.what),
            str(child.pid or "–"),
            Text(child.state, style=_STYLES[child.state]),
            str(child.restarts),
        )
    return table
