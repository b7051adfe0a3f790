from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from campaigns.authoring import usage, versions
from campaigns.authoring.channels import Ways
from campaigns.authoring.checking import check
from campaigns.authoring.erasing import erase_number
from campaigns.authoring.people import find_profiles
from campaigns.authoring.previewing import Draft, Preview, policy_from, preview
from campaigns.authoring.rendering import Policy
from campaigns.authoring.samples import EXAMPLE_NUMBER, Sample, parse_samples, sample_file
from campaigns.models import MessageTemplate, MissingPolicy, StaffNumber, TemplateText, TemplateVersion
from core.brief import forget_everything
from core.errors import RequestInvalid
from credentials.spec import TextSpec
from messaging.measuring import Measure, culprits, measure, replacement_of
from messaging.models import SegmentPrice
from profiles.models import OtherNumber, Profile


@pytest.mark.parametrize(
    ("text", "measured"),
    [
        ("Hi", Measure(2, "GSM-7", 2, 1, 158)),
        ("€" * 80, Measure(80, "GSM-7", 160, 1, 0)),
        ("x" * 161, Measure(161, "GSM-7", 161, 2, 145)),
        ("ж" * 71, Measure(71, "UCS-2", 71, 2, 63)),
        ("😀" * 35, Measure(35, "UCS-2", 70, 1, 0)),
        ("", Measure(0, "GSM-7", 0, 0, 160)),
    ],
)
def test_a_text_is_counted_as_a_phone_packs_it(text: str, measured: Measure) -> None:
    assert measure(text) == measured


def test_a_channel_that_replaces_characters_or_cuts_is_counted_so() -> None:
    assert measure("a–b", TextSpec(encoding="smart")).encoding == "GSM-7"
    assert measure("one two three", TextSpec(max_length=7)).parts == 2


@pytest.mark.parametrize(
    ("character", "replacement"),
    [("–", "-"), ("…", "..."), ("”", '"'), ("\u00a0", " "), ("\u200b", ""), ("á", "a"), ("ł", "l"), ("Ž", "Z"),
     ("ж", None), ("😀", None), ("漢", None)],
)  # fmt: skip
def test_what_gsm_has_instead_of_a_character(character: str, replacement: str | None) -> None:
    assert replacement_of(character) == replacement
    (found,) = culprits(character, [])
    assert (found.character, found.replacement, found.from_data) == (character, replacement, False)


def test_characters_of_a_recipients_data_are_told_apart() -> None:
    found = culprits("Hi – {{profile.name}}", ["Hi – Łukasz"])

    assert [(one.character, one.from_data) for one in found] == [("–", False), ("Ł", True)]


@pytest.mark.parametrize(
    ("pasted", "attributes"),
    [
        ("firstName,age,vip\nAda,36,true\n\n", [{"firstName": "Ada", "age": 36, "vip": True}]),
        ("firstName;zip\r\nAda;01234\r\n", [{"firstName": "Ada", "zip": "01234"}]),
        ('a,address.city\n"x, y",Paris\n', [{"a": "x, y", "address": {"city": "Paris"}}]),
        ("\ufefffirstName\nÄda", [{"firstName": "Äda"}]),
        ("a,b\n1", [{"a": 1}]),
        ("formula\n=1+1", [{"formula": "=1+1"}]),
        ('{"firstName": "Ada", "tags": ["x"]}', [{"firstName": "Ada", "tags": ["x"]}]),
        ('[{"a": 1.5}, {"a": null}]', [{"a": 1.5}, {"a": None}]),
        ('{"a": 1}\n{"a": 2}\n', [{"a": 1}, {"a": 2}]),
        ('{"toNumber": "+14155550199", "profile": {"a": 1}}', [{"a": 1}]),
        ("  ", []),
    ],
)
def test_pasted_samples_are_read(pasted: str, attributes: list[dict[str, Any]]) -> None:
    assert [dict(sample.attributes) for sample in parse_samples(pasted)] == attributes


def test_number_and_language_of_a_sample_are_not_only_attributes() -> None:
    (sample,) = parse_samples("Phone,language,firstName\n(415) 555-0198,de,Ada", default_country="US")

    assert (sample.msisdn, sample.language, sample.name) == ("+14155550198", "de", "Sample 1 (de)")
    assert parse_samples("a\n1")[0].msisdn == EXAMPLE_NUMBER


@pytest.mark.parametrize(
    ("pasted", "words"),
    [
        ("a\n" + "1\n" * 31, "At most 30"), ("a\nb\0c", "NUL"), ("a,a\n1,2", "name each column once"),
        (",".join(f"c{n}" for n in range(1000)) + "\n1", "1,000 columns"), ('{"a": }', "line 1, column 7"),
        ("[1, 2]", "Sample 1 is no JSON object"), ('{"a": 1}\nnope', "Line 2"), ("x" * 200_001, "longer than"),
        ("number\nabc", "Sample 1"), ("[" * 100_000, "not JSON"),
        ('a\n"' + "x" * 150_000, "cannot be read"),
    ],
)  # fmt: skip
def test_samples_that_cannot_be_read_are_refused_with_a_reason(pasted: str, words: str) -> None:
    with pytest.raises(RequestInvalid, match=words):
        parse_samples(pasted, default_country="US")


@pytest.mark.parametrize("kind", ["csv", "json", "jsonl"])
def test_the_file_to_fill_in_is_read_back(kind: str) -> None:
    first, second = parse_samples(sample_file(kind, ["firstName", "address.city"]))

    assert first.attributes["address"] == {"city": "address.city 1"}
    assert second.msisdn == "+14155550122"


KNOWN = {"profile.firstName", "profile.tags", "profile.address", "profile.address.city"}


@pytest.mark.parametrize(
    ("source", "level", "words"),
    [
        ("Hi {{profile.firstNam}}", "warning", "Did you mean profile.firstName?"),
        ("Hi {{profile.tags.size}}{{profile.address.city}}", "", ""),
        ("{% for tag in profile.tags %}{{ tag }}{% endfor %}", "", ""),
        ("{{ context.order }} {{ toNumber }} {{ optOutUrl }} {{ today }}", "", ""),
        ("{{ tonumber }}", "error", "Did you mean toNumber?"),
        ("{{ profile.firstName | titelCase }}", "error", "Did you mean titleCase?"),
        ("{% if profile.firstName %}", "error", "endif"),
        ("a\n{{ profile.firstName | uper }}", "error", "upper"),
        (
            "{{ profile.firstName | capitalize | default: 'x' }}",
            "warning",
            "| default: 'friend' | capitalize",
        ),
        ("{{ profile.firstName | default: 'x' | capitalize }}", "", ""),
        ("x" * 1400, "warning", "1,500 is the limit"),
        ("{{ 'x' | append: 'y' }}" + "x" * 1500, "error", "at most 1,500"),
    ],
)
def test_a_text_is_checked_with_place_and_suggestion(source: str, level: str, words: str) -> None:
    findings = check(source, attributes=KNOWN)

    assert [finding.level for finding in findings] == ([level] if level else [])
    assert all(words in f"{finding.message} {finding.hint}" for finding in findings)


@pytest.mark.parametrize(
    "source",
    [
        "{% assign s = 'xx' %}{% for i in (1..60) %}{% assign s = s | append: s %}{% endfor %}{{ s }}",
        "{% for i in (1..100000000) %}x{% endfor %}",
        "{% for a in (1..999) %}{% for b in (1..999) %}{{ a | times: b }}{% endfor %}{% endfor %}",
        "{{ 'x' | replace: 'x', toNumber | append: '" + "y" * 19_000 + "' }}",
    ],
)
def test_a_text_that_grows_without_bound_is_an_error(source: str) -> None:
    (finding,) = check(source)

    assert finding.level == "error"


@pytest.mark.django_db
@pytest.mark.parametrize("term", ["(415) 555-0123", "+14155550199", "ada"])
def test_a_profile_is_found_by_any_of_its_numbers_and_by_its_id(term: str) -> None:
    ada = Profile.objects.create(msisdn="+14155550123", external_id="ada")
    OtherNumber.objects.create(profile=ada, msisdn="+14155550199")
    Profile.objects.create(msisdn="+14155550124", external_id="bert")

    assert find_profiles(term) == [ada]
    assert len(find_profiles(" ")) == 2
    assert find_profiles("nobody\0") == []


def looked_at(source: str, policy: Policy, *samples: Sample, channel: Any = None) -> Preview:
    return preview(Draft(source, policy, Ways.of(channel), samples))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("policy", "text", "note"),
    [
        (policy_from(MissingPolicy.SKIP, ""), "", "Left out: profile.nick has no value."),
        (policy_from(MissingPolicy.STOP, ""), "", "Sending would stop here"),
        (policy_from(MissingPolicy.FALLBACK, "you"), "Hi you", "The fallback text stands for profile.nick."),
    ],
)
def test_the_preview_shows_what_the_policy_does(policy: Policy, text: str, note: str) -> None:
    ada, bert = Sample("Ada", attributes={"nick": "Ada"}), Sample("Bert")

    found = looked_at("Hi {{profile.nick}}", policy, ada, bert)

    assert [one.text for one in found.shown] == ["Hi Ada", text]
    assert note in found.shown[1].note
    assert not found.shown[0].note


@pytest.mark.django_db
def test_the_preview_counts_shortest_and_longest_and_warns_of_the_limit() -> None:
    policy = policy_from(MissingPolicy.SKIP, "")
    samples = [Sample(str(size), attributes={"a": "x" * size}) for size in (5, 200, 1400, 1600)]

    found = looked_at("{{profile.a}}", policy, *samples)
    assert found.shortest is not None
    assert found.longest is not None
    assert (found.shortest.characters, found.longest.characters, found.longest.parts) == (5, 1400, 10)
    assert "1 of 4 texts have more than 1,500" in found.findings[0].message
    assert found.can_be_saved

    near = looked_at("{{profile.a}}", policy, *samples[:3])
    assert "1,400" in near.findings[0].message
    assert not looked_at("{{profile.a}}", policy, *samples[:2]).findings


@pytest.mark.django_db
def test_the_preview_prices_each_text_by_its_channel(channel: Any) -> None:
    SegmentPrice.objects.create(credential=channel.credential, country="US", price="2")
    SegmentPrice.objects.create(credential=channel.credential, country="", price="10")
    forget_everything()
    us, german = Sample("us", "+14155550123"), Sample("de", "+4915112345678")

    found = looked_at("x" * 161, policy_from(MissingPolicy.SKIP, ""), us, german, channel=channel)

    assert found.prices == ["4.0000 USD", "20.0000 USD"]
    assert looked_at("x", policy_from(MissingPolicy.SKIP, ""), us).prices == []


@pytest.mark.django_db
def test_the_preview_counts_short_links_and_stores_none(channel: Any) -> None:
    channel.track_links = True
    channel.link_domain = "go.example.com"

    found = looked_at(
        "See https://shop.example/a/very/long/address?with=parameters.",
        policy_from(MissingPolicy.SKIP, ""),
        channel=channel,
    )

    assert found.longest is not None
    assert found.longest.characters == len("See https://go.example.com/12345678901.")


@pytest.mark.django_db
def test_versions_keep_every_text_and_number_on() -> None:
    template = MessageTemplate.objects.create(name="T")

    first = versions.save(template=template, texts={"": "One", "de": "Eins"}, actor="ada")
    assert versions.save(template=template, texts={"": "One", "de": "Eins"}, actor="ada") is None
    second = versions.save(template=template, texts={"": "One"}, actor="bert")
    assert first is not None
    assert second is not None
    assert (first.number, second.number, second.actor) == (1, 2, "bert")
    restored = versions.restore(version=first, actor="ada")

    assert restored is not None
    assert versions.latest_texts(template) == {"": "One", "de": "Eins"}
    assert [
        [(change.language, [piece.kind for piece in change.pieces]) for change in entry.changes]
        for entry in versions.history(template)
    ] == [[("de", ["new"])], [("de", ["gone"])], [("", ["new"]), ("de", ["new"])]]
    with pytest.raises(RequestInvalid, match="default text"):
        versions.save(template=template, texts={"de": "Eins"}, actor="")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change",
    [
        lambda: TemplateText.objects.update(text="Never said"),
        lambda: TemplateVersion.objects.update(actor="somebody else"),
    ],
)
def test_the_database_refuses_to_change_what_was_said(change: Callable[[], object]) -> None:
    template = MessageTemplate.objects.create(name="T")
    versions.save(template=template, texts={"": "One"}, actor="")

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        change()

    template.delete()
    assert not TemplateText.objects.exists()


@pytest.mark.django_db
def test_nothing_of_the_template_itself_counts_as_its_user() -> None:
    template = MessageTemplate.objects.create(name="T")
    versions.save(template=template, texts={"": "One"}, actor="")

    assert usage.used_by([template]) == {}


@pytest.mark.django_db
def test_an_erased_number_is_no_staff_number_any_more() -> None:
    StaffNumber.objects.create(name="Ada", msisdn="+14155550123")

    assert erase_number("+14155550123") == 1
    assert erase_number("+14155550123") == 0
