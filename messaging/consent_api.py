"""Changing consent through the API: recorded and obeyed by waiting messages in one transaction."""

from __future__ import annotations

from typing import Any, cast

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from access.audit import address_of, record
from access.authentication import HasScope
from access.idempotency import run_once
from access.models import ApiKey, Scope
from consent.api import ERRORS, ConsentView, body_of, read_number
from consent.changing import preview
from consent.models import ConsentSubject, Source
from consent.serializers import ConsentChangedView, ConsentRequest, ProblemView
from core.errors import OptOutStands
from messaging import consent_changes


class ConsentChangeView(ConsentView):
    """Look up and change the consent of one number."""

    def get_permissions(self) -> list[Any]:
        """Reading and changing are scopes of their own."""
        scope = Scope.CONSENT_WRITE if self.request.method == "PUT" else Scope.CONSENT_READ
        return [HasScope(scope)()]

    @extend_schema(
        operation_id="put_consent",
        summary="Opt a number in or out",
        parameters=[OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER)],
        request=ConsentRequest,
        responses={200: ConsentChangedView, **ERRORS, 409: ProblemView, 422: ProblemView},
    )
    def put(self, request: Request, number: str) -> Response:
        msisdn = read_number(number)
        body = ConsentRequest(data=request.data)
        body.is_valid(raise_exception=True)
        done: list[consent_changes.Changed] = []
        code, answer, replayed = run_once(
            api_key=cast(ApiKey, request.auth),
            key=request.headers.get("Idempotency-Key", ""),
            request_body={"PUT consent": msisdn, "body": body.initial_data},
            work=lambda: _change(request, msisdn, body.validated_data, done),
        )
        for changed in done:
            consent_changes.settle(changed)
        return Response(answer, status=code, headers={"Idempotent-Replayed": "true"} if replayed else None)


def _change(
    request: Request, msisdn: str, values: dict[str, Any], done: list[consent_changes.Changed]
) -> tuple[int, dict[str, Any]]:
    key = cast(ApiKey, request.auth)
    kind = f"opt_{values['state']}"
    reach = {"scope": values["scope"], "purpose": values["purpose"]}
    effect = preview(msisdn=msisdn, kind=kind, source=Source.API, **reach)
    if effect.still_out and not effect.changes_anything:
        raise OptOutStands(
            "An opt-out stands that an application may not lift, or it is later than this opt-in. "
            "Staff can, on the page of the number, with a reason and proof.",
            param="state",
        )
    changed = consent_changes.change(
        msisdn=msisdn,
        kind=kind,
        source=Source.API,
        actor=f"API key {key.name}",
        reason=values["reason"],
        evidence=values["evidence"] or None,
        occurred_at=values["occurred_at"],
        **reach,
    )
    done.append(changed)
    subject = ConsentSubject.objects.get(pk=changed.event.subject_id)
    record(
        actor=key,
        action="changed consent",
        obj=subject,
        changes={"event": kind, **reach, "reason": values["reason"], "suppressed": changed.suppressed},
        address=address_of(request._request),
    )
    answer = body_of(subject, msisdn) | {"sequence": changed.event.sequence, "suppressed": changed.suppressed}
    return status.HTTP_200_OK, _as_json(answer)


def _as_json(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer as it is kept for a repeat: plain values only."""
    return dict(ConsentChangedView(answer).data)
