"""A new mapping of a webhook: tried on every kept sample first, then set."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from requests.structures import CaseInsensitiveDict

from core.errors import GatewayError
from webhooks.bodies import read_body
from webhooks.configuration import parse, spec_of
from webhooks.models import KeptSample, Webhook
from webhooks.reading import Ignored, InboundReader, Refused
from webhooks.services import save_webhook
from webhooks.trying import describe

_FIELDS = {"inbound": "inbound_mapping", "report": "report_mapping"}


@dataclass(frozen=True)
class Reading:
    """What a mapping makes of a sample: (kind, values) of each event, or the problem."""

    events: list[tuple[str, list[tuple[str, str]]]]
    problem: str = ""


@dataclass(frozen=True)
class Tried:
    """A kept sample, as it is read now and as it would be."""

    sample: KeptSample
    before: Reading
    after: Reading

    @property
    def changes(self) -> bool:
        """Whether the new mapping makes a difference."""
        return self.before != self.after


def tree_of(sample: KeptSample, webhook: Webhook) -> Any:
    """The values of a sample, whatever it was; PayloadUnreadable or BodyTooDeep."""
    body = spec_of(webhook, webhook.credential).body
    return read_body(content_type=sample.content_type, query=sample.query, body=sample.raw_body, spec=body)


def current(webhook: Webhook, kind: str) -> str:
    """The sample of a kind that counts now: the webhook's own, else the vendor's."""
    try:
        spec = spec_of(webhook, webhook.credential)
    except GatewayError:
        return ""
    sample: str = {"inbound": spec.inbound, "report": spec.report, "opt_out": spec.opt_out}[kind].sample
    return sample


def with_mapping(webhook: Webhook, *, kind: str, sample: str) -> Webhook:
    """A copy of the webhook, not saved, with another sample for one kind of callback."""
    changed = copy.copy(webhook)
    changed._state = copy.copy(webhook._state)
    changed.mapping = dict(webhook.mapping)
    if kind in _FIELDS:
        setattr(changed, _FIELDS[kind], sample)
        own = {name: value for name, value in changed.mapping.get(kind, {}).items() if name != "fields"}
        changed.mapping = {**changed.mapping, **({kind: own} if own else {})}
        if not own:
            changed.mapping.pop(kind, None)
    else:
        changed.mapping["opt_out"] = {"sample": sample}
    return changed


def try_mapping(*, webhook: Webhook, kind: str, sample: str, samples: Sequence[KeptSample]) -> list[Tried]:
    """Every kept sample read by the mapping as it is and as it would be; MappingInvalid when it cannot be."""
    proposed = parse(with_mapping(webhook, kind=kind, sample=sample), webhook.credential).reader
    try:
        present: InboundReader | str = parse(webhook, webhook.credential).reader
    except GatewayError as error:
        present = error.text
    return [Tried(one, _read(one, present), _read(one, proposed)) for one in samples]


def set_mapping(*, webhook: Webhook, kind: str, sample: str) -> Webhook:
    """Have the webhook read callbacks of a kind by this sample from now on; MappingInvalid, and nothing changes."""
    return save_webhook(
        webhook=with_mapping(webhook, kind=kind, sample=sample), credential=webhook.credential
    )


def _read(sample: KeptSample, reader: InboundReader | str) -> Reading:
    if isinstance(reader, str):
        return Reading([], reader)
    try:
        events = reader.read(
            sample.content_type,
            sample.query,
            sample.raw_body,
            role=sample.role,
            headers=CaseInsensitiveDict({"Content-Type": sample.content_type}),
        )
    except GatewayError as error:
        return Reading([], error.text)
    refused = [event.reason for event in events if isinstance(event, Ignored | Refused)]
    return Reading([describe(event) for event in events], refused[0] if len(refused) == len(events) else "")
