"""The inbox of status words."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from access.models import AuditEntry
from credentials.models import ApiCredential
from tests.webhooks.conftest import Post, accepted
from webhooks.held import apply_held
from webhooks.models import HeldReport, ProviderStatus

STATUSES = "/admin/webhooks/providerstatus/"


@pytest.fixture
def words(credential: ApiCredential, channel: object, post: Post) -> list[ProviderStatus]:
    accepted(channel)  # type: ignore[arg-type]
    for word in ("GLORIOUS", "ODD", "ODD"):
        post({"type": "delivery_report", "messageId": "p1", "status": word})
    ProviderStatus.objects.create(scope="twilio", word="huh", meaning="sent")
    return list(ProviderStatus.objects.order_by("word"))


def test_unmapped_words_come_first_with_the_reports_that_wait(
    staff: Client, words: list[ProviderStatus]
) -> None:
    text = staff.get(STATUSES).content.decode()
    assert text.index("ODD") < text.index("GLORIOUS") < text.index("huh")
    assert re.search(r'class="menu-waiting">2<', text)
    assert "Twilio" in text
    assert "Provider" in text
    assert re.search(r"ODD.*?>\s*2\s*<.*?>\s*2\s*<", text, re.DOTALL)


def test_a_meaning_chosen_in_the_list_applies_what_waits(staff: Client, words: list[ProviderStatus]) -> None:
    ordered = sorted(words, key=lambda status: (bool(status.meaning), -status.last_seen_at.timestamp()))
    data = {"form-TOTAL_FORMS": 3, "form-INITIAL_FORMS": 3, "_save": "Save"}
    for index, status in enumerate(ordered):
        data |= {
            f"form-{index}-id": str(status.pk),
            f"form-{index}-meaning": "delivered" if status.word == "GLORIOUS" else status.meaning,
        }
    assert staff.post(STATUSES, data).status_code == 302
    entry = AuditEntry.objects.get(action="changed")
    assert (entry.object_repr, entry.changes) == (
        "GLORIOUS",
        {"meaning": {"before": "", "after": "delivered"}},
    )
    assert (apply_held(), HeldReport.objects.count()) == (1, 2)


def test_several_words_get_a_meaning_together_and_none_is_added_or_deleted(
    staff: Client, words: list[ProviderStatus]
) -> None:
    selected = [str(status.pk) for status in words if not status.meaning]
    staff.post(STATUSES, {"action": "mean_failed", "_selected_action": selected})
    assert ProviderStatus.objects.filter(meaning="failed").count() == 2
    assert staff.get(f"{STATUSES}add/").status_code == 403
    assert staff.post(f"{STATUSES}{words[0].pk}/delete/", {"post": "yes"}).status_code == 403
