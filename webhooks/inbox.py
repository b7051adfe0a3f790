"""Status words nobody knew: counted in an inbox, their reports held, and applied once staff say what they mean."""

from __future__ import annotations

import logging
from dataclasses import asdict

from django.db import IntegrityError, transaction
from django.db.models import F

from core.clock import now
from credentials.codes import credentials_of, scope_of
from credentials.models import ApiCredential
from messaging.reports import Report
from webhooks import lookup
from webhooks.models import HeldReport, InboundRequest, ProviderStatus, StatusMeaning, Webhook
from webhooks.statuses import NO_PROGRESS, status_key

log = logging.getLogger(__name__)

_LONGEST_WORD = 255
# What staff choose -> what the engine calls it.
_MEANINGS = {StatusMeaning.NO_PROGRESS.value: NO_PROGRESS}


def words_of(credential: ApiCredential) -> dict[str, str]:
    """Status word in `status_key` form -> meaning, as staff have said it for the credential's vendor."""
    said = ProviderStatus.objects.filter(scope=scope_of(credential)).exclude(meaning="")
    return {
        status_key(word): _MEANINGS.get(meaning, meaning)
        for word, meaning in said.values_list("word", "meaning")
    }


def hold(*, webhook: Webhook, request: InboundRequest, report: Report) -> None:
    """Keep a report with an unknown word, and count the word in the inbox."""
    word = report.raw_status[:_LONGEST_WORD]
    HeldReport.objects.create(webhook=webhook, request=request, word=word, report=asdict(report))
    _note(scope_of(webhook.credential), word)


def map_status(*, status: ProviderStatus, meaning: str) -> None:
    """Say what a word means; from the next callback on it does, and held reports are applied by the next round."""
    with transaction.atomic():
        ProviderStatus.objects.filter(pk=status.pk).update(meaning=meaning)
        webhooks = Webhook.objects.filter(endpoint__credential__in=credentials_of(status.scope))
        webhooks.update(updated_at=now())  # configurations are kept by it
        lookup.forget()
        transaction.on_commit(lookup.forget)


def _note(scope: str, word: str) -> None:
    known = ProviderStatus.objects.filter(scope=scope, word=word)
    counted = {"seen": F("seen") + 1, "last_seen_at": now()}
    if known.update(**counted):
        return
    try:
        with transaction.atomic():
            ProviderStatus.objects.create(scope=scope, word=word)
    except IntegrityError:  # another process was faster
        known.update(**counted)
