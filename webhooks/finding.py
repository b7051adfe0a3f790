"""Finding callbacks without opening them: by hashed number or id, else by the text of messages read from them."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db.models import Q, QuerySet

from core.numbers import search_forms
from webhooks.models import InboundMessage, InboundRequest, InboundRequestKey
from webhooks.recording import id_key, number_key

MOST_TEXTS = 20_000  # newest messages whose text is looked through: no index helps there
_MOST_FOUND = 500


def find_callbacks(requests: QuerySet[InboundRequest], term: str) -> QuerySet[InboundRequest]:
    """Those about a number, or an id of the provider or ours; if there is none, those whose message has the words."""
    term = term.strip()
    if not term:
        return requests
    forms = search_forms(term, default_country=settings.SMSGATEWAY_DEFAULT_COUNTRY)
    numbers = (
        {key for form in (term, *forms) if (key := number_key(form))} if forms or term.isdigit() else set()
    )
    by_key = Q(number_key__in=numbers) | Q(id_key=id_key(term)) if numbers else Q(id_key=id_key(term))
    # Looked up first: with a subquery in the condition the database would read every callback.
    further = list(
        InboundRequestKey.objects.filter(by_key).values_list("request_id", flat=True)[:_MOST_FOUND]
    )
    found = requests.filter(by_key | Q(pk__in=further))
    if found.exists():
        return found
    return requests.filter(pk__in=_by_text(term))


def _by_text(term: str) -> list[uuid.UUID]:
    recent = InboundMessage.objects.order_by("-received_at").values("pk")[:MOST_TEXTS]
    matching = InboundMessage.objects.filter(pk__in=recent, text__icontains=term, request__isnull=False)
    return [pk for pk in matching.values_list("request_id", flat=True)[:_MOST_FOUND] if pk is not None]
