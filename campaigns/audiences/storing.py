"""Making, changing and deleting audiences."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import PROTECT, ProtectedError

from campaigns.audiences.checking import read
from campaigns.audiences.members import add_profiles
from campaigns.audiences.querying import profiles_in
from campaigns.models import Audience, AudienceKind
from core.clock import now
from core.errors import AudienceInUse, AudienceNameTaken, RequestInvalid

_NAMED = 3
_LONGEST_NAME = 100


def create_audience(*, name: str, kind: str, filter_: Any = None, description: str = "") -> Audience:
    """A new audience; AudienceFilterInvalid or AudienceNameTaken when it cannot be made."""
    audience = Audience(name=name, description=description, kind=kind, filter=_checked(kind, filter_))
    return _saved(audience)


def change_audience(audience: Audience, *, name: str, filter_: Any = None, description: str = "") -> Audience:
    """Other words and another filter; a list stays a list."""
    audience.name, audience.description = name, description
    audience.filter = _checked(audience.kind, filter_)
    return _saved(audience)


def copy_as_list(audience: Audience) -> Audience:
    """A list of those who are in the audience now; later changes of profiles do not move anybody."""
    ending = f" (list of {now():%Y-%m-%d %H:%M:%S})"
    with transaction.atomic():
        made = create_audience(
            name=f"{audience.name[: _LONGEST_NAME - len(ending)]}{ending}",
            kind=AudienceKind.STATIC,
            description=audience.description,
        )
        add_profiles(audience=made, profiles=profiles_in(audience))
    return made


def delete_audience(audience: Audience) -> None:
    """Delete it and its list, not the profiles; AudienceInUse while something goes to it."""
    users = users_of(audience)
    if users:
        more = f" and {len(users) - _NAMED} more" if len(users) > _NAMED else ""
        raise AudienceInUse(
            f"The audience {audience.name!r} is used by {', '.join(users[:_NAMED])}{more}. "
            "Give them another audience, or delete them first."
        )
    try:
        audience.delete()
    except ProtectedError as error:  # somebody used it just now
        raise AudienceInUse(
            f"The audience {audience.name!r} is used. Look who does, and try again."
        ) from error


def users_of(audience: Audience) -> list[str]:
    """What goes to the audience and keeps it from being deleted, by name; at most some dozen."""
    found: list[str] = []
    for relation in Audience._meta.related_objects:
        if getattr(relation, "on_delete", None) is PROTECT:
            rows = relation.related_model._default_manager.filter(**{relation.field.name: audience})
            kind = relation.related_model._meta.verbose_name
            found += [f"{kind} “{row}”" for row in rows[:20]]
    return found


def _checked(kind: str, filter_: Any) -> dict[str, Any]:
    if kind == AudienceKind.STATIC:
        if filter_:
            raise RequestInvalid(
                "A list has no filter. Leave it out, or make the kind “filter”.", param="filter"
            )
        return {}
    source = {} if filter_ is None else filter_
    read(source)
    return dict(source)


def _saved(audience: Audience) -> Audience:
    try:
        with transaction.atomic():
            audience.save()
    except IntegrityError as error:
        raise AudienceNameTaken(
            f"There is an audience {audience.name!r} already. Choose another name.", param="name"
        ) from error
    return audience
