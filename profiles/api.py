"""The REST API for profiles: look up, put, patch, delete, and many at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.db import transaction
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from access.api_errors import error_of
from access.audit import address_of, record
from access.authentication import HasScope
from access.models import ApiKey, Scope
from core.errors import GatewayError, RequestInvalid, about
from core.numbers import parse_number
from core.text import clean
from profiles.entries import Entry, Key, Outcome, Policy, Verdict
from profiles.models import Profile
from profiles.putting import patch, put
from profiles.selectors import profile_of
from profiles.serializers import (
    BulkRequest,
    BulkView,
    ProfilePatch,
    ProfileProblemView,
    ProfileRequest,
    ProfileRow,
    ProfileView,
    e164,
    entry_of,
)
from profiles.upserting import upsert_many

ERRORS: dict[int, Any] = dict.fromkeys((400, 401, 403, 404), ProfileProblemView)
CONFLICT: dict[int, Any] = {409: ProfileProblemView}
_LONGEST_EXTERNAL_ID = 100
_WORDS = {Verdict.CREATED: "added", Verdict.UPDATED: "changed"}


class ProfileDetailView(APIView):
    """One profile, by the id in the application's own system."""

    def get_permissions(self) -> list[Any]:
        """Reading and changing are scopes of their own."""
        scope = (
            Scope.PROFILES_READ if self.request.method in ("GET", "HEAD", "OPTIONS") else Scope.PROFILES_WRITE
        )
        return [HasScope(scope)()]

    @extend_schema(
        operation_id="get_profile", summary="A profile by external ID", responses={200: ProfileView, **ERRORS}
    )
    def get(self, request: Request, external_id: str) -> Response:
        return Response(ProfileView(profile_of(external_id=external_id)).data)

    @extend_schema(
        operation_id="put_profile",
        summary="Make or replace a profile",
        request=ProfileRequest,
        responses={200: ProfileView, 201: ProfileView, **ERRORS, **CONFLICT},
    )
    @transaction.atomic  # with its line in the audit trail
    def put(self, request: Request, external_id: str) -> Response:
        if len(external_id) > _LONGEST_EXTERNAL_ID or clean(external_id) != external_id:
            raise RequestInvalid(
                f"An external ID has at most {_LONGEST_EXTERNAL_ID} characters, and no NUL.",
                param="external_id",
            )
        body = ProfileRequest(data=request.data)
        body.is_valid(raise_exception=True)
        outcome = put(entry_of(body.validated_data, external_id=external_id))
        return _answer(request, outcome)

    @extend_schema(
        operation_id="patch_profile",
        summary="Change a profile by JSON Merge Patch",
        request=ProfilePatch,
        responses={200: ProfileView, **ERRORS, **CONFLICT},
    )
    @transaction.atomic
    def patch(self, request: Request, external_id: str) -> Response:
        body = ProfilePatch(data=request.data)
        body.is_valid(raise_exception=True)
        changes = dict(body.validated_data)
        if "number" in changes:
            changes["number"] = e164(changes["number"], "number")
        if changes.get("other_numbers"):
            changes["other_numbers"] = [e164(one, "other_numbers") for one in changes["other_numbers"]]
        return _answer(request, patch(external_id=external_id, changes=changes))

    @extend_schema(
        operation_id="delete_profile",
        summary="Delete a profile; consent and messages stay",
        responses={204: None, **ERRORS},
    )
    @transaction.atomic
    def delete(self, request: Request, external_id: str) -> Response:
        profile = profile_of(external_id=external_id)
        _audit(request, "deleted", profile)
        profile.delete()
        return Response(status=status.HTTP_204_NO_CONTENT)


class ProfileSearchView(APIView):
    """One profile, by any of its numbers."""

    permission_classes = [HasScope(Scope.PROFILES_READ)]

    @extend_schema(
        operation_id="find_profile",
        summary="A profile by number or external ID",
        parameters=[
            OpenApiParameter("number", str, description="Any of its numbers, in any form."),
            OpenApiParameter("external_id", str, description="For ids that no address can hold."),
        ],
        responses={200: ProfileView, **ERRORS},
    )
    def get(self, request: Request) -> Response:
        text, external_id = (request.query_params.get(name, "") for name in ("number", "external_id"))
        if bool(text) == bool(external_id):
            raise RequestInvalid("Give either number or external_id.", param="number")
        if external_id:
            return Response(ProfileView(profile_of(external_id=external_id)).data)
        # In a query a plus sign is a blank; few escape it.
        typed = f"+{text[1:]}" if text.startswith(" ") else text
        with about("number"):
            msisdn = parse_number(typed, default_country=settings.SMSGATEWAY_DEFAULT_COUNTRY)
        return Response(ProfileView(profile_of(number=msisdn)).data)


class ProfileBulkView(APIView):
    """Many profiles in one request."""

    permission_classes = [HasScope(Scope.PROFILES_WRITE)]

    @extend_schema(
        operation_id="put_profiles",
        summary="Make or change up to 1,000 profiles",
        request=BulkRequest,
        responses={200: BulkView, **ERRORS},
    )
    @transaction.atomic
    def post(self, request: Request) -> Response:
        body = BulkRequest(data=request.data)
        body.is_valid(raise_exception=True)
        values = body.validated_data
        outcomes = _upserted(values["profiles"], key=Key(values["key"]), policy=Policy(values["existing"]))
        results = [{"index": index, **one} for index, one in enumerate(outcomes)]
        counts = Counter("refused" if "error" in one else one["result"] for one in results)
        record(
            actor=request.auth,
            action="changed many",
            obj=Profile(),
            changes=dict(counts),
            address=address_of(request._request),
        )
        return Response({"counts": {one.value: counts[one.value] for one in Verdict}, "results": results})


def _upserted(rows: Sequence[Any], *, key: Key, policy: Policy) -> list[dict[str, Any]]:
    read = [_entry_or_error(row) for row in rows]
    done = iter(upsert_many([one for one in read if isinstance(one, Entry)], key=key, policy=policy))
    return [_result(next(done)) if isinstance(one, Entry) else {"error": error_of(one)} for one in read]


def _entry_or_error(row: Any) -> Entry | ValidationError | GatewayError:
    try:
        body = ProfileRow(data=row)
        body.is_valid(raise_exception=True)
        return entry_of(body.validated_data, external_id=body.validated_data["external_id"])
    except (ValidationError, GatewayError) as error:
        return error


def _result(outcome: Outcome) -> dict[str, Any]:
    if outcome.error is not None:
        return {"error": error_of(outcome.error)}
    return {"result": outcome.verdict.value, "id": outcome.profile_id}


def _answer(request: Request, outcome: Outcome) -> Response:
    profile = Profile.objects.get(pk=cast(UUID, outcome.profile_id))
    if word := _WORDS.get(outcome.verdict):
        _audit(request, word, profile)
    made = outcome.verdict is Verdict.CREATED
    return Response(ProfileView(profile).data, status=status.HTTP_201_CREATED if made else status.HTTP_200_OK)


def _audit(request: Request, action: str, profile: Profile) -> None:
    key = cast(ApiKey, request.auth)
    record(actor=key, action=action, obj=profile, address=address_of(request._request))
