"""A webhook's fields read once: rules, mappings, answers; kept per process until webhook or credential change."""

from __future__ import annotations

import uuid
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from core.errors import MappingInvalid
from credentials.codes import table_for
from credentials.models import ApiCredential
from credentials.vendors import preset_of
from credentials.vendors.format import webhook_problems
from webhooks.answering import Answers
from webhooks.answers import Answer
from webhooks.inbox import words_of
from webhooks.keywords import KeywordRules
from webhooks.models import Webhook, WebhookKind
from webhooks.reading import InboundReader
from webhooks.samples import webhook_table
from webhooks.spec import MappingSpec, WebhookSpec
from webhooks.statuses import StatusTable, parse_status_map
from webhooks.verification import AcceptAll, Verifier
from webhooks.verifying import build as build_verifier

_KEPT = 500


@dataclass(frozen=True, slots=True)
class Configuration:
    """What receiving needs of a webhook, parsed. `codes`: the provider's error code -> FailureClass value."""

    rules: KeywordRules
    reader: InboundReader
    verifier: Verifier = field(default_factory=AcceptAll)
    answers: Answers = field(default_factory=Answers)
    codes: Mapping[str, str] = field(default_factory=dict)

    @property
    def answer(self) -> Answer:
        """What a call gets that says nothing."""
        return self.answers.to(())


_Key = tuple[uuid.UUID, datetime, int]
_cache: OrderedDict[_Key, Configuration] = OrderedDict()


def configuration_of(webhook: Webhook) -> Configuration:
    """The webhook's rules and reader; raises KeywordsOverlap, ConfigurationInvalid or MappingInvalid."""
    credential = webhook.credential
    key = (webhook.id, webhook.updated_at, credential.revision)
    found = _cache.get(key)
    if found is None:
        found = _cache[key] = parse(webhook, credential)
        while len(_cache) > _KEPT:
            _cache.popitem(last=False)
    return found


def parse(webhook: Webhook, credential: ApiCredential) -> Configuration:
    """Read the fields of the webhook as one of this credential."""
    spec = _for_kind(webhook.kind, spec_of(webhook, credential))
    return Configuration(
        rules=rules_of(webhook, _custom_words(webhook)),
        reader=InboundReader(
            spec, StatusTable(spec.statuses, words_of(credential), parse_status_map(webhook.status_map))
        ),
        verifier=build_verifier(webhook),
        answers=Answers(spec.answers),
        codes=table_for(credential),
    )


def _for_kind(kind: str, spec: WebhookSpec) -> WebhookSpec:
    """What a webhook is not for is not read: a callback of that kind goes to quarantine, where staff see it."""
    if kind == WebhookKind.INBOUND:
        return replace(spec, report=MappingSpec())
    return replace(spec, inbound=MappingSpec()) if kind == WebhookKind.FEEDBACK else spec


def rules_of(webhook: Webhook, custom: Mapping[str, str]) -> KeywordRules:
    """The webhook's keyword lists, saved or not; `custom` is category name -> list."""
    return KeywordRules.parse(
        opt_in=webhook.opt_in_keywords,
        opt_out=webhook.opt_out_keywords,
        help=webhook.help_keywords,
        double_opt_in=webhook.double_opt_in_keywords,
        custom=custom,
        brand=webhook.brand,
        honour_required=webhook.honour_required,
    )


def _custom_words(webhook: Webhook) -> dict[str, str]:
    if webhook._state.adding:
        return {}
    return dict(webhook.custom_keywords.values_list("name", "keywords"))


def variables_of(vendor: str, credential: ApiCredential) -> dict[str, str]:
    """What {{names}} of a mapping stand for: the credential's variables, else what the vendor's preset starts with."""
    defaults = {item.name: item.default for item in preset_of(vendor).inputs if not item.field}
    return {**defaults, **{row.name: row.value for row in credential.variables.all()}}


def spec_of(webhook: Webhook, credential: ApiCredential) -> WebhookSpec:
    """The webhook's mapping with the credential's variables filled in."""
    variables = variables_of(webhook.vendor, credential)
    return WebhookSpec.of(table_of(webhook, credential, variables)).filled(variables)


def table_of(webhook: Webhook, credential: ApiCredential, variables: Mapping[str, Any]) -> dict[str, Any]:
    """The webhook's mapping as a `[webhook]` table: its own sections, the preset's for the rest.

    A sample of the webhook takes the place of the preset's whole section, unless it is the preset's own, which the
    form starts with. MappingInvalid for a key it cannot have.
    """
    for problem in webhook_problems(webhook.mapping):
        raise MappingInvalid(f"Mapping: {problem}")
    own = credential.webhook_preset if credential.vendor == webhook.vendor else {}
    table = {**webhook_table(webhook.vendor, variables, own), **webhook.mapping}
    samples = {
        "inbound": webhook.inbound_mapping,
        "report": webhook.report_mapping,
        "lookup": webhook.lookup_mapping,
    }
    for section, sample in samples.items():
        own_sample = str(table.get(section, {}).get("sample", ""))
        if sample.strip() and sample.split() != own_sample.split():
            table[section] = {**webhook.mapping.get(section, {}), "sample": sample}
    return table
