"""Which tests run again on PostgreSQL: those that may query a database, however they ask for it."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import TestCase

from tests.plugins.suites import asks_for_a_database


def test_a_test_that_asks_for_no_database_cannot_reach_one_and_runs_once(
    request: pytest.FixtureRequest,
) -> None:
    assert not asks_for_a_database(request.node)
    with pytest.raises(RuntimeError, match="Database access not allowed"), connection.cursor():
        pass


@pytest.mark.django_db
def test_a_mark_asks_for_one(request: pytest.FixtureRequest) -> None:
    assert asks_for_a_database(request.node)


@pytest.mark.usefixtures("db")
def test_a_fixture_asks_for_one(request: pytest.FixtureRequest) -> None:
    assert asks_for_a_database(request.node)


@pytest.fixture
def through_another(transactional_db: None) -> None:
    pass


@pytest.mark.usefixtures("through_another")
def test_a_fixture_of_a_fixture_asks_for_one(request: pytest.FixtureRequest) -> None:
    assert asks_for_a_database(request.node)


class CaseTest(TestCase):
    @pytest.fixture(autouse=True)
    def _keep(self, request: pytest.FixtureRequest) -> None:
        self.node = request.node

    def test_a_test_case_of_django_asks_for_one(self) -> None:
        assert asks_for_a_database(self.node)
