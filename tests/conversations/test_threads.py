"""A conversation in order: both directions and the consent, page by page, nothing twice."""

from __future__ import annotations

from datetime import timedelta

import pytest

from consent import ledger
from conversations import threads
from conversations.threads import Place, thread_of
from core.clock import now
from messaging.models import Message, Source
from tests.conversations.conftest import OTHER, PERSON, Sent, Wrote


def kinds(**values: object) -> list[str]:
    return [item.kind for item in thread_of(PERSON, **values).items]


def test_both_directions_stand_in_order(wrote: Wrote, sent: Sent) -> None:
    wrote("first", minutes=9)
    sent("second")
    wrote("third", minutes=-1)
    wrote("somebody else", OTHER)
    assert [item.row.text for item in thread_of(PERSON).items] == ["first", "second", "third"]


def test_changes_of_consent_stand_between_for_those_who_may_see_them(wrote: Wrote, sent: Sent) -> None:
    wrote()
    ledger.record(msisdn=PERSON, kind="opt_out", source="keyword")
    sent()
    assert kinds() == ["inbound", "consent", "outbound"]
    assert kinds(with_consent=False) == ["inbound", "outbound"]


def test_who_of_staff_wrote_is_known(sent: Sent) -> None:
    sent("by the application")
    sent("by hand", source=Source.ADMIN, actor="ada")
    assert [item.by for item in thread_of(PERSON).items] == ["", "ada"]


def test_pages_backwards_give_everything_once(
    wrote: Wrote, sent: Sent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threads, "PER_PAGE", 4)
    moment = now()
    for number in range(5):
        wrote(f"in {number}", received_at=moment)
        wrote(f"before {number}", received_at=moment - timedelta(minutes=number + 1))
        sent(f"out {number}")
        ledger.record(msisdn=PERSON, kind="help", source="keyword")
    Message.objects.update(created_at=moment)
    everything: list[str] = []
    thread = thread_of(PERSON)
    while True:
        everything = [item.key for item in thread.items] + everything
        if thread.earlier is None:
            break
        thread = thread_of(PERSON, before=Place.parse(str(thread.earlier)))
    assert (len(everything), len(set(everything))) == (20, 20)
    monkeypatch.setattr(threads, "PER_PAGE", 100)
    assert everything == [item.key for item in thread_of(PERSON).items]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "~",
        "2026-01-01T00:00:00~0~x",
        "2026-01-01T00:00:00+00:00~0~1",
        "x~0~1",
        "2026-01-01T00:00:00~1~1",
        "a~b~c~d",
    ],
)
def test_a_place_that_is_none_is_none(text: str) -> None:
    assert Place.parse(text) is None
