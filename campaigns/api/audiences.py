"""The REST API for audiences: make, read, change, delete, members, count."""

from __future__ import annotations

import uuid
from dataclasses import asdict
from typing import Any, cast

from django.conf import settings
from django.db import transaction
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from access.audit import address_of, record
from access.authentication import HasScope, require_scope
from access.models import ApiKey, Scope
from campaigns.api.members import change_members, keys_of
from campaigns.api.serializers import (
    AudienceDetailView,
    AudienceRequest,
    AudiencesView,
    CountView,
    MembersChangedView,
    MembersRequest,
    MembersView,
)
from campaigns.audiences.checking import check
from campaigns.audiences.counting import count_in
from campaigns.audiences.describing import describe
from campaigns.audiences.listing import keys_of as member_keys
from campaigns.audiences.naming import Names
from campaigns.audiences.storing import change_audience, create_audience, delete_audience
from campaigns.models import Audience, AudienceKind
from core.errors import AudienceUnknown, RequestInvalid
from messaging.serializers import ErrorView
from profiles.models import Profile
from profiles.seen import seen_names

ERRORS: dict[int, Any] = dict.fromkeys((400, 401, 403, 404, 409), ErrorView)
_MOST_LISTED = 200
_MOST_MEMBERS = 1_000
_AFTER = OpenApiParameter("after", str, description="`next` of the page before.")
_LIMIT = OpenApiParameter(
    "limit", int, description=f"Members a page, at most {_MOST_MEMBERS:,}; default 100."
)


class _AudienceApi(APIView):
    """Reading and changing are scopes of their own."""

    def get_permissions(self) -> list[Any]:
        scope = Scope.AUDIENCES_READ if self.request.method == "GET" else Scope.AUDIENCES_WRITE
        return [HasScope(scope)()]


class AudiencesApi(_AudienceApi):
    """All audiences."""

    @extend_schema(
        operation_id="list_audiences",
        summary="Audiences by name",
        parameters=[_AFTER],
        responses={200: AudiencesView, **ERRORS},
    )
    def get(self, request: Request) -> Response:
        rows = list(Audience.objects.filter(name__gt=request.GET.get("after", ""))[: _MOST_LISTED + 1])
        shown = rows[:_MOST_LISTED]
        following = shown[-1].name if len(rows) > _MOST_LISTED else ""
        return Response(AudiencesView({"audiences": shown, "next": following}).data)

    @extend_schema(
        operation_id="create_audience",
        summary="Make an audience",
        request=AudienceRequest,
        responses={201: AudienceDetailView, **ERRORS},
    )
    def post(self, request: Request) -> Response:
        values = _read(request)
        kind = values.get("kind") or AudienceKind.FILTER
        audience = create_audience(
            name=values["name"],
            description=values["description"],
            kind=kind,
            filter_=_filter_in(values, kind),
        )
        _record(request, audience, "added", {"name": {"after": audience.name}})
        headers = {"Location": f"/api/v1/audiences/{audience.pk}"}
        return Response(_detail(audience), status=status.HTTP_201_CREATED, headers=headers)


class AudienceApi(_AudienceApi):
    """One audience."""

    @extend_schema(
        operation_id="get_audience", summary="An audience", responses={200: AudienceDetailView, **ERRORS}
    )
    def get(self, request: Request, audience_id: uuid.UUID) -> Response:
        return Response(_detail(_found(audience_id)))

    @extend_schema(
        operation_id="put_audience",
        summary="Change an audience",
        request=AudienceRequest,
        responses={200: AudienceDetailView, **ERRORS},
    )
    def put(self, request: Request, audience_id: uuid.UUID) -> Response:
        audience, values = _found(audience_id), _read(request)
        if values.get("kind", audience.kind) != audience.kind:
            raise RequestInvalid("An audience keeps its kind. Make a new one.", param="kind")
        before = {"name": audience.name, "filter": str(audience.filter)}
        filter_ = _filter_in(values, audience.kind)
        change_audience(audience, name=values["name"], description=values["description"], filter_=filter_)
        after = {"name": audience.name, "filter": str(audience.filter)}
        changes = {
            name: {"before": before[name], "after": after[name]}
            for name in before
            if before[name] != after[name]
        }
        _record(request, audience, "changed", changes)
        return Response(_detail(audience))

    @extend_schema(
        operation_id="delete_audience",
        summary="Delete an audience; the profiles stay",
        responses={204: None, **ERRORS},
    )
    def delete(self, request: Request, audience_id: uuid.UUID) -> Response:
        audience = _found(audience_id)
        with transaction.atomic():
            _record(request, audience, "deleted", {"name": {"before": audience.name}})
            delete_audience(audience)
        return Response(status=status.HTTP_204_NO_CONTENT)


class AudienceMembersApi(_AudienceApi):
    """Who is in an audience."""

    @extend_schema(
        operation_id="list_audience_members",
        summary="Members, page by page",
        description="A page may have fewer members than `limit`, or none, although others follow: where a filter "
        "finds few among very many. Go on until `next` is blank.",
        parameters=[_AFTER, _LIMIT],
        responses={200: MembersView, **ERRORS},
    )
    def get(self, request: Request, audience_id: uuid.UUID) -> Response:
        page = member_keys(_found(audience_id), after=_after(request), size=_limit(request))
        members = Profile.objects.filter(pk__in=page.keys).only("id", "msisdn", "external_id").order_by("id")
        return Response(MembersView({"members": members, "next": str(page.after or "")}).data)

    @extend_schema(
        operation_id="change_audience_members",
        summary="Put people on a list or take them off, up to 1,000",
        request=MembersRequest,
        responses={200: MembersChangedView, **ERRORS},
    )
    def post(self, request: Request, audience_id: uuid.UUID) -> Response:
        audience = _found(audience_id)
        body = MembersRequest(data=request.data)
        body.is_valid(raise_exception=True)
        values = body.validated_data
        if values["create_profiles"]:
            require_scope(cast(ApiKey, request.auth), Scope.PROFILES_WRITE)
        answer = change_members(
            audience,
            add=keys_of(values["add"], "add"),
            remove=keys_of(values["remove"], "remove"),
            create=values["create_profiles"],
            default_country=settings.SMSGATEWAY_DEFAULT_COUNTRY,
        )
        changes = {name: answer[name] for name in ("added", "removed", "created")}
        _record(request, audience, "changed members", changes)
        return Response(answer)


class AudienceCountApi(_AudienceApi):
    """How many are in an audience."""

    @extend_schema(
        operation_id="count_audience", summary="How many members", responses={200: CountView, **ERRORS}
    )
    def get(self, request: Request, audience_id: uuid.UUID) -> Response:
        count = count_in(_found(audience_id))
        return Response({"count": count.number, "exact": count.exact, "text": count.text})


def _read(request: Request) -> dict[str, Any]:
    body = AudienceRequest(data=request.data)
    body.is_valid(raise_exception=True)
    values: dict[str, Any] = body.validated_data
    return values


def _filter_in(values: dict[str, Any], kind: str) -> Any:
    """The filter; left out, it could only mean everybody, which nobody should say by accident."""
    if kind == AudienceKind.FILTER and values["filter"] is None:
        raise RequestInvalid("Send the filter, {} for all profiles.", param="filter")
    return values["filter"]


def _found(audience_id: uuid.UUID) -> Audience:
    audience = Audience.objects.filter(pk=audience_id).first()
    if audience is None:
        raise AudienceUnknown(f"There is no audience {audience_id}. GET /api/v1/audiences lists them.")
    return audience


def _detail(audience: Audience) -> dict[str, Any]:
    is_list = audience.kind == AudienceKind.STATIC
    known = () if is_list else seen_names()
    # Attributes of the row beside those of the page: the serializer reads both from one object.
    audience.__dict__["words"] = "" if is_list else describe(audience.filter, Names())
    audience.__dict__["warnings"] = [asdict(problem) for problem in check(audience.filter, known=known)]
    return dict(AudienceDetailView(audience).data)


def _after(request: Request) -> uuid.UUID | None:
    given = request.GET.get("after", "")
    try:
        return uuid.UUID(given) if given else None
    except ValueError as error:
        raise RequestInvalid("Give what “next” of the page before says.", param="after") from error


def _limit(request: Request) -> int:
    given = request.GET.get("limit", "100")
    if not given.isascii() or not given.isdigit() or not 1 <= int(given[:6]) <= _MOST_MEMBERS:
        raise RequestInvalid(f"Ask for 1 to {_MOST_MEMBERS:,} members a page.", param="limit")
    return int(given)


def _record(request: Request, audience: Audience, action: str, changes: dict[str, Any]) -> None:
    record(
        actor=cast(ApiKey, request.auth),
        action=action,
        obj=audience,
        changes=changes,
        address=address_of(request._request),
    )
