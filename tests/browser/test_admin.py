"""The admin as its user sees it: every page, wide and narrow, light and dark."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import PASSWORD
from tests.live.portal import LivePortal

pytestmark = [pytest.mark.verify, pytest.mark.needs_chromium]

FIRST_ROW = "#result_list tbody a[href*='/change/']"


class Visit:
    """A signed-in page, with a list of everything that went wrong on it."""

    def __init__(self, page: Page, base_url: str) -> None:
        self.page = page
        self.base_url = base_url
        self.complaints: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self._complain(str(error)))
        page.on("request", self._request)
        page.on("response", self._response)

    def open(self, path: str) -> None:
        self.page.goto(self.base_url + path)
        wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        if beyond := self.page.evaluate(wider):
            self._complain(f"{beyond} px wider than the window")
        if 'class="' in self.page.inner_text("body"):
            self._complain(f"{path} shows its markup")

    def sign_in(self) -> None:
        self.open("/admin/login/?next=/admin/")
        self.page.fill("#id_username", "root")
        self.page.fill("#id_password", PASSWORD)
        self.page.click("button[type=submit]")
        self.page.wait_for_url(f"{self.base_url}/admin/")

    def lists(self) -> list[str]:
        """The paths of all lists in the menu."""
        found = re.findall(r'href="(/admin/\w+/\w+/)"', self.page.content())
        return list(dict.fromkeys(found))

    def _complain(self, text: str) -> None:
        self.complaints.append(f"{self.page.url}: {text[:300]}")

    def _console(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self._complain(message.text)

    def _request(self, request: Any) -> None:
        if not request.url.startswith((self.base_url, "data:", "blob:")):
            self._complain(f"asked {request.url}")

    def _response(self, response: Any) -> None:
        if response.status >= 400:
            self._complain(f"{response.status} from {response.url}")


@pytest.fixture(params=[(1440, "light"), (390, "dark")], ids=["wide and light", "narrow and dark"])
def visit(request: Any, browser: Browser, portal: LivePortal) -> Iterator[Visit]:
    width, scheme = request.param
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, locale="en-US"
    )
    visit = Visit(context.new_page(), portal.base_url)
    visit.sign_in()
    yield visit
    context.close()


class TestAdmin:
    def test_every_page_opens_without_a_complaint(self, visit: Visit) -> None:
        lists = visit.lists()

        for path in lists:
            visit.open(path)
            row = visit.page.locator(FIRST_ROW).first
            detail = row.get_attribute("href") if row.count() else None
            has_add = visit.page.locator(f"a[href^='{path}add/']").count()
            if detail:
                visit.open(detail)
            if has_add:
                visit.open(f"{path}add/")

        assert len(lists) > 15
        assert visit.complaints == []

    def test_shows_a_fresh_key_and_forgets_it(self, visit: Visit) -> None:
        page = visit.page
        visit.open("/admin/access/apikey/add/")
        application = page.locator("#id_application option", has_text="tests").first
        chosen = application.get_attribute("value")

        visit.open(f"/admin/access/apikey/add/?application={chosen}")
        page.fill("#id_name", "from the browser")
        page.click("button:has-text('Issue the key')")
        key = page.locator("#portal-key").inner_text()
        visit.open("/admin/access/apikey/")

        assert re.fullmatch(r"ptl_[0-9a-z]+_\w+", key)
        assert key not in page.content()
        assert visit.complaints == []

    def test_finds_the_call_that_failed_and_says_why(self, visit: Visit) -> None:
        visit.open("/admin/telemetry/calllog/?error_code=not_found")
        path = visit.page.locator(FIRST_ROW).first.get_attribute("href")
        assert path is not None
        visit.open(path)

        text = visit.page.locator("#content-main").inner_text()
        assert "not_found" in text
        assert "No provider was asked." in text
        assert visit.complaints == []
