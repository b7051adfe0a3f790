"""The answer to "Send proof": a part of the page for its script, a page of its own without."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from access.audit import address_of, record
from campaigns.admin.editing import may_see_profiles
from campaigns.authoring.posted import draft_of
from campaigns.authoring.previewing import EXAMPLE
from campaigns.authoring.proofs import Proof, send_proofs
from campaigns.authoring.samples import Sample
from campaigns.models import MessageTemplate, StaffNumber
from core.errors import RequestInvalid
from messaging.admin.badges import reason_text

_PLACE = "admin/campaigns/messagetemplate"


def proof(request: HttpRequest, page: dict[str, Any]) -> HttpResponse:
    """The posted form in; who got the proof, and who did not and why, out."""
    proofs: list[Proof] = []
    problem = ""
    try:
        proofs = _sent(request)
    except RequestInvalid as error:
        problem = error.text
    _record(request, proofs)
    told = [(proof, reason_text(proof.message.reason) if proof.message else "") for proof in proofs]
    context = {**page, "proofs": told, "problem": problem, "title": "Proof", "opts": MessageTemplate._meta}
    is_script = request.headers.get("X-Requested-With") == "fetch"
    name = "proof_result" if is_script else "proof_page"
    return render(request, f"{_PLACE}/{name}.html", context, status=200 if proofs else 422)


def _sent(request: HttpRequest) -> list[Proof]:
    draft, samples = draft_of(request.POST, may_see_profiles=may_see_profiles(request))
    if samples.problem:
        raise RequestInvalid(samples.problem)
    ids = [found for found in map(_uuid, request.POST.getlist("proof_to")) if found]
    return send_proofs(
        source=draft.source,
        policy=draft.policy,
        channel=draft.ways.channel,
        sample=_chosen(samples.all, request.POST.get("proof_sample", "")),
        staff=list(StaffNumber.objects.filter(pk__in=ids)),
    )


def _chosen(samples: tuple[Sample, ...], position: str) -> Sample:
    index = int(position) if position.isdecimal() and len(position) < 4 else 0
    return samples[min(index, len(samples) - 1)] if samples else EXAMPLE


def _record(request: HttpRequest, proofs: list[Proof]) -> None:
    sent = [str(proof.message.id) for proof in proofs if proof.message]
    if sent:
        template = MessageTemplate(name=request.POST.get("name", "")[:100])
        changes = {"to": [proof.staff.name for proof in proofs if proof.message], "messages": sent}
        record(
            actor=request.user,
            action="sent proof",
            obj=template,
            changes=changes,
            address=address_of(request),
        )


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
