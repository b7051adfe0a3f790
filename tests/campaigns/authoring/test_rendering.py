from __future__ import annotations

from typing import Any

import pytest

from campaigns.authoring.choosing import choose
from campaigns.authoring.rendering import Outcome, Policy, Reason, Skipped, Stopped, Text, render
from campaigns.models import MissingPolicy
from links.drafting import LinkOptions

CONTEXT: dict[str, Any] = {
    "toNumber": "+14155550123",
    "fromNumber": "12345",
    "profile": {"firstName": "Ada", "points": 7, "tags": ["a", "b"], "nothing": None},
}
FALLBACK = Policy(MissingPolicy.FALLBACK, "friend")
SKIP = Policy(MissingPolicy.SKIP)
STOP = Policy(MissingPolicy.STOP)


def of(source: str, policy: Policy = SKIP, **more: Any) -> Outcome:
    return render({"": source}, "", CONTEXT | more, policy)


@pytest.mark.parametrize(
    ("language", "chosen"),
    [("de", "de"), ("de-AT", "de-AT"), ("de-at", "de-AT"), ("de-CH", "de"), ("DE", "de"), ("fr", ""), ("", ""),
     ("zh-Hant-TW", "zh-Hant"), ("d", "")],
)  # fmt: skip
def test_the_nearest_language_is_chosen(language: str, chosen: str) -> None:
    texts = {"": "Hi", "de": "Hallo", "de-AT": "Servus", "zh-Hant": "你好"}

    outcome = render(texts, language, CONTEXT, SKIP)

    assert outcome == Text(texts[chosen], chosen)


def test_without_a_default_text_other_languages_are_left_out() -> None:
    assert choose({"de": "Hallo"}, "fr") is None
    assert render({"de": "Hallo"}, "fr", CONTEXT, SKIP) == Skipped(
        Reason.NO_LANGUAGE, "There is no text for fr."
    )


@pytest.mark.parametrize(
    ("source", "text", "filled"),
    [
        ("Hi {{profile.firstName}}!", "Hi Ada!", ()),
        ("Hi {{profile.nick}}!", "Hi friend!", ("profile.nick",)),
        ("Hi {{profile.nothing}}!", "Hi friend!", ("profile.nothing",)),
        ("{{profile.nick}} {{profile.nick}} {{profile.x}}", "friend friend friend", ("profile.nick", "profile.x")),
        ("Hi {{profile.nick | upcase | append: '!'}}", "Hi friend", ("profile.nick",)),
        ("{{profile.points | plus: profile.bonus}}", "friend", ("profile.bonus",)),
        ("Hi {{profile.nick | default: 'you'}}", "Hi you", ()),
        ("{% if profile.nick %}A{% else %}B{% endif %}", "B", ()),
        ("{% for t in profile.list %}{{ t }}{% endfor %}C", "C", ()),
        ("{% assign n = profile.nick | upcase %}Hi {{ n }}", "Hi friend", ("profile.nick",)),
        ("{% capture n %}{{ profile.nick }}{% endcapture %}Hi {{ n | upcase }}", "Hi FRIEND", ("profile.nick",)),
    ],
)  # fmt: skip
def test_the_fallback_text_stands_where_a_value_is_missing(
    source: str, text: str, filled: tuple[str, ...]
) -> None:
    assert of(source, FALLBACK) == Text(text, "", filled)


def test_a_missing_attribute_leaves_the_recipient_out_or_stops() -> None:
    source = "Hi {{profile.nick | upcase}}"

    assert of(source, SKIP) == Skipped(Reason.MISSING, "profile.nick has no value.", "profile.nick")
    assert of(source, STOP) == Stopped("profile.nick has no value for this recipient.", "profile.nick")


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("{% if profile.nick %}x{% endif %}  ", Reason.EMPTY),
        ("\0 {{ profile.nothing | default: '' }}", Reason.EMPTY),
        ("{{ profile.firstName }}" + "x" * 1498, Reason.TOO_LONG),
        ("{% for i in (1..999999999) %}x{% endfor %}", Reason.FAILED),
        ("{{ profile.firstName | divided_by: 0 }}", Reason.FAILED),
        (
            "{% assign s = 'x' %}{% for i in (1..40) %}{% assign s = s | append: s %}{% endfor %}{{ s }}",
            Reason.FAILED,
        ),
    ],
)
@pytest.mark.parametrize("policy", [SKIP, STOP, FALLBACK])
def test_a_text_that_cannot_be_sent_to_one_recipient_leaves_only_that_one_out(
    source: str, reason: Reason, policy: Policy
) -> None:
    outcome = of(source, policy)

    assert isinstance(outcome, Skipped)
    assert outcome.reason == reason
    assert outcome.detail


def test_a_text_that_nobody_can_get_stops() -> None:
    outcome = of("Hi {{ profile.firstName", FALLBACK)

    assert isinstance(outcome, Stopped)
    assert "Line 1, column 4" in outcome.problem


def test_nul_is_dropped_from_what_a_recipient_reads() -> None:
    assert of("a{{ code }}b", code="\0") == Text("ab", "")


def test_addresses_become_tracked_links_as_written_in_the_template() -> None:
    options = LinkOptions(owner="campaign:1", base="https://go.example.com", tracks_all=True)
    source = "See https://shop.example/{{profile.firstName}} and {{profile.nick}}."

    outcome = render({"": source}, "", CONTEXT, FALLBACK, links=options)

    assert isinstance(outcome, Text)
    (draft,) = outcome.drafts
    assert outcome.text == f"See https://go.example.com/{draft.slug} and friend."
    assert (draft.written, draft.url) == (
        "https://shop.example/{{profile.firstName}}",
        "https://shop.example/Ada",
    )
