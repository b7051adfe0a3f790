from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from campaigns import people as people_list
from campaigns import picking, steps
from campaigns.models import Campaign
from campaigns.running.advancing import advance, advance_runs
from core.clock import now
from core.numbers import mask_number
from messaging.models import Message
from tests.campaigns.sending.conftest import number, page

pytestmark = pytest.mark.django_db


def test_recipients_are_shown_one_by_one_and_found_by_number(
    signed_in: Any, campaign: Any, opt_out: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(people_list, "PAGE", 2)
    opt_out(number(1))
    made, viewer = campaign(3), signed_in("viewer")
    steps.start(campaign_id=made.id, actor="ada")
    advance_runs()
    first = viewer.get(page("recipients", made)).content.decode()
    assert "Queued" in first
    assert "Left out: Opted out" in first
    assert number(0) not in first
    after = str(made.runs.get().recipients.order_by("id")[1].id)
    assert f"after={after}" in first
    assert "after=" not in viewer.get(page("recipients", made), {"after": after}).content.decode()
    found = viewer.get(page("recipients", made), {"number": "415 555 0001"}).content.decode()
    assert "Opted out" in found
    assert "Queued" not in found
    missing = viewer.get(page("recipients", made), {"number": "+14155559999"}).content.decode()
    assert "is not among the recipients" in missing


def test_recipients_are_listed_by_what_became_of_them(
    signed_in: Any, campaign: Any, people: Any, opt_out: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(people_list, "PAGE", 1)
    made = campaign(profiles=[*people(4), *people(2, attributes={})])
    for index in (1, 2):
        opt_out(number(index))
    steps.start(campaign_id=made.id, actor="ada")
    run, viewer = made.runs.get(), signed_in("viewer")
    advance_runs()
    Message.objects.filter(msisdn=number(3)).update(state="cancelled")
    shown = viewer.get(page("change", made)).content.decode()
    for key, expected in KINDS.items():
        assert not key or f"show={key}" in shown or key in UNLINKED, key
        assert listed(viewer, made, show=key) == [number_at(index) for index in expected], key
    assert run.recipients.count() == 6


# What the address asks for -> the people it lists, in order.
KINDS: dict[str, tuple[int, ...]] = {
    "": (0, 1, 2, 3, 4, 5),
    "accepted": (0, 3),
    "excluded": (1, 2, 4, 5),
    "excluded.opted_out": (1, 2),
    "excluded.missing_attribute": (4, 5),
    "excluded.holdout": (),
    "accepted.under_way": (0,),
    "accepted.stopped": (3,),
    "accepted.forgotten": (),
    "pending": (),
    "nonsense": (0, 1, 2, 3, 4, 5),
}
UNLINKED = {"excluded.holdout", "accepted.forgotten", "pending", "nonsense"}


def number_at(index: int) -> str:
    return mask_number(number(index))


def listed(client: Client, campaign: Campaign, **asked: str) -> list[str]:
    """The numbers on all pages of a list, from link to link."""
    found: list[str] = []
    address = f"{page('recipients', campaign)}?{urlencode(asked)}"
    while True:
        shown = client.get(address).content.decode()
        found += re.findall(r'<th scope="row" class="cp-nowrap">([^<]+)</th>', shown)
        onward = re.search(r'href="(\?[^"]*after=[^"]*)"', shown)
        if onward is None:
            return found
        address = page("recipients", campaign) + unescape(onward[1])


def test_who_waits_is_listed_in_the_order_of_their_turn(
    signed_in: Any, campaign: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(people_list, "PAGE", 1)
    made, moment = campaign(4), now() + timedelta(hours=1)
    steps.start(campaign_id=made.id, actor="ada")
    while made.runs.get().state == "expanding":
        advance(made.runs.get().id)
    waiting = made.runs.get().recipients
    for index, hours in enumerate((2, 0, 1, 1)):
        waiting.filter(msisdn=number(index)).update(due_at=moment + timedelta(hours=hours))
    viewer = signed_in("viewer")
    assert listed(viewer, made, show="pending") == [number_at(index) for index in (1, 2, 3, 0)]
    assert "not before" in viewer.get(page("recipients", made)).content.decode()


def test_a_list_that_takes_long_to_look_through_is_continued(
    signed_in: Any, campaign: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(picking, "_WINDOW", 1)
    monkeypatch.setattr(picking, "_SECONDS", -1.0)
    made = campaign(3)
    steps.start(campaign_id=made.id, actor="ada")
    advance_runs()
    Message.objects.filter(msisdn=number(2)).update(state="cancelled")
    viewer = signed_in("viewer")
    first = viewer.get(page("recipients", made), {"show": "accepted.stopped"}).content.decode()
    assert "Nobody so far" in first
    assert "Look further" in first
    assert listed(viewer, made, show="accepted.stopped") == [number_at(2)]


def test_a_page_asks_as_much_for_many_as_for_few(signed_in: Any, campaign: Any) -> None:
    viewer, costs = signed_in("viewer"), []
    for size in (1, 1, 6):
        made = campaign(size)
        steps.start(campaign_id=made.id, actor="ada")
        advance_runs()
        with CaptureQueriesContext(connection) as queries:
            assert len(listed(viewer, made, show="accepted")) == size
        costs.append(len(queries))
    assert costs[1] == costs[2]
