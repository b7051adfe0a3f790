"""`Send test SMS` on the credential's page: sends through the normal path and shows what the provider said."""

from __future__ import annotations

import uuid

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from access.audit import address_of, record
from core.errors import GatewayError
from core.numbers import mask_number
from core.vocabulary import FailureClass, Outcome
from credentials.client import Exchange
from credentials.models import ApiCredential
from credentials.reading import SendResult
from credentials.testing import TestResult
from messaging.admin.badges import reason_text
from messaging.forms import TestSendForm
from messaging.models import Attempt, Message
from messaging.testsend import default_sender, send_test


def credential_test_send(request: HttpRequest, credential_id: uuid.UUID) -> HttpResponse:
    """POST only: number and message in, the typed result out."""
    if not request.user.has_perm("credentials.change_apicredential"):
        raise PermissionDenied
    credential = get_object_or_404(ApiCredential, id=credential_id)
    form = TestSendForm(request.POST)
    context = {
        **admin.site.each_context(request),
        "opts": ApiCredential._meta,
        "original": credential,
        "credential": credential,
        "form": form,
        "result": _send(request, credential, form) if form.is_valid() else None,
    }
    return render(request, "admin/credentials/test_result.html", context)


def _send(request: HttpRequest, credential: ApiCredential, form: TestSendForm) -> TestResult:
    number = form.cleaned_data["number"]
    try:
        message = send_test(
            credential=credential,
            sender=form.cleaned_data["sender"] or default_sender(credential),
            to=number,
            text=form.cleaned_data["message"],
        )
    except GatewayError as error:
        return TestResult.refused(error.text, code=error.code)
    record(
        actor=request.user,
        action="sent test SMS",
        obj=credential,
        changes={"to": mask_number(number), "message": str(message.id)},
        address=address_of(request),
    )
    return _result_of(message)


def _result_of(message: Message) -> TestResult:
    """What the last attempt says; a message stopped before any attempt says why."""
    attempt = message.attempts.last()
    if attempt is None or not attempt.outcome or attempt.outcome == "not_sent":
        return TestResult.refused(reason_text(message.reason) or message.state, code=message.reason)
    return TestResult.of(_exchange_of(attempt, message))


def _exchange_of(attempt: Attempt, message: Message) -> Exchange:
    return Exchange(
        result=SendResult(
            Outcome(attempt.outcome),
            provider_id=message.provider_id,
            code=attempt.code,
            detail=attempt.detail,
            failure=FailureClass(attempt.failure),
        ),
        request=attempt.request,
        response=attempt.response,
        elapsed_ms=attempt.elapsed_ms or 0,
    )
