"""An audience as one query over profiles."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.db.models import Q, QuerySet

from campaigns.audiences.checking import read
from campaigns.audiences.conditions import query_of
from campaigns.audiences.fields import OPERATORS
from campaigns.audiences.tree import Condition, Group, Negation, Node
from campaigns.models import Audience, AudienceKind, AudienceMember
from profiles.models import Profile

_NOBODY = Q(pk__in=[])


def profiles_in(audience: Audience) -> QuerySet[Profile]:
    """The members in the order of their ids: page with `id__gt`, or take its SQL for an INSERT … SELECT.

    AudienceFilterInvalid when the filter cannot be read. Consent is a condition like others; what may be sent to whom
    is decided at the gate.
    """
    if audience.kind == AudienceKind.STATIC:
        listed = AudienceMember.objects.filter(audience_id=audience.pk).values("profile_id")
        return Profile.objects.filter(pk__in=listed).order_by("id")
    return matching(audience.filter)


def matching(source: Any) -> QuerySet[Profile]:
    """Profiles that a filter (JSON) finds, in the order of their ids."""
    return Profile.objects.filter(as_query(read(source))).order_by("id")


def as_query(node: Node) -> Q:
    """A filter that was read, as a condition on profiles."""
    match node:
        case Negation():
            return ~as_query(node.child)
        case Condition():
            negated = OPERATORS[node.op].negates
            return ~query_of(replace(node, op=negated)) if negated else query_of(node)
        case Group():
            return _joined(node)


def _joined(group: Group) -> Q:
    found = _NOBODY if group.is_any else Q()
    for child in group.children:
        found = found | as_query(child) if group.is_any else found & as_query(child)
    return found
