"""Mapping by clicking: catch or paste a callback, click its values, try it on all samples, save."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string

from access.audit import address_of, record
from core.errors import GatewayError
from webhooks import listening, marking, remapping, reprocessing
from webhooks.admin.pages import back_to, kept_callback, page, webhook_to_change
from webhooks.models import KeptSample, RequestState, Webhook
from webhooks.pasted import read_pasted

KINDS: Final[Mapping[str, str]] = {
    "inbound": "A message from a person",
    "report": "A delivery report",
    "opt_out": "An opt-out that the provider tells",
}


@dataclass(frozen=True)
class _Asked:
    """What a request is about."""

    webhook: Webhook
    kind: str
    sample: KeptSample | None
    tree: Any = None
    problem: str = ""


def map_page(request: HttpRequest, webhook_id: uuid.UUID) -> HttpResponse:
    """GET shows a sample to click on; POST does what its button says."""
    webhook = webhook_to_change(request, webhook_id)
    listening.collect(webhook=webhook)
    if request.method != "POST":
        return _shown(request, _asked(webhook, request.GET))
    action = _ACTIONS.get(request.POST.get("action", ""))
    return action(request, webhook) if action else back_to("map", webhook)


def live(request: HttpRequest, webhook_id: uuid.UUID) -> HttpResponse:
    """What the page asks while it listens: {"on", "left", "count", "html"}."""
    webhook = webhook_to_change(request, webhook_id)
    listening.collect(webhook=webhook)
    state = listening.state_of(webhook)
    asked = _asked(webhook, request.GET)
    samples = list(listening.samples_of(webhook))
    html = render_to_string(
        "admin/webhooks/tools/samples.html",
        {"webhook": webhook, "samples": samples, "sample": asked.sample, "kind": asked.kind},
        request,
    )
    return JsonResponse({"on": state.on, "left": state.left, "count": len(samples), "html": html})


def _asked(webhook: Webhook, values: Mapping[str, Any]) -> _Asked:
    kind = str(values.get("kind") or "inbound")
    kind = kind if kind in KINDS else "inbound"
    sample = _sample(webhook, str(values.get("sample") or ""))
    if sample is None:
        return _Asked(webhook, kind, None)
    try:
        return _Asked(webhook, kind, sample, remapping.tree_of(sample, webhook))
    except GatewayError as error:
        return _Asked(webhook, kind, sample, None, error.text)


def _sample(webhook: Webhook, sample_id: str) -> KeptSample | None:
    try:
        return webhook.samples.filter(pk=uuid.UUID(sample_id)).first()
    except ValueError:
        return webhook.samples.order_by("-received_at").first()


def _shown(request: HttpRequest, asked: _Asked, **more: Any) -> HttpResponse:
    webhook, tree = asked.webhook, asked.tree
    marks = more.pop("marks", None)
    lines = marking.lines_of(tree) if tree is not None else []
    if marks is None:
        places = {line.place for line in lines}
        known = marking.marked_in(remapping.current(webhook, asked.kind), asked.kind)
        marks = {place: name for place, name in known.items() if place in places}
        marks = marks or (marking.suggested(tree) if tree is not None else {})
    choices = {**marking.CHOICES[asked.kind], marking.FIXED: marking.FIXED_LABEL}
    return page(
        request,
        "map",
        webhook,
        "Map by clicking",
        kinds=KINDS.items(),
        kind=asked.kind,
        sample=asked.sample,
        problem=asked.problem,
        lines=[(line, choices.get(marks.get(line.place, ""), "")) for line in lines],
        marks=json.dumps({json.dumps(place): name for place, name in marks.items()}),
        choices=json.dumps(list(choices.items())),
        samples=list(listening.samples_of(webhook)),
        listening=listening.state_of(webhook),
        quarantined=webhook.requests.filter(state=RequestState.QUARANTINED).count(),
        **more,
    )


def _query(kind: str, sample: KeptSample) -> str:
    return f"?kind={kind}&sample={sample.pk}"


def _listen(request: HttpRequest, webhook: Webhook) -> HttpResponse:
    listening.start(webhook=webhook)
    record(actor=request.user, action="listening started", obj=webhook, address=address_of(request))
    return back_to("map", webhook)


def _stop(request: HttpRequest, webhook: Webhook) -> HttpResponse:
    listening.stop(webhook=webhook)
    return back_to("map", webhook)


def _paste(request: HttpRequest, webhook: Webhook) -> HttpResponse:
    try:
        callback = read_pasted(request.POST.get("pasted", ""))
    except GatewayError as error:
        return _shown(request, _asked(webhook, request.POST), paste_problem=error.text)
    sample = listening.keep_pasted(webhook=webhook, callback=callback)
    return back_to("map", webhook, _query(_asked(webhook, request.POST).kind, sample))


def _keep(request: HttpRequest, webhook: Webhook) -> HttpResponse:
    raw = kept_callback(request, webhook, request.POST.get("callback", ""))
    if raw is None:
        return back_to("map", webhook)
    sample = listening.keep_callback(webhook=webhook, raw=raw)
    return back_to("map", webhook, _query("inbound", sample))


def _forget(request: HttpRequest, webhook: Webhook) -> HttpResponse:
    sample = _asked(webhook, request.POST).sample
    if sample is not None:
        sample.delete()
    return back_to("map", webhook)


def _try(request: HttpRequest, webhook: Webhook) -> HttpResponse:
    asked = _asked(webhook, request.POST)
    marks = marking.read_marks(request.POST.get("marks", ""), asked.kind)
    sample = marking.sample_of(asked.tree, marks)
    missing = marking.check(sample, asked.kind)
    if missing:
        return _shown(request, asked, marks=marks, mapping_problem=missing)
    try:
        tried = remapping.try_mapping(
            webhook=webhook, kind=asked.kind, sample=sample, samples=list(listening.samples_of(webhook))
        )
        if request.POST.get("action") == "save":
            return _saved(request, asked, sample)
    except GatewayError as error:
        return _shown(request, asked, marks=marks, mapping_problem=error.text)
    return _shown(request, asked, marks=marks, tried=tried, proposed=sample)


def _saved(request: HttpRequest, asked: _Asked, sample: str) -> HttpResponse:
    webhook = remapping.set_mapping(webhook=asked.webhook, kind=asked.kind, sample=sample)
    record(actor=request.user, action=f"mapping set: {asked.kind}", obj=webhook, address=address_of(request))
    messages.success(request, "The mapping is live: callbacks are read by it from now on.")
    return back_to("map", webhook, _query(asked.kind, asked.sample) if asked.sample else "")


def _again(request: HttpRequest, webhook: Webhook) -> HttpResponse:
    count = reprocessing.process_quarantined_again(webhook=webhook)
    record(actor=request.user, action="quarantine processed again", obj=webhook, address=address_of(request))
    plural = "s are" if count != 1 else " is"
    messages.success(request, f"{count} callback{plural} processed again within half a minute.")
    return back_to("map", webhook)


_ACTIONS: Final = {
    "listen": _listen, "stop": _stop, "paste": _paste, "keep": _keep, "forget": _forget, "try": _try,
    "save": _try, "again": _again,
}  # fmt: skip
