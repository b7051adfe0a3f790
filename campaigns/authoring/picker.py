"""What the message editor offers to insert."""

from __future__ import annotations

from collections.abc import Iterable

from core.templating import PickerGroup, PickerItem, helper_groups
from profiles.seen import Attribute, attribute_group

_LINKS = PickerGroup(
    "Links",
    (
        PickerItem(
            "Tracked link",
            "{{ 'https://shop.example/' | track: 'Shop' }}",
            "A short link of its own for each recipient; clicks are counted under the name",
        ),
        PickerItem("Opt-out page", "{{optOutUrl}}", "The page on which the recipient opts out"),
    ),
)
_MESSAGE = PickerGroup(
    "Message",
    (
        PickerItem("toNumber", "{{toNumber}}", "The recipient's number, e.g. +14155550123"),
        PickerItem("fromNumber", "{{fromNumber}}", "The sender: number, short code or name"),
        PickerItem("today", "{{ today | formatDate: 'd MMM yyyy' }}", "The date of sending, in UTC"),
        PickerItem("context", "{{context.NAME}}", "What an application sends along; replace NAME"),
    ),
)
_CONDITIONS = PickerGroup(
    "Conditions",
    (
        PickerItem("if … else", "{% if profile.NAME %}…{% else %}…{% endif %}", "One text or another"),
        PickerItem("if equal", "{% if profile.NAME == 'gold' %}…{% endif %}", "Only when it has a value"),
        PickerItem("unless", "{% unless profile.NAME %}…{% endunless %}", "Only when there is no value"),
        PickerItem("for each", "{% for item in profile.NAME %}{{ item }} {% endfor %}", "For every item of a list"),
        PickerItem("assign", "{% assign name = profile.NAME | trim %}{{ name }}", "A value kept under a name"),
    ),
)  # fmt: skip


def picker(attributes: Iterable[Attribute]) -> tuple[PickerGroup, ...]:
    """All groups, attributes of real profiles first."""
    return (
        attribute_group(attributes),
        _LINKS,
        _MESSAGE,
        _CONDITIONS,
        *helper_groups(),
    )
