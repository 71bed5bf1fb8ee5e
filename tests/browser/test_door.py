"""Pages that other machines can reach: nothing is seen without the password."""

from playwright.sync_api import expect

from benchmarks.ports import free_port
from tests.browser.written import answers
from tests.command import started, wait_for
from tests.past import past_session

PASSWORD = "a long enough one"


def test_nothing_is_seen_before_the_password_is_given(view, tmp_path):
    past_session(tmp_path / "plain")
    port = free_port()
    env = {"HELO_PORT": str(port), "HELO_ADDRESS": "0.0.0.0", "HELO_PASSWORD": PASSWORD}
    with started("sessions", "--recordings", tmp_path, env=env) as serving:
        wait_for(lambda: serving.poll() is not None or answers(port), within_s=90)
        page = view(port, ready="input[type=password]")
        expect(page).to_have_title("helo live")
        expect(page.locator(".helo")).to_have_count(0)
        expect(page.get_by_text("Sessions", exact=True)).to_have_count(0)
        field = page.get_by_label("Password of this session's pages")
        field.fill("another long one")
        field.press("Enter")
        expect(page.get_by_text("That is not the password.")).to_be_visible()
        expect(page.locator(".helo")).to_have_count(0)
        field.fill(PASSWORD)
        field.press("Enter")
        expect(page.get_by_role("link", name="plain", exact=True)).to_be_visible()
        expect(page.locator("input[type=password]")).to_have_count(0)
        other = view(port, "sessions?session=plain", ready="input[type=password]")
        expect(other.locator(".helo")).to_have_count(0)
