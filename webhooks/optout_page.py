"""The hosted opt-out page: looking changes nothing (link previews look), a button does.

It stands here because the brand and how far an opt-out reaches are settings of the credential's webhook.
"""

from __future__ import annotations

import uuid

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from access.audit import address_of
from consent import optout
from consent.ledger import states_for
from consent.models import Kind, OptOutLink, Source
from consent.optout_texts import TEXTS, Words, language_of
from consent.rules import OUT
from consent.selectors import number_of
from messaging import consent_changes
from webhooks.models import OptOutScope, Webhook

_LONGEST_AGENT = 500


@csrf_exempt  # the token in the address is the secret, and no cookie is read
@require_http_methods(["GET", "HEAD", "POST"])
def optout_page(request: HttpRequest, token: str) -> HttpResponse:
    """Ask (GET) or opt out (POST); an unknown token gets a page that says what else helps."""
    language = request.POST.get("language") or request.GET.get("language", "")
    if language not in TEXTS:
        language = language_of(request.headers.get("Accept-Language", ""))
    words, link = TEXTS[language], optout.find(token)
    if link is None:
        return _page(request, language, words, stage="gone", brand="", status=404)
    webhook = _webhook_of(link)
    brand = _brand(link, webhook)
    if request.method != "POST":
        return _page(request, language, words, stage="ask", brand=brand)
    _opt_out(request, link, webhook, shown=words.question.format(brand=brand), language=language)
    return _page(request, language, words, stage="done", brand=brand)


def _opt_out(
    request: HttpRequest, link: OptOutLink, webhook: Webhook | None, *, shown: str, language: str
) -> None:
    scope, purpose = _reach(link, webhook)
    cells = states_for([link.subject_id])[link.subject_id]
    if any((cell.scope, cell.purpose, cell.state) == (scope, purpose, OUT) for cell in cells):
        return  # pressed before
    number = number_of(link.subject)
    changed = consent_changes.change(
        msisdn=number,
        subject_id=None if number else link.subject_id,
        kind=Kind.OPT_OUT,
        scope=scope,
        purpose=purpose,
        source=Source.WEB,
        actor="recipient",
        reference=f"optout:{link.pk}",
        evidence={
            "url": f"{settings.SMSGATEWAY_PUBLIC_URL}/optout/{link.token}",
            "ip": address_of(request),
            "user_agent": request.headers.get("User-Agent", "")[:_LONGEST_AGENT],
            "language": language,
            "shown": shown,
        },
    )
    consent_changes.settle(changed)


def _webhook_of(link: OptOutLink) -> Webhook | None:
    kind, _, value = link.reference.partition(":")
    try:
        credential_id = uuid.UUID(value)
    except ValueError:
        return None
    found = Webhook.objects.filter(endpoint__credential_id=credential_id).order_by("pk")
    return found.first() if kind == "credential" else None


def _brand(link: OptOutLink, webhook: Webhook | None) -> str:
    """Who sends: the brand on the webhook, else the sender as the recipient sees it."""
    return (webhook.brand.strip() if webhook else "") or link.sender


def _reach(link: OptOutLink, webhook: Webhook | None) -> tuple[str, str]:
    """What an opt-out stops, as for a STOP to the same webhook; without one, everything."""
    if webhook is None:
        return "all", "all"
    scope = f"sender:{link.sender}" if webhook.opt_out_scope == OptOutScope.SENDER else "all"
    return scope, webhook.opt_out_purpose


def _page(
    request: HttpRequest, language: str, words: Words, *, stage: str, brand: str, status: int = 200
) -> HttpResponse:
    titles = {"ask": words.title, "done": words.done_title, "gone": words.gone_title}
    context = {
        "language": language,
        "languages": [(key, other.name) for key, other in TEXTS.items() if key != language],
        "stage": stage,
        "title": titles[stage].format(brand=brand),
        "question": words.question.format(brand=brand),
        "done": words.done.format(brand=brand),
        "words": words,
    }
    answer = render(request, "webhooks/optout.html", context, status=status)
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    patch_vary_headers(answer, ("Accept-Language",))
    return answer
