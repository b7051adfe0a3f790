"""Members as an application names them: each by number or external id, each with a result of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction

from campaigns.api.serializers import MOST_MEMBERS, ONE_MEMBER
from campaigns.audiences.adding import Key, Outcome, add_people, remove_people
from campaigns.models import Audience
from core.errors import MemberUnknown, RequestInvalid


def keys_of(items: Iterable[Mapping[str, str]], param: str) -> list[Key]:
    """What each row names; RequestInvalid where one names nobody or somebody twice."""
    found = []
    for index, item in enumerate(items):
        number, external_id = item.get("number", ""), item.get("external_id", "")
        if bool(number) == bool(external_id):
            raise RequestInvalid(ONE_MEMBER, param=f"{param}.{index}")
        found.append(Key(number=number, external_id=external_id))
    return found


@transaction.atomic
def change_members(
    audience: Audience, *, add: Sequence[Key], remove: Sequence[Key], create: bool, default_country: str
) -> dict[str, Any]:
    """Put people on the list, take others off; those who cannot be found do not stop the rest."""
    if not 1 <= len(add) + len(remove) <= MOST_MEMBERS:
        raise RequestInvalid(
            f"There are {len(add) + len(remove):,} members; name 1 to {MOST_MEMBERS:,} in one request.",
            param="add",
        )
    added = add_people(audience=audience, keys=add, default_country=default_country, create=create)
    removed = remove_people(audience=audience, keys=remove, default_country=default_country)
    return {
        "added": added.changed,
        "removed": removed.changed,
        "created": added.created,
        "add": _results(added, "member"),
        "remove": _results(removed, "removed"),
    }


def _results(outcome: Outcome, done: str) -> list[dict[str, Any]]:
    return [
        {
            "index": index,
            "error": {"code": MemberUnknown.code, "message": one.problem, "param": one.key.param},
        }
        if one.problem
        else {"index": index, "status": done}
        for index, one in enumerate(outcome.named)
    ]
