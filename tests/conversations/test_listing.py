"""The list: each number once, by what it wrote last; bounded however much one number wrote."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conversations import listing, marks
from conversations.listing import page_of
from core.clock import now
from profiles.models import Profile
from tests.conversations.conftest import OTHER, PERSON, Wrote


def listed(**values: Any) -> list[str]:
    return [row.newest.text for row in page_of(**values).rows]


def test_each_number_stands_once_by_what_it_wrote_last(wrote: Wrote) -> None:
    wrote("first", minutes=9)
    wrote("other", OTHER, minutes=8)
    wrote("second", minutes=7)
    assert listed() == ["second", "other"]


def test_erased_people_are_no_conversation(wrote: Wrote) -> None:
    wrote("", "")
    assert page_of().rows == []


def test_pages_go_on_where_the_last_one_ended_and_repeat_nobody(
    wrote: Wrote, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "PER_PAGE", 2)
    monkeypatch.setattr(listing, "WINDOW", 3)
    numbers = [f"+1415555{number:04}" for number in range(7)]
    for minutes, number in enumerate([*numbers, numbers[0]], start=1):
        wrote(str(minutes), number, minutes=minutes)
    seen: list[str] = []
    page = page_of()
    while page.rows:
        seen += [row.newest.msisdn for row in page.rows]
        page = page_of(after=page.next_id) if page.next_id else listing.Page()
    assert seen == numbers


def test_messages_of_one_moment_are_neither_lost_nor_doubled(
    wrote: Wrote, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "PER_PAGE", 2)
    moment = now()
    numbers = {f"+1415555{number:04}" for number in range(5)}
    for number in numbers:
        wrote("same time", number, received_at=moment)
    first = page_of()
    second = page_of(after=first.next_id)
    third = page_of(after=second.next_id)
    seen = [row.newest.msisdn for page in (first, second, third) for row in page.rows]
    assert (len(seen), set(seen)) == (5, numbers)


def test_one_number_that_wrote_without_end_does_not_make_a_page_without_end(
    wrote: Wrote, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "WINDOW", 5)
    monkeypatch.setattr(listing, "MOST_WINDOWS", 2)
    wrote("quiet", OTHER, minutes=60)
    for number in range(20):
        wrote(str(number), minutes=number)
    page = page_of()
    assert [row.newest.msisdn for row in page.rows] == [PERSON]
    assert listed(after=page.next_id) == []
    further = page_of(after=page.next_id).next_id
    assert listed(after=further) == ["quiet"]


@pytest.mark.parametrize(
    ("intent", "minutes", "is_unread"),
    [("", 5, True), ("possible_opt_out", 5, True), ("opt_out", 5, False), ("", 31 * 24 * 60, False)],
)
def test_unread_is_what_people_have_to_read(wrote: Wrote, intent: str, minutes: int, is_unread: bool) -> None:
    wrote(intent=intent, minutes=minutes)
    (row,) = page_of().rows
    assert row.is_unread is is_unread
    assert bool(listed(only_unread=True)) is is_unread
    assert marks.unread_count() == int(is_unread)


def test_a_question_stays_unread_although_a_keyword_followed(wrote: Wrote) -> None:
    wrote("Where is my order?", minutes=9)
    wrote("HELP", minutes=5, intent="help")
    assert page_of().rows[0].is_unread
    assert listed(only_unread=True) == ["Where is my order?"]


def test_seen_counts_up_to_the_message_that_was_seen(wrote: Wrote) -> None:
    first = wrote("first", minutes=9)
    marks.mark_seen(msisdn=PERSON, until=first.received_at, actor="ada")
    assert (marks.unread_count(), listed(only_unread=True)) == (0, [])
    wrote("second", minutes=5)
    assert (marks.unread_count(), listed(only_unread=True)) == (1, ["second"])
    marks.mark_seen(msisdn=PERSON, until=first.received_at, actor="bob")  # a page that was open before
    marks.mark_seen(msisdn=PERSON, until=now(), actor="bob")
    marks.mark_seen(msisdn=PERSON, until=first.received_at, actor="cy")
    assert marks.unread_count() == 0
    marks.mark_unread(msisdn=PERSON)
    assert marks.unread_count() == 1


def test_an_answer_after_the_newest_message_shows(wrote: Wrote) -> None:
    wrote(minutes=9)
    marks.mark_answered(msisdn=PERSON, at=now() - timedelta(minutes=8), actor="ada")
    assert (page_of().rows[0].is_answered, page_of().rows[0].answered_by) == (True, "ada")
    wrote("And now?", minutes=2)
    assert page_of().rows[0].is_answered is False


@pytest.mark.parametrize(
    ("attributes", "name"),
    [
        ({"firstName": "Ada", "lastName": "King"}, "Ada King"),
        ({"name": " Ada ", "firstName": "X"}, "Ada"),
        ({"firstName": 7}, ""),
        ({"city": "London"}, ""),
    ],
)
def test_a_profile_gives_the_name(wrote: Wrote, attributes: dict[str, Any], name: str) -> None:
    wrote()
    Profile.objects.create(msisdn=PERSON, attributes=attributes)
    assert page_of().rows[0].name == name


def test_a_page_takes_as_many_queries_for_many_as_for_one(wrote: Wrote) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as caught:
            page_of()
        return len(caught)

    wrote()
    one = queries()
    for number in range(20):
        wrote("Hi", f"+1415555{number:04}")
    assert queries() == one
