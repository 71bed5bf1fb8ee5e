"""Who may look: everybody on this machine; where others can reach the pages, by password or by OpenID."""

import hmac
import ipaddress
import os
import threading
import time
from typing import Final

from dashboard.openid import OPENID_VARIABLE, allowed, openid_file
from pipeline.errors import BadInput

ADDRESS_VARIABLE: Final = "HELO_ADDRESS"
PASSWORD_VARIABLE: Final = "HELO_PASSWORD"  # noqa: S105 - the variable's name
_LOCALHOST: Final = "localhost"
_LEAST_LENGTH: Final = 12
#: After a wrong password nobody's next one is looked at for so long (s).
_PAUSE_S: Final = 1.0


def address() -> str:
    """Return the address to serve the pages at: HELO_ADDRESS, or localhost.

    Raises
    ------
    BadInput
        HELO_ADDRESS is no address, or others can reach it and there is neither a good password nor a good file for
        OpenID.
    """
    given = os.environ.get(ADDRESS_VARIABLE) or _LOCALHOST
    try:
        if not _reachable(given):
            return given
    except ValueError as error:
        raise BadInput(
            f"{ADDRESS_VARIABLE}: {given!r} is no address; give one that this machine has on the network, "
            "0.0.0.0 for all, or leave it out"
        ) from error
    file = openid_file()
    if file is not None:
        allowed(file)
    if (file is None or has_password()) and len(os.environ.get(PASSWORD_VARIABLE) or "") < _LEAST_LENGTH:
        raise BadInput(
            f"{PASSWORD_VARIABLE}: others can reach {given}, so a password of {_LEAST_LENGTH} characters or more is "
            f"needed; set it, or {OPENID_VARIABLE}, or leave {ADDRESS_VARIABLE} out"
        )
    return given


def has_password() -> bool:
    """Return whether a password lets in."""
    return bool(os.environ.get(PASSWORD_VARIABLE))


def asks() -> bool:
    """Return whether a viewer has to show who it is."""
    return _reachable(os.environ.get(ADDRESS_VARIABLE) or _LOCALHOST)


def _reachable(given: str) -> bool:
    return given != _LOCALHOST and not ipaddress.ip_address(given).is_loopback


class Door:
    """Looks at passwords, one at a time, and not many a second; one for all viewers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def opens(self, given: str) -> bool:
        """Return whether this is the password; a wrong one takes a second to be told."""
        wanted = os.environ[PASSWORD_VARIABLE]
        with self._lock:
            right = hmac.compare_digest(given.encode(), wanted.encode())
            if not right:
                time.sleep(_PAUSE_S)
        return right
