"""Saved filters and message templates as files: exported, compared, applied, checked as the forms check them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError

from access.models import AuditEntry
from campaigns.authoring import versions
from campaigns.models import Audience, AudienceKind, Campaign, MessageTemplate, TemplateVersion
from credentials.models import ApiCredential
from links.models import LinkTarget
from messaging.models import ChannelConfiguration
from tests.operations.test_configuration import change, differs, run, shop

pytestmark = pytest.mark.django_db
__all__ = ("shop",)
BUYERS, SPRING = "audiences/buyers.toml", "templates/spring.toml"


@pytest.fixture
def authored(shop: ApiCredential) -> None:
    channel = ChannelConfiguration.objects.get()
    sale = Campaign.objects.create(name="Sale", channel=channel)
    links = [
        LinkTarget.objects.create(owner=owner, written="https://shop.example/", url="https://shop.example/")
        for owner in (f"campaign:{sale.pk}", f"channel:{channel.pk}")
    ]
    conditions: list[dict[str, Any]] = [
        {"field": "attributes.city", "op": "one_of", "value": ["Berlin", 7, True]},
        {"field": "attributes.age", "op": "is_set", "value": None},
        {"not": {"field": "messages", "op": "sent", "channel": str(channel.pk), "campaign": str(sale.pk)}},
        *({"field": "clicks", "op": "clicked", "link": str(link.pk), "days": 30} for link in links),
    ]
    Audience.objects.create(name="Buyers", description="Who bought", filter={"any": conditions})
    Audience.objects.create(name="Everybody", filter={})
    Audience.objects.create(name="Guests", kind=AudienceKind.STATIC)
    template = MessageTemplate.objects.create(name="Spring")
    texts = {"": 'Hi {{profile.firstName}},\n\nsay "yes" \\o/ €', "de": "Hallo {{profile.firstName}}"}
    versions.save(template=template, texts=texts, missing_policy="fallback", fallback_text="you", actor="ada")


def everything() -> list[Any]:
    texts = [(row.name, row.description, versions.latest_texts(row)) for row in MessageTemplate.objects.all()]
    filters = [_without_null(row) for row in Audience.objects.values_list("name", "description", "filter")]
    return [texts, filters]


def _without_null(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_null(item) for key, item in value.items() if item is not None}
    return [_without_null(item) for item in value] if isinstance(value, list | tuple) else value


def test_filters_and_templates_go_into_files_and_come_back(authored: None, tmp_path: Path) -> None:
    before = everything()
    run("export", tmp_path)
    written = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.glob("[at]*/*.toml"))
    assert written == [BUYERS, "audiences/everybody.toml", SPRING]  # a list holds people, who are in no file
    assert run("diff", tmp_path).startswith("No differences")

    Audience.objects.exclude(kind=AudienceKind.STATIC).delete()
    MessageTemplate.objects.all().delete()
    told = differs(tmp_path)
    assert all(f"new: {path}" in told for path in written)
    assert not MessageTemplate.objects.exists()
    assert "created audiences/everybody.toml" in run("apply", tmp_path)
    assert everything() == before
    assert run("apply", tmp_path) == "Nothing to do.\n"


def test_a_filter_names_channels_campaigns_and_links(authored: None, tmp_path: Path) -> None:
    run("export", tmp_path)
    text = (tmp_path / BUYERS).read_text()
    assert 'channel = "shop"' in text
    assert 'campaign = "Sale"' in text
    assert text.count("https://shop.example/") == 2
    assert all(str(row.pk) not in text for row in (*Campaign.objects.all(), *LinkTarget.objects.all()))


def test_what_is_gone_keeps_its_id_and_differs_in_nothing(authored: None, tmp_path: Path) -> None:
    gone = LinkTarget.objects.first()
    assert gone is not None
    key = str(gone.pk)
    gone.delete()
    run("export", tmp_path)
    assert key in (tmp_path / BUYERS).read_text()
    assert run("apply", tmp_path) == "Nothing to do.\n"


def test_another_text_is_the_next_version_and_the_old_one_stays(authored: None, tmp_path: Path) -> None:
    run("export", tmp_path)
    change(tmp_path, SPRING, "Hallo", "Guten Tag")
    told = differs(tmp_path)
    assert f"changed: {SPRING}" in told
    assert "languages.de: 'Hallo {{profile.firstName}}' -> 'Guten Tag {{profile.firstName}}'" in told

    assert run("apply", tmp_path) == f"changed {SPRING}\n1 applied.\n"

    assert [version.number for version in TemplateVersion.objects.order_by("number")] == [1, 2]
    assert TemplateVersion.objects.get(number=2).actor == "config apply"
    assert AuditEntry.objects.get(action="configuration applied").object_repr == "Spring"
    assert run("diff", tmp_path).startswith("No differences")


def test_a_file_written_by_hand_may_leave_out_what_is_usual(tmp_path: Path) -> None:
    for folder in ("audiences", "templates"):
        (tmp_path / folder).mkdir()
    (tmp_path / SPRING).write_text('name = "Spring"\ntext = "Hi"')
    (tmp_path / "audiences/old.toml").write_text(
        'name = "Old"\n[[filter.all]]\nfield = "attributes.joined"\nop = "before"\nvalue = 2020-05-01\n'
    )
    assert run("apply", tmp_path).endswith("2 applied.\n")
    assert Audience.objects.get().filter["all"][0]["value"] == "2020-05-01"
    assert run("apply", tmp_path) == "Nothing to do.\n"


@pytest.mark.parametrize(
    ("path", "before", "after", "told"),
    [
        (BUYERS, '"one_of"', '"oneof"', "filter: any[0].op: "),
        (BUYERS, '"attributes.city"', '"city"', "filter: any[0].field: There is no field “city”."),
        (BUYERS, '"shop"', '"shp"', "filter: channel: there is no channel configuration named 'shp'"),
        (BUYERS, '"Sale"', '"Sail"', "filter: campaign: there is no campaign named 'Sail'"),
        (BUYERS, "https://shop.example/", "https://shop.test/", "filter: link: there is no tracked link"),
        (BUYERS, '"https://shop.example/"', "7", "filter: link: there is no tracked link"),
        (BUYERS, "address =", "adress =", "filter: link: write {address ="),
        (BUYERS, '"Buyers"', '"Guests"', "name: 'Guests' is a list of people here"),
        ("audiences/everybody.toml", "[filter]", "[filtre]", "filtre: there is no such key."),
        ("audiences/everybody.toml", "[filter]", "", "filter: this table is missing. For all profiles write"),
        (SPRING, "Hallo {{", "Hallo {%", "languages.de: Line 1, column "),
        (SPRING, "Hi {{", "Hi {%", "text: Line 1, column "),
        (SPRING, '"fallback"', '"guess"', "missing_policy: Select a valid choice."),
        (SPRING, "de =", "d3 =", "languages.d3: "),
        (
            SPRING,
            'de = "Hallo {{profile.firstName}}"',
            "de = 7",
            "languages.de: write the text of a language",
        ),
        (
            SPRING,
            "fallback_text",
            "fallback",
            "fallback: there is no such key. Known: description, missing_policy,",
        ),
    ],
)
def test_a_fault_is_told_with_file_and_place_and_nothing_is_applied(
    path: str, before: str, after: str, told: str, authored: None, tmp_path: Path
) -> None:
    run("export", tmp_path)
    change(tmp_path, path, before, after)
    change(tmp_path, "channels/shop.toml", 'sender = "+15005550006"', 'sender = "+15005550007"')
    with pytest.raises(CommandError) as error:
        run("apply", tmp_path)
    assert str(error.value).startswith(f"{path}: {told}")
    assert ChannelConfiguration.objects.get().sender == "+15005550006"
    assert TemplateVersion.objects.count() == 1
