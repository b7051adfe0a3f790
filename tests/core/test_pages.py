from __future__ import annotations

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.urls import reverse

from access.models import AuditEntry
from core import pages
from core.pages import LongListPaginator

on_postgresql = pytest.mark.postgresql  # it alone estimates
LONG_LISTS = {
    "messaging.message", "messaging.channelconfiguration", "consent.consentsubject", "consent.consentevent",
    "consent.suppression", "consent.consentreview", "consent.consentimport", "webhooks.inboundmessage",
    "webhooks.inboundrequest", "access.auditentry", "profiles.profile",
}  # fmt: skip


@pytest.fixture
def trail(db: None) -> None:
    AuditEntry.objects.bulk_create(
        [
            AuditEntry(actor="ada", action="changed", object_type="x.y", object_repr=f"No {n}")
            for n in range(130)
        ]
    )


def analyzed() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE access_auditentry")


def test_every_list_that_grows_is_paged_without_counting_it() -> None:
    paged = {
        model._meta.label_lower
        for model, screen in admin.site._registry.items()
        if issubclass(screen.paginator, LongListPaginator)
    }
    assert paged >= LONG_LISTS


def test_few_rows_are_counted(trail: None) -> None:
    found = LongListPaginator(AuditEntry.objects.filter(object_repr="No 7"), 50)
    every = LongListPaginator(AuditEntry.objects.all(), 50)
    assert (found.count, found.num_pages, found.is_estimate) == (1, 1, False)
    assert (every.count, every.num_pages, every.is_estimate, every.is_cut) == (130, 3, False, False)


def test_a_search_that_can_find_nothing_is_an_empty_list(trail: None) -> None:
    assert LongListPaginator(AuditEntry.objects.filter(pk__in=[]), 50).count == 0


def test_a_list_in_memory_is_counted() -> None:
    assert LongListPaginator([1, 2, 3], 2).num_pages == 2


def test_pages_end_where_reading_them_takes_too_long(trail: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "MOST_PAGES", 2)
    paginator = LongListPaginator(AuditEntry.objects.all(), 50)
    assert (paginator.num_pages, paginator.is_cut) == (2, True)


@on_postgresql
def test_many_rows_are_estimated(trail: None, monkeypatch: pytest.MonkeyPatch) -> None:
    analyzed()
    monkeypatch.setattr(pages, "MANY", 100)
    paginator = LongListPaginator(AuditEntry.objects.all(), 50)
    assert (paginator.count, paginator.is_estimate) == (130, True)


@on_postgresql
def test_rows_that_are_dear_to_find_are_estimated_and_never_shown_whole(
    trail: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    analyzed()
    monkeypatch.setattr(pages, "DEAR", 0.0)
    paginator = LongListPaginator(AuditEntry.objects.filter(object_repr="nobody"), 50)
    assert (paginator.count, paginator.num_pages, paginator.is_estimate) == (51, 2, True)


@on_postgresql
def test_counting_ends_where_the_planner_was_wrong(trail: None, monkeypatch: pytest.MonkeyPatch) -> None:
    analyzed()
    monkeypatch.setattr(pages, "MANY", 100)
    monkeypatch.setattr(pages, "_planned", lambda rows: (3, 1.0))
    paginator = LongListPaginator(AuditEntry.objects.all(), 50)
    assert (paginator.count, paginator.is_least, paginator.is_cut) == (100, True, True)


@on_postgresql
def test_the_screen_says_that_it_estimates(
    trail: None, admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    analyzed()
    monkeypatch.setattr(pages, "MANY", 100)
    monkeypatch.setattr(pages, "MOST_PAGES", 2)
    text = admin_client.get(reverse("admin:access_auditentry_changelist")).content.decode()
    assert "About 130 in all" in text
    assert "Filter or search to see older ones" in text


def test_the_screen_counts_what_is_short(trail: None, admin_client: Client) -> None:
    text = admin_client.get(reverse("admin:access_auditentry_changelist")).content.decode()
    assert "130 in all" in text
    assert "About" not in text
