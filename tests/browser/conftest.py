"""A browser at a live portal that has answered some calls."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.live import documents
from tests.live.portal import LivePortal, running_portal, running_simulator

PASSWORD = "only-for-this-test"
# A browser that speaks to nobody but the page it shows.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-component-update",
]


@pytest.fixture(scope="session")
def portal() -> Iterator[LivePortal]:
    """A portal with an administrator `root`, a call that was answered and two that failed."""
    with running_simulator() as url:
        document = documents.simulated(url)
        with running_portal(document, private=[url.removeprefix("http://")]) as portal:
            portal.manage(
                "shell", "--no-imports", "-c",
                "from apps.accounts.models import User; "
                f"User.objects.create_superuser('root', 'root@example.org', '{PASSWORD}')",
            )  # fmt: skip
            for endpoint in ("anthropic_messages/sim-small", "openai_chat/sim-error-500", "nope"):
                call(portal, endpoint)
            yield portal


@pytest.fixture(scope="session")
def browser(chromium_path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=ARGUMENTS)
        yield browser
        browser.close()


def call(portal: LivePortal, endpoint: str) -> None:
    """One call, whatever comes of it."""
    body = {"model": endpoint, "messages": [{"role": "user", "content": "Hello <b>you</b>."}]}
    request = urllib.request.Request(
        f"{portal.base_url}/v1/chat/completions",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json", "Authorization": f"Bearer {portal.key}"},
    )
    try:
        urllib.request.urlopen(request, timeout=10).close()
    except urllib.error.HTTPError as error:
        error.close()
