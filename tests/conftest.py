"""What every test may use."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.db import connection
from django.test import TransactionTestCase


@pytest.fixture(autouse=True, scope="session")
def _flush_past_append_only_triggers() -> Iterator[None]:
    """Emptying the tables after a test with real commits needs the triggers out of the way, and back afterwards."""
    original: Callable[[TransactionTestCase], None] = TransactionTestCase._fixture_teardown

    def teardown(case: TransactionTestCase) -> None:
        from core.triggers import install, remove
        from operations.installation import ALL_TRIGGERS

        remove(connection, ALL_TRIGGERS)
        try:
            original(case)
        finally:
            install(connection, ALL_TRIGGERS)

    TransactionTestCase._fixture_teardown = teardown  # type: ignore[method-assign]
    yield
    TransactionTestCase._fixture_teardown = original  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    """What one test looked up is not there in the next."""
    from core.brief import forget_everything

    forget_everything()
