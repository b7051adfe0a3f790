"""`Send test SMS` on the credential's page: sends through the normal path and shows what the provider said."""

from __future__ import annotations

import uuid
from dataclasses import replace

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from access.audit import address_of, record
from core.errors import GatewayError
from core.numbers import mask_number
from credentials.models import ApiCredential
from credentials.testing import TestResult, TestSendForm, parts_of, result_of
from messaging.admin.badges import reason_text
from messaging.admin.refusals import add_refusal
from messaging.models import Message
from messaging.testsend import default_sender, send_test


def credential_test_send(request: HttpRequest, credential_id: uuid.UUID) -> HttpResponse:
    """POST only: number and message in, the typed result out."""
    if not request.user.has_perm("credentials.change_apicredential"):
        raise PermissionDenied
    credential = get_object_or_404(ApiCredential, id=credential_id)
    form = TestSendForm(request.POST)
    result, message = _send(request, credential, form) if form.is_valid() else (None, None)
    context = {
        **admin.site.each_context(request),
        "opts": ApiCredential._meta,
        "original": credential,
        "credential": credential,
        "form": form,
        "result": result,
        "message_url": reverse("admin:messaging_message_change", args=[message.pk]) if message else "",
    }
    return render(request, "admin/credentials/test_result.html", context)


def _send(
    request: HttpRequest, credential: ApiCredential, form: TestSendForm
) -> tuple[TestResult | None, Message | None]:
    number = form.cleaned_data["number"]
    try:
        message = send_test(
            credential=credential,
            sender=form.cleaned_data["sender"] or default_sender(credential),
            to=number,
            text=form.cleaned_data["message"],
        )
    except GatewayError as error:
        add_refusal(form, error, otherwise=None)
        return None, None
    record(
        actor=request.user,
        action="sent test SMS",
        obj=credential,
        changes={"to": mask_number(message.msisdn), "message": str(message.id)},
        address=address_of(request),
    )
    attempt = message.attempts.exclude(outcome__in=("", "not_sent")).last()
    result = replace(result_of(attempt, message), parts=parts_of(message))
    if attempt is None:
        result = replace(result, advice=f"Nothing was sent. {reason_text(message.reason)}.", detail="")
    return result, message
