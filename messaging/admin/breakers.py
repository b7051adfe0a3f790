"""The button that closes a credential's breaker by hand."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404

from access.audit import address_of, record
from core.admin_links import admin_url
from credentials.models import ApiCredential
from messaging import breaker
from messaging.wakeups import wake


def credential_breaker_reset(request: HttpRequest, credential_id: uuid.UUID) -> HttpResponse:
    """POST only: send again at once, without waiting for the next try."""
    if not request.user.has_perm("credentials.change_apicredential"):
        raise PermissionDenied
    credential = get_object_or_404(ApiCredential, id=credential_id)
    if breaker.reset(credential_id=credential.pk):
        record(actor=request.user, action="reset breaker", obj=credential, address=address_of(request))
        wake(credential.pk)
        messages.success(request, f"Messages of {credential} leave again.")
    else:
        messages.info(request, f"Nothing to do: messages of {credential} leave as usual.")
    return HttpResponseRedirect(admin_url(credential, "change"))
