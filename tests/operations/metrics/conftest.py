from __future__ import annotations

from collections.abc import Iterator

import pytest

from operations.metrics import views
from tests.messaging.conftest import channel, credential  # noqa: F401


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    views.forget()
    yield
    views.forget()
