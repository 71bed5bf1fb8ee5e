"""What a run is made of, before anything is started: its plan, its store, what every page says of it."""

import errno
import secrets
import socket
from pathlib import Path

from dashboard.access import ADDRESS_VARIABLE, address
from dashboard.launch import OPERATOR_VARIABLE
from dashboard.launch import command as dashboard_command
from model.header import model_path, read_header
from pipeline.errors import BadInput
from pipeline.session.config import SessionFile
from pipeline.session.ratings import plan_text
from pipeline.session.settings_file import dump_session
from pipeline.states import SessionInfo
from pipeline.store.connection import STORE_VARIABLE
from pipeline.store.server import EmbeddedServer
from pipeline.streams.clock import local_clock
from pipeline.workers.child import ProcessSpec
from pipeline.workers.preflight import Check
from pipeline.workers.processes import Plan

STORE = "store"
#: The store stops last.
_STORE_PHASE = 9


def plan_of(
    settings: SessionFile, port: int | None, url: str, runtime: Path, recordings: Path, session_dir: Path | None
) -> Plan:
    """Return the plan of a run, and write its settings where the workers read them.

    Parameters
    ----------
    settings : SessionFile
        The session.
    port : int | None
        Of the dashboard; None: no dashboard.
    url : str
        Where its store is.
    runtime : Path
        The run's private folder.
    recordings : Path
        Where sessions are recorded, which the dashboard lists.
    session_dir : Path | None
        Where it is recorded; None: it is not.
    """
    settings_file = runtime / "session.yaml"
    settings_file.write_text(dump_session(settings), encoding="utf-8")
    demonstration = read_header(model_path(settings.model)).demonstration
    dashboard, control_page = None, ""
    if port is not None:
        argv = dashboard_command(settings.session, port, recordings)
        where = page_address(port)
        key = secrets.token_urlsafe(16)
        dashboard = ProcessSpec("dashboard", where, argv, phase=3, env={STORE_VARIABLE: url, OPERATOR_VARIABLE: key})
        control_page = f"{where}/control?key={key}"
    return Plan(
        settings=settings,
        settings_file=settings_file,
        store=url,
        session_dir=session_dir,
        publish=settings.display != "blind" and not demonstration if settings.publish is None else settings.publish,
        dashboard=dashboard,
        control_page=control_page,
    )


def store_of(server: EmbeddedServer | None) -> list[ProcessSpec]:
    """Return the process that serves the store; none where somebody else's server does."""
    return [] if server is None else [ProcessSpec(STORE, "", server.command(), _STORE_PHASE)]


def session_info(plan: Plan, checks: list[Check]) -> SessionInfo:
    """Return what the session is, with what every page must say of it."""
    settings = plan.settings
    return SessionInfo(
        session=settings.session,
        participants={
            code: {name: stream.use for name, stream in participant.streams.items()}
            for code, participant in settings.participants.items()
        },
        hop_s=settings.hop_s,
        display=settings.display,
        notices=(*([settings.notice] if settings.notice else []), *(check.notice for check in checks if check.notice)),
        started=local_clock(),
        session_dir=str(plan.session_dir or ""),
        alarms=bool(settings.alarms),
        notes=tuple(settings.notes),
        rating=plan_text(settings),
    )


def page_address(port: int) -> str:
    """Return the address of the dashboard's pages, as a browser takes it."""
    host = address()
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def require_free(port: int) -> None:
    """Check that the dashboard can be served at its port.

    Raises
    ------
    BadInput
        It cannot, or others could reach it without a password.
    """
    host = address()
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRNOTAVAIL:
                raise BadInput(
                    f"{ADDRESS_VARIABLE}: {host} is no address of this machine; give one that it has, or leave it out"
                ) from error
            raise BadInput(
                f"HELO_PORT: port {port} is taken ({error.strerror}); set HELO_PORT to another, or stop what uses it"
            ) from error
