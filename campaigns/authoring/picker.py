"""What the message editor offers to insert."""

from __future__ import annotations

from collections.abc import Iterable

from core.templating import CONDITIONS, OPT_OUT_PAGE, TEXT_VARIABLES, PickerGroup, PickerItem, helper_groups
from profiles.seen import Attribute, attribute_group

_LINKS = PickerGroup(
    "Links",
    (
        PickerItem(
            "Tracked link",
            "{{ 'https://shop.example/' | track: 'Shop' }}",
            "A short link of its own for each recipient; clicks are counted under the name",
        ),
        OPT_OUT_PAGE,
    ),
)
_MESSAGE = PickerGroup(
    "Message",
    (
        *TEXT_VARIABLES,
        PickerItem("context", "{{context.NAME}}", "What an application sends along; replace NAME"),
    ),
)


def picker(attributes: Iterable[Attribute]) -> tuple[PickerGroup, ...]:
    """All groups, attributes of real profiles first."""
    return (
        attribute_group(attributes),
        _LINKS,
        _MESSAGE,
        CONDITIONS,
        *helper_groups(),
    )
