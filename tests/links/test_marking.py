"""Addresses in texts: found as people write them, replaced whatever the variables made of them."""

from __future__ import annotations

import pytest

from core.errors import TemplateInvalid
from core.templating import render_text
from links.drafting import ALPHABET, LETTERS, MOST_LINKS, Drafts, LinkOptions, source_of
from links.marking import mark

OPTIONS = LinkOptions(owner="channel:shop", base="https://go.example.com", tracks_all=True)


def short(source: str, context: dict[str, object] | None = None, **options: object) -> tuple[str, Drafts]:
    chosen = LinkOptions(**{**{name: getattr(OPTIONS, name) for name in OPTIONS.__slots__}, **options})  # type: ignore[arg-type]
    drafts = Drafts(chosen)
    marked, written = source_of(source, chosen)
    rendered = render_text(marked, {"trackLinks": True, **(context or {})})
    return drafts.replace_in(rendered, written), drafts


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("Look: https://a.example/x.", ["https://a.example/x"]),
        ("Look (https://a.example/x)!", ["https://a.example/x"]),
        ("See https://en.example.org/wiki/Stop_(word), ok", ["https://en.example.org/wiki/Stop_(word)"]),
        ("http://a.example https://b.example/?q=1&r=2#top", ["http://a.example", "https://b.example/?q=1&r=2#top"]),
        ("https://a.example/{{profile.id}}?x={{ profile.y }}", ["https://a.example/{{profile.id}}?x={{ profile.y }}"]),
        ('{{ "https://inside.example" | upcase }}', []),
        ('{% assign a = "https://inside.example" %}b', []),
        ("HTTPS://A.EXAMPLE/x now", ["HTTPS://A.EXAMPLE/x"]),
        ("ftp://a.example and www.example.com", []),
        ("“https://a.example/x”", ["https://a.example/x”"]),
        ("https://a.example/{{", ["https://a.example/"]),
        ("", []),
    ],
)  # fmt: skip
def test_addresses_are_found_as_people_write_them(text: str, addresses: list[str]) -> None:
    assert list(mark(text).written) == addresses


def test_each_address_becomes_a_short_one_and_the_rest_stays() -> None:
    text, drafts = short("Hi, https://a.example/x, and (http://b.example).")
    one, two = drafts.made
    assert text == f"Hi, https://go.example.com/{one.slug}, and (https://go.example.com/{two.slug})."
    assert (one.url, two.url) == ("https://a.example/x", "http://b.example")
    assert not one.is_personal
    assert len(one.slug) == LETTERS
    assert set(one.slug) <= set(ALPHABET)
    assert one.slug != two.slug


def test_a_personal_address_keeps_its_form_for_reports() -> None:
    text, drafts = short("https://a.example/{{profile.id}}!", {"profile": {"id": 7}})
    (draft,) = drafts.made
    assert (draft.written, draft.url) == ("https://a.example/{{profile.id}}", "https://a.example/7")
    assert draft.is_personal
    assert text == f"https://go.example.com/{draft.slug}!"


def test_the_helper_tracks_an_address_out_of_a_variable_under_a_name() -> None:
    text, drafts = short(
        'Go: {{ profile.site | track: "Shop" }}', {"profile": {"site": "https://s.example/7"}}
    )
    (draft,) = drafts.made
    assert (draft.written, draft.url) == ("Shop", "https://s.example/7")
    assert text == f"Go: https://go.example.com/{draft.slug}"


def test_only_the_helper_tracks_where_not_all_are_tracked() -> None:
    text, drafts = short('https://a.example {{ "https://b.example" | track }}', tracks_all=False)
    assert [draft.url for draft in drafts.made] == ["https://b.example"]
    assert text.startswith("https://a.example ")


def test_without_tracking_the_helper_leaves_the_address() -> None:
    assert render_text('{{ "https://b.example" | track: "x" }}', {}) == "https://b.example"


def test_our_own_addresses_stay() -> None:
    text, drafts = short("Stop: https://go.example.com/optout/abc")
    assert text == "Stop: https://go.example.com/optout/abc"
    assert drafts.made == []


def test_parameters_are_added_where_they_are_missing() -> None:
    _, drafts = short("https://a.example/?utm_source=web#x", parameters="utm_source=sms&utm_medium=text")
    assert drafts.made[0].url == "https://a.example/?utm_source=web&utm_medium=text#x"


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "https://",
        "https:///x",
        "https://a.example:99999999/",
        "//a.example",
        "data:text/html,x",
    ],
)
def test_the_helper_refuses_what_no_link_may_lead_to(address: str) -> None:
    with pytest.raises(TemplateInvalid, match="tracked link"):
        short("{{ profile.x | track }}", {"profile": {"x": address}})


def test_marks_in_values_are_no_way_around_the_rules() -> None:
    with pytest.raises(TemplateInvalid):
        short("{{profile.x}}", {"profile": {"x": "\ue0000\ue001javascript:1\ue002"}})
    text, drafts = short("{{profile.x}}!", {"profile": {"x": "\ue000half \ue002"}})
    assert (text, drafts.made) == ("half !", [])


def test_too_many_links_are_refused() -> None:
    with pytest.raises(TemplateInvalid, match=f"more than {MOST_LINKS}"):
        short(" ".join(f"https://a.example/{number}" for number in range(MOST_LINKS + 1)))


def test_a_hostile_text_takes_no_long_time() -> None:
    mark("https://a.example/" + "{{" * 10_000)
    mark("{%" * 10_000 + "https://")
    assert mark("(" * 20_000).written == ()
