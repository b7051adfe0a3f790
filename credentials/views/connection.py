""" "Test connection": the steps and the verdict, and the switch to the other way of asking for a token."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse

from access.audit import address_of, record
from core.errors import GatewayError
from credentials.choices import TokenEncoding
from credentials.connection import ConnectionTest, Mark, Step, Verdict, test_connection
from credentials.loading import spec_of
from credentials.models import ApiCredential
from credentials.views.shared import credential_of, needs, page


def connection_test(request: HttpRequest, credential_id: uuid.UUID) -> HttpResponse:
    """Check the credential as it is saved and show each step."""
    needs(request, "change")
    return _shown(request, credential_of(credential_id))


def switch_encoding(request: HttpRequest, credential_id: uuid.UUID) -> HttpResponse:
    """Send the token request the other way from now on, and test again."""
    needs(request, "change")
    credential = credential_of(credential_id)
    wanted, before = request.POST.get("encoding", ""), credential.oauth_encoding
    if wanted not in TokenEncoding.values:
        messages.error(request, "Choose form or JSON; nothing was changed.")
    elif wanted != before:
        credential.oauth_encoding = wanted
        credential.save(update_fields=["oauth_encoding"])
        changes = {"oauth_encoding": {"before": before, "after": wanted}}
        record(
            actor=request.user, action="changed", obj=credential, changes=changes, address=address_of(request)
        )
        label = TokenEncoding(wanted).label
        messages.success(request, f"{credential} now sends its token request as {label}.")
    return _shown(request, credential)


def _shown(request: HttpRequest, credential: ApiCredential) -> HttpResponse:
    try:
        result = test_connection(spec_of(credential))
    except GatewayError as error:  # a stored secret that does not open
        step = Step("Settings", Mark.FAILED, error.text)
        result = ConnectionTest(Verdict.CONFIGURATION, "Type the secrets of this credential again.", (step,))
    record(
        actor=request.user,
        action="tested connection",
        obj=credential,
        changes={"verdict": result.verdict.value},
        address=address_of(request),
    )
    other = result.other_encoding
    context = {
        "original": credential,
        "credential": credential,
        "result": result,
        "other_label": TokenEncoding(other).label if other else "",
    }
    return page(request, "connection", "Test connection", **context)
