"""Pages that other machines can reach, by signing in at a provider of OpenID Connect: a real one, on loopback."""

import pytest
from playwright.sync_api import expect

from benchmarks.ports import free_port
from tests.browser.written import answers
from tests.command import started, wait_for
from tests.past import past_session

pytest.importorskip("authlib", reason="Authlib is not installed: pip install 'helo-live[openid]'")

from tests.provider import CLIENT, SECRET, provider

SOON_MS = 60_000


def test_only_those_who_are_named_see_anything(view, tmp_path):
    past_session(tmp_path / "plain")
    port = free_port()
    with provider() as lab:
        file = tmp_path / "openid.toml"
        file.write_text(
            f"""
            [auth]
            redirect_uri = "http://localhost:{port}/oauth2callback"
            cookie_secret = "0123456789abcdef0123456789abcdef"
            client_id = "{CLIENT}"
            client_secret = "{SECRET}"
            server_metadata_url = "{lab.url}/.well-known/openid-configuration"
            [helo]
            allowed = ["@lab.example"]
            """
        )
        env = {"HELO_PORT": str(port), "HELO_ADDRESS": "0.0.0.0", "HELO_OPENID": str(file), "HELO_PASSWORD": ""}
        with started("sessions", "--recordings", tmp_path, env=env) as serving:
            wait_for(lambda: serving.poll() is not None or answers(port), within_s=90)
            lab.person = {"sub": "1", "email": "eve@elsewhere.example", "email_verified": True}
            page = view(port, ready="button:has-text('Sign in')")
            expect(page).to_have_title("helo live")
            expect(page.locator(".helo")).to_have_count(0)
            page.get_by_role("button", name="Sign in").click()
            expect(page.get_by_text("eve@elsewhere.example is not among those")).to_be_visible(timeout=SOON_MS)
            expect(page.locator(".helo")).to_have_count(0)
            page.get_by_role("button", name="Sign out").click()
            lab.person = {"sub": "2", "email": "ana@lab.example", "email_verified": True}
            page.get_by_role("button", name="Sign in").click()
            expect(page.get_by_role("link", name="plain", exact=True)).to_be_visible(timeout=SOON_MS)
            stranger = view(port, "sessions?session=plain", ready="button:has-text('Sign in')")
            expect(stranger.locator(".helo")).to_have_count(0)
