from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client, RequestFactory
from django.urls import reverse

from access import audit_admin
from access.models import AuditEntry
from core import brief
from core.brief import DearMemory
from core.ids import first_id_at, uuid7
from core.list_filters import DateByIdFilter
from messaging.models import Message

TRAIL = reverse("admin:access_auditentry_changelist")


def test_ids_made_later_are_above_the_bound_of_a_moment_and_earlier_ones_below(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("core.ids._last", (0, 0))  # other tests may have set the clock ahead
    before = datetime.now(tz=UTC) - timedelta(milliseconds=2)
    made = uuid7()
    after = datetime.now(tz=UTC) + timedelta(seconds=2)
    assert first_id_at(before) < made < first_id_at(after)


@pytest.mark.parametrize(
    ("parameters", "bounds"),
    [
        ({"created_at__gte": ["2026-05-01T12:00:00Z"]}, {"pk__gte": datetime(2026, 5, 1, 11, tzinfo=UTC)}),
        ({"created_at__lt": ["2026-05-01 12:00:00+00:00"]}, {"pk__lt": datetime(2026, 5, 1, 13, tzinfo=UTC)}),
        (
            {"created_at__gte": ["2026-05-01T14:00:00+02:00"], "created_at__lt": ["2026-06-01T00:00:00Z"]},
            {
                "pk__gte": datetime(2026, 5, 1, 11, tzinfo=UTC),
                "pk__lt": datetime(2026, 6, 1, 1, tzinfo=UTC),
            },
        ),
        ({}, {}),
    ],
)
def test_dates_bound_the_ids_too_an_hour_wider(
    db: None, parameters: dict[str, Any], bounds: dict[str, datetime]
) -> None:
    screen = admin.site._registry[Message]
    chosen = DateByIdFilter(
        Message._meta.get_field("created_at"),
        RequestFactory().get("/"),
        dict(parameters),
        Message,
        screen,
        "created_at",
    )
    rows = chosen.queryset(RequestFactory().get("/"), Message.objects.all())
    expected = Message.objects.filter(**{name: first_id_at(moment) for name, moment in bounds.items()})
    dates = {name: values[-1] for name, values in parameters.items()}
    assert str(rows.query) == str(expected.filter(**dates).query)


def test_a_date_that_is_none_is_refused_as_before(admin_client: Client) -> None:
    answer = admin_client.get(reverse("admin:messaging_message_changelist") + "?created_at__gte=never")
    assert answer.status_code == 302
    assert answer.headers["Location"].endswith("?e=1")


def add(action: str, **values: Any) -> AuditEntry:
    return AuditEntry.objects.create(actor="ada", action=action, object_type="messaging.message", **values)


def test_the_choices_of_a_column_are_the_values_that_occur(admin_client: Client) -> None:
    for action in ("decided", "added", "decided", "cancel"):
        add(action)
    (chosen,) = [
        spec
        for spec in admin_client.get(TRAIL).context["cl"].filter_specs
        if getattr(spec, "field_path", "") == "action"
    ]
    assert list(chosen.lookup_choices) == ["added", "cancel", "decided"]


def test_the_choices_of_an_empty_table_are_none(admin_client: Client) -> None:
    assert admin_client.get(TRAIL).status_code == 200


@pytest.mark.parametrize(
    ("term", "found"),
    [("17", ["Old"]), ("gr", ["Green"]), ("Old", []), ("10.0.0.9", ["Green"]), (" 17 ", ["Old"])],
)
def test_the_trail_finds_ids_anywhere_and_words_in_its_newest_entries(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch, term: str, found: list[str]
) -> None:
    monkeypatch.setattr(audit_admin, "MOST_SEARCHED", 2)
    add("added", object_id="17", object_repr="Old")
    add("added", object_id="18", object_repr="Green", address="10.0.0.9")
    add("added", object_id="19", object_repr="Blue")
    rows = admin_client.get(TRAIL, {"q": term}).context["cl"].result_list
    assert [row.object_repr for row in rows] == found


def test_what_took_long_to_find_is_kept_for_a_while_and_the_rest_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = iter([0.0, 0.01, 10.0, 10.1, 11.0, 13.0, 13.5, 13.6])
    monkeypatch.setattr(brief.time, "monotonic", lambda: next(clock))
    found: list[str] = []
    memory: DearMemory[str, int] = DearMemory(lambda key: found.append(key) or len(found))
    assert memory.get("a") == 1  # quick: not kept
    assert memory.get("a") == 2  # took 0.1 s: kept for 2
    assert memory.get("a") == 2
    assert memory.get("a") == 3
