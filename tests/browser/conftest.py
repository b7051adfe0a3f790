from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, StorageState, expect, sync_playwright

from tests.browser.screens import DESKTOP
from tests.browser.staff import Gateway, log_in
from tests.operations.processes import up
from tests.plugins.suites import chromium

PATIENCE = 15_000  # milliseconds: a busy machine is no failure
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with up(tmp_path_factory.mktemp("gateway")) as process:
        yield Gateway(process)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Not for the whole session: while Playwright runs, Django takes the thread for an asynchronous one."""
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def desktop(browser: Browser) -> Iterator[Page]:
    """A page of a new visitor on a desktop, allowed to read what it copied."""
    context = browser.new_context(viewport=DESKTOP, permissions=["clipboard-read", "clipboard-write"])
    context.set_default_timeout(PATIENCE)
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def session(gateway: Gateway, browser: Browser) -> StorageState:
    """What a browser keeps of a login: hashing the password each time would take longer than the tests."""
    context = browser.new_context()
    log_in(context.new_page(), gateway)
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def staff(browser: Browser, gateway: Gateway, session: StorageState) -> Iterator[Page]:
    """The start page of logged-in staff on a desktop."""
    context = browser.new_context(viewport=DESKTOP, storage_state=session)
    page = context.new_page()
    page.goto(gateway.url)
    yield page
    context.close()
