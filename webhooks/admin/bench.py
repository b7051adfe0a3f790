"""The test bench of a webhook: what a request would do, without doing it."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse

from webhooks.admin.pages import kept_callback, page, webhook_to_change
from webhooks.forms.bench import BenchForm
from webhooks.trying import try_callback

_OFFERED = 20


def bench(request: HttpRequest, webhook_id: uuid.UUID) -> HttpResponse:
    """GET shows the form, filled in with `?callback=<id>`; POST shows what the request would do."""
    webhook = webhook_to_change(request, webhook_id)
    kept = kept_callback(request, webhook, request.GET.get("callback", ""))
    trial = None
    if request.method == "POST":
        form = BenchForm(request.POST)
        if form.is_valid():
            trial = try_callback(
                webhook=webhook, callback=form.cleaned_data["callback"], again=form.first_time
            )
    else:
        form = BenchForm.about(kept) if kept else BenchForm()
    may_see = request.user.has_perm("webhooks.view_inboundrequest")
    recent = webhook.requests.order_by("-received_at")[:_OFFERED] if may_see else ()
    return page(
        request, "bench", webhook, "Test bench", form=form, trial=trial, recent=recent, kept=kept,
        in_pieces=form.is_bound and not form.data.get("request"),
    )  # fmt: skip
