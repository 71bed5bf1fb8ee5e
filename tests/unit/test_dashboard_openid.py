"""Who is let in of those who have signed in, and which file can let in anybody."""

import pytest

from dashboard.access import address
from dashboard.openid import admits, allowed
from pipeline.errors import BadInput

pytest.importorskip("authlib", reason="Authlib is not installed: pip install 'helo-live[openid]'")

PEOPLE = ("ana@lab.example", "@uni.example", "subject-7")
GOOD = """
[auth]
redirect_uri = "https://lab.example/oauth2callback"
cookie_secret = "0123456789abcdef0123456789abcdef"
client_id = "helo"
client_secret = "s"
server_metadata_url = "https://idp.example/.well-known/openid-configuration"
[helo]
allowed = ["ana@lab.example"]
"""


def user(email: str = "ana@lab.example", **claims: object) -> dict:
    return {"is_logged_in": True, "sub": "1", "email": email, "email_verified": True} | claims


@pytest.mark.parametrize(
    "claims",
    [user(), user("Ana@Lab.example"), user("who@uni.example"), user("x", sub="subject-7", email_verified=False)],
)
def test_who_is_named_is_let_in(claims):
    assert admits(PEOPLE, claims)


@pytest.mark.parametrize(
    "claims",
    [
        {},
        user(is_logged_in=False),
        user(is_logged_in="yes"),
        user(email_verified=False),
        user(email_verified="true"),
        user("eve@elsewhere.example"),
        user("ana@lab.example.evil"),
        user("who@sub.uni.example"),
        user("uni.example"),
        user("subject-7"),
        user("@uni.example@evil.example"),
        user(None),
    ],
)
def test_nobody_else_is(claims):
    assert not admits(PEOPLE, claims)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("[auth]", "[auth", "cannot be read"),
        ('client_id = "helo"', "", r"\[auth\] has no client_id"),
        ('client_id = "helo"', "client_id = 7", r"\[auth\] has no client_id"),
        ("/oauth2callback", "/", "redirect_uri has to end in /oauth2callback"),
        ("0123456789abcdef0123", "0123", "cookie_secret needs 32 characters"),
        ('["ana@lab.example"]', "[]", "names nobody"),
        ('["ana@lab.example"]', '["@"]', "names nobody"),
        ('["ana@lab.example"]', '"ana@lab.example"', "names nobody"),
    ],
)
def test_a_file_that_cannot_work_is_refused_in_one_line(tmp_path, before, after, expected):
    file = tmp_path / "openid.toml"
    file.write_text(GOOD)
    assert allowed(file) == ("ana@lab.example",)
    file.write_text(GOOD.replace(before, after))
    with pytest.raises(BadInput, match=expected) as caught:
        allowed(file)
    assert "\n" not in str(caught.value)


def test_it_takes_the_place_of_a_password_and_a_bad_password_beside_it_is_still_refused(tmp_path, monkeypatch):
    file = tmp_path / "openid.toml"
    file.write_text(GOOD)
    monkeypatch.setenv("HELO_ADDRESS", "0.0.0.0")
    monkeypatch.delenv("HELO_PASSWORD", raising=False)
    with pytest.raises(BadInput, match=r"HELO_PASSWORD: .* set it, or HELO_OPENID"):
        address()
    monkeypatch.setenv("HELO_OPENID", str(file))
    assert address() == "0.0.0.0"
    monkeypatch.setenv("HELO_PASSWORD", "short")
    with pytest.raises(BadInput, match="HELO_PASSWORD"):
        address()
    monkeypatch.setenv("HELO_OPENID", str(tmp_path / "none.toml"))
    with pytest.raises(BadInput, match=r"HELO_OPENID: .*none\.toml: cannot be read"):
        address()
