"""Whoever signs in at the laboratory's provider of OpenID Connect, and is named in its file, may look.

Signing in is Streamlit's own (``st.login``); here is what it does not do: who of all those with an account is let in.
"""

import importlib.util
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pipeline.errors import BadInput

OPENID_VARIABLE: Final = "HELO_OPENID"
_FIELDS: Final = ("redirect_uri", "cookie_secret", "client_id", "client_secret", "server_metadata_url")
_LEAST_SECRET: Final = 32
_CALLBACK: Final = "/oauth2callback"


def openid_file() -> Path | None:
    """Return the file that HELO_OPENID names; None where it names none."""
    given = os.environ.get(OPENID_VARIABLE)
    return Path(given).resolve() if given else None


def allowed(path: Path) -> tuple[str, ...]:
    """Return whom a file lets in; a file that would let in nobody, or cannot work, is refused.

    Parameters
    ----------
    path : Path
        TOML: ``[auth]`` as Streamlit takes it, and ``[helo]`` with ``allowed``.

    Raises
    ------
    BadInput
        It cannot be read, something is missing in it, or Authlib is.
    """
    where = f"{OPENID_VARIABLE}: {path}"
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadInput(f"{where}: cannot be read ({error}); see docs/screen.md for what it holds") from error
    auth = content.get("auth", {})
    missing = [name for name in _FIELDS if not (isinstance(auth, dict) and isinstance(auth.get(name), str))]
    if missing:
        raise BadInput(f"{where}: [auth] has no {missing[0]}; see docs/screen.md for what it holds")
    if not auth["redirect_uri"].endswith(_CALLBACK):
        raise BadInput(f"{where}: auth.redirect_uri has to end in {_CALLBACK}, as the provider knows it")
    if len(auth["cookie_secret"]) < _LEAST_SECRET:
        raise BadInput(f"{where}: auth.cookie_secret needs {_LEAST_SECRET} characters or more, made at random")
    helo = content.get("helo", {})
    people = helo.get("allowed") if isinstance(helo, dict) else None
    if not people or not isinstance(people, list) or not all(isinstance(one, str) and len(one) > 1 for one in people):
        raise BadInput(f'{where}: [helo] names nobody as `allowed`; give addresses, or "@lab.example" for all of these')
    if importlib.util.find_spec("authlib") is None:
        raise BadInput(f"{OPENID_VARIABLE}: needs Authlib; install it: pip install 'helo-live[openid]'")
    return tuple(people)


def admits(people: tuple[str, ...], user: Mapping[str, Any]) -> bool:
    """Return whether somebody who has signed in may look.

    Parameters
    ----------
    people : tuple of str
        Addresses, ``@`` and what addresses end with, or the provider's own names of people (``sub``).
    user : mapping
        The provider's claims. An address counts only where the provider has verified it.
    """
    if user.get("is_logged_in") is not True:
        return False
    if user.get("sub") in people:
        return True
    email = user.get("email")
    if not isinstance(email, str) or user.get("email_verified") is not True:
        return False
    _, at, domain = email.casefold().rpartition("@")
    return bool(at) and not {email.casefold(), at + domain}.isdisjoint(one.casefold() for one in people)
