"""The REST API for consent: look up, history, bulk check. Changes reach messages, see `messaging.consent_api`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from access.authentication import HasScope
from access.models import Scope
from consent.ledger import standing_for
from consent.models import ConsentSubject
from consent.rules import decide
from consent.sealing import number_hash
from consent.selectors import opened, state_of
from consent.serializers import (
    CellView,
    CheckRequest,
    ChecksView,
    ConsentEventsView,
    ConsentEventView,
    ProblemView,
)
from consent.serializers import ConsentView as ConsentBody
from consent.timeline import words_of
from core.errors import ConsentUnknown, NumberInvalid, RequestInvalid, about
from core.numbers import parse_number, parse_sender
from core.vocabulary import Purpose

ERRORS: dict[int, Any] = dict.fromkeys((400, 401, 403, 404), ProblemView)
_MOST_EVENTS = 1000
_SHOWN = (Purpose.MARKETING, Purpose.TRANSACTIONAL, Purpose.ONE_TIME_CODE)


class ConsentView(APIView):
    """What holds for one number."""

    permission_classes = [HasScope(Scope.CONSENT_READ)]

    @extend_schema(
        operation_id="get_consent", summary="Consent of a number", responses={200: ConsentBody, **ERRORS}
    )
    def get(self, request: Request, number: str) -> Response:
        msisdn = read_number(number)
        return Response(body_of(subject_of(msisdn), msisdn))


class ConsentEventsApi(APIView):
    """The history of one number."""

    permission_classes = [HasScope(Scope.CONSENT_READ)]

    @extend_schema(
        operation_id="list_consent_events",
        summary="Every event of a number, newest first",
        parameters=[
            OpenApiParameter("limit", int, description=f"At most {_MOST_EVENTS}; 100 without it."),
            OpenApiParameter("before", int, description="Only events with a lower sequence."),
        ],
        responses={200: ConsentEventsView, **ERRORS},
    )
    def get(self, request: Request, number: str) -> Response:
        limit = _integer(request, "limit", 100, most=_MOST_EVENTS)
        before = _integer(request, "before", 2**31 - 1, most=2**31 - 1)
        subject = subject_of(read_number(number))
        rows = subject.events.select_related("subject__key").filter(sequence__lt=before).order_by("-sequence")
        found = list(opened(rows[:limit]))
        last = found[-1].event.sequence if found else 1
        return Response(
            {"events": ConsentEventView(found, many=True).data, "next_before": last if last > 1 else None}
        )


class ConsentCheckView(APIView):
    """May these numbers be written to?"""

    permission_classes = [HasScope(Scope.CONSENT_READ)]

    @extend_schema(
        operation_id="check_consent",
        summary="Whether up to 1,000 numbers may be written to",
        request=CheckRequest,
        responses={200: ChecksView, **ERRORS},
    )
    def post(self, request: Request) -> Response:
        body = CheckRequest(data=request.data)
        body.is_valid(raise_exception=True)
        values = body.validated_data
        with about("sender"):
            sender = parse_sender(values["sender"]).value if values["sender"].strip() else ""
        return Response({"results": _checked(values, sender)})


def read_number(text: str) -> str:
    """E.164 of a number in an address; NumberInvalid names the field."""
    with about("number"):
        return parse_number(text, default_country=settings.SMSGATEWAY_DEFAULT_COUNTRY)


def subject_of(msisdn: str) -> ConsentSubject:
    """The subject of a number; ConsentUnknown when nothing is on record."""
    subject = ConsentSubject.objects.filter(number_hash=number_hash(msisdn), last_sequence__gt=0).first()
    if subject is None:
        raise ConsentUnknown(
            "Nothing is on record for this number: transactional messages may go, marketing needs an opt-in."
        )
    return subject


def body_of(subject: ConsentSubject, msisdn: str) -> dict[str, Any]:
    """The API's answer about a subject."""
    rows = list(subject.states.exclude(state="").order_by("scope", "purpose"))
    standing = standing_for([subject.pk])[subject.pk]
    allowed = {
        purpose.value: decide(standing, sender="", purpose=purpose, require_opt_in=True).allowed
        for purpose in _SHOWN
    }
    return {
        "number": msisdn,
        "summary": words_of([state_of(row) for row in subject.states.all()]),
        "allowed": allowed,
        "states": CellView(rows, many=True).data,
        "events": subject.last_sequence,
        "changed_at": subject.touched_at,
    }


def _checked(values: dict[str, Any], sender: str) -> list[dict[str, Any]]:
    numbers = [_e164(text) for text in values["numbers"]]
    hashes = {number_hash(msisdn): msisdn for msisdn in numbers if msisdn}
    found = ConsentSubject.objects.filter(number_hash__in=hashes).values_list("number_hash", "pk")
    ids = {hashes[digest]: subject_id for digest, subject_id in found}
    standing = standing_for(list(ids.values()))
    return [
        {
            "number": text,
            "e164": msisdn,
            **_verdict(msisdn, standing.get(ids.get(msisdn, 0), ()), values, sender),
        }
        for text, msisdn in zip(values["numbers"], numbers, strict=True)
    ]


def _verdict(msisdn: str, states: Sequence[Any], values: dict[str, Any], sender: str) -> dict[str, Any]:
    if not msisdn:
        return {"allowed": False, "reason": NumberInvalid.code}
    decision = decide(
        states, sender=sender, purpose=Purpose(values["purpose"]), require_opt_in=values["require_opt_in"]
    )
    return {"allowed": decision.allowed, "reason": decision.reason}


def _e164(text: str) -> str:
    try:
        return parse_number(text, default_country=settings.SMSGATEWAY_DEFAULT_COUNTRY)
    except NumberInvalid:
        return ""


def _integer(request: Request, name: str, default: int, *, most: int) -> int:
    text = request.query_params.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:12]) <= most):
        raise RequestInvalid(f"{name} must be a whole number from 1 to {most}.", param=name)
    return int(text)
