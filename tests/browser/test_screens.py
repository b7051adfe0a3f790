from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, StorageState

from tests.browser.sample import fill_with_sample
from tests.browser.sample_campaigns import fill_with_campaigns
from tests.browser.screens import (
    DESKTOP,
    PHONE,
    SCREENS,
    SIZES,
    Screen,
    complaints,
    grave_problems,
    sideways,
    take_picture,
    wide_tables,
)
from tests.browser.staff import Gateway

pytestmark = pytest.mark.browser

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


@pytest.fixture(scope="module")
def pages(gateway: Gateway, browser: Browser, session: StorageState) -> Iterator[dict[str, Page]]:
    """A page of logged-in staff per colour scheme, in a gateway that has something to show."""
    contexts = {
        scheme: browser.new_context(
            viewport=DESKTOP, color_scheme=scheme, reduced_motion="reduce", storage_state=session
        )
        for scheme in SCHEMES
    }
    pages = {scheme: context.new_page() for scheme, context in contexts.items()}
    pages["light"].goto(gateway.url)
    fill_with_sample(pages["light"], gateway)
    fill_with_campaigns(pages["light"])
    yield pages
    for context in contexts.values():
        context.close()


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.name)
def test_screen_is_for_everyone_and_fits(
    gateway: Gateway, pages: dict[str, Page], screen: Screen, scheme: str
) -> None:
    page = pages[scheme]
    page.set_viewport_size(DESKTOP)
    with complaints(page) as complained:
        screen.visit(page, gateway)
        found = _found(page, screen.name, scheme, screen.tolerated)
    assert not found + complained


@pytest.mark.parametrize("scheme", SCHEMES)
def test_login_is_for_everyone_and_fits(gateway: Gateway, browser: Browser, scheme: str) -> None:
    context = browser.new_context(viewport=DESKTOP, color_scheme=scheme, reduced_motion="reduce")
    page = context.new_page()
    with complaints(page) as complained:
        page.goto(gateway.url)
        found = _found(page, "login", scheme)
    context.close()
    assert not found + complained


def _found(page: Page, name: str, scheme: str, tolerated: tuple[str, ...] = ()) -> list[str]:
    found = []
    for size, viewport in SIZES.items():
        page.set_viewport_size(viewport)
        take_picture(page, f"{name}-{size}-{scheme}")
        found += [
            f"{size}: {problem}" for problem in grave_problems(page, scheme=scheme, tolerated=tolerated)
        ]
        if viewport is DESKTOP:
            found += [f"is too wide: {table}" for table in wide_tables(page)]
        if viewport is PHONE:
            found += [f"scrolls sideways: {element}" for element in sideways(page)]
    return found
