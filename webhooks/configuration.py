"""A webhook's fields read once: keyword rules and samples, kept per process until the webhook changes."""

from __future__ import annotations

import uuid
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime

from webhooks.answers import TAKEN, Answer
from webhooks.keywords import KeywordRules
from webhooks.models import Webhook
from webhooks.reading import InboundReader
from webhooks.samples import samples_of
from webhooks.statuses import parse_status_map
from webhooks.verification import AcceptAll, Verifier
from webhooks.verifying import build as build_verifier

_KEPT = 500


@dataclass(frozen=True, slots=True)
class Configuration:
    """What receiving needs of a webhook, parsed."""

    rules: KeywordRules
    reader: InboundReader
    verifier: Verifier = field(default_factory=AcceptAll)
    answer: Answer = TAKEN


_cache: OrderedDict[tuple[uuid.UUID, datetime], Configuration] = OrderedDict()


def configuration_of(webhook: Webhook) -> Configuration:
    """The webhook's rules and reader; raises KeywordsOverlap, ConfigurationInvalid or MappingInvalid."""
    key = (webhook.id, webhook.updated_at)
    found = _cache.get(key)
    if found is None:
        found = _cache[key] = parse(webhook)
        while len(_cache) > _KEPT:
            _cache.popitem(last=False)
    return found


def parse(webhook: Webhook) -> Configuration:
    """Read the fields; a blank sample is the vendor's own."""
    samples = samples_of(webhook.vendor)
    return Configuration(
        rules=KeywordRules.parse(
            opt_in=webhook.opt_in_keywords, opt_out=webhook.opt_out_keywords, help=webhook.help_keywords
        ),
        reader=InboundReader(
            webhook.inbound_mapping.strip() or samples.inbound,
            webhook.report_mapping.strip() or samples.report,
            parse_status_map(webhook.status_map),
        ),
        verifier=build_verifier(webhook),
    )
