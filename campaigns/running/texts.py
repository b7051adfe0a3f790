"""What recipients of a campaign read, and who of them gets nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings

from campaigns.authoring.choosing import choose
from campaigns.authoring.rendering import Policy, Reason, Skipped, Stopped, render
from campaigns.models import Campaign, CampaignVariant, Exclusion, MissingPolicy
from consent import ledger, optout
from consent.rules import State
from core.errors import GatewayError
from core.vocabulary import Purpose
from links.drafting import Draft, LinkOptions
from messaging.accept import Submission, Write
from messaging.context import optout_url, optout_urls
from messaging.linking import options_of


class LeftOut(GatewayError):
    """This recipient gets no message."""

    code = "recipient_left_out"

    def __init__(self, reason: Exclusion, text: str = "") -> None:
        super().__init__(text or str(reason.label))
        self.reason = reason


class CampaignStopped(Exception):
    """The text asks to stop where an attribute is missing, or cannot be written at all: somebody has to look."""


@dataclass(frozen=True)
class Words:
    """The texts of one variant by language, and what to do where an attribute is missing."""

    texts: Mapping[str, str]
    policy: Policy
    links: LinkOptions
    sources: str = field(init=False)  # all of them together: what they may ask for

    def __post_init__(self) -> None:
        object.__setattr__(self, "sources", "\n".join(self.texts.values()))

    def source_for(self, language: str) -> str:
        """What stands in the message's place before it is written: it tells what the text may ask for."""
        chosen = choose(self.texts, language)
        return "" if chosen is None else self.texts[chosen]


def words_of(campaign: Campaign) -> dict[str, Words]:
    """The words of each variant by its label; two queries."""
    owner = f"campaign:{campaign.id}"
    variants = campaign.variants.select_related("version").prefetch_related("version__texts")
    links = replace(options_of(campaign.channel), owner=owner)
    return {variant.label: _words(variant, links) for variant in variants}


def _words(variant: CampaignVariant, links: LinkOptions) -> Words:
    version = variant.version
    policy = Policy(
        missing=MissingPolicy(version.missing_policy),
        fallback_text=version.fallback_text,
        limit=settings.SMSGATEWAY_TEXT_LIMIT,
    )
    return Words({text.language: text.text for text in version.texts.all()}, policy, links)


# What authors' texts cannot do, in the words of campaigns.
_SKIPPED: dict[Reason, Exclusion] = {
    Reason.NO_LANGUAGE: Exclusion.NO_LANGUAGE,
    Reason.MISSING: Exclusion.MISSING_ATTRIBUTE,
    Reason.EMPTY: Exclusion.TEXT_EMPTY,
    Reason.TOO_LONG: Exclusion.TEXT_TOO_LONG,
    Reason.FAILED: Exclusion.TEXT_INVALID,
}
_REFUSED: dict[str, Exclusion] = {
    "number_invalid": Exclusion.NUMBER_INVALID,
    "text_empty": Exclusion.TEXT_EMPTY,
    "text_too_long": Exclusion.TEXT_TOO_LONG,
    "variable_missing": Exclusion.MISSING_ATTRIBUTE,
    "template_invalid": Exclusion.TEXT_INVALID,
    "country_not_allowed": Exclusion.COUNTRY_NOT_ALLOWED,
    "no_route": Exclusion.NO_ROUTE,
    "cap_reached": Exclusion.LIMIT_REACHED,
    "spend_stop": Exclusion.LIMIT_REACHED,
}
_DECIDED: dict[str, Exclusion] = {
    "no_opt_in": Exclusion.NO_OPT_IN,
    "opted_out": Exclusion.OPTED_OUT,
    "suppressed": Exclusion.SUPPRESSED,
}


def exclusion_of(error: GatewayError) -> Exclusion:
    """Why a recipient is left out whose message was not accepted."""
    if isinstance(error, LeftOut):
        return error.reason
    return _REFUSED.get(error.code, Exclusion.REFUSED)


def check_consent(submission: Submission, states: Sequence[State]) -> None:
    """LeftOut unless the recipient may be written to from this sender; who waits for a review waits in the queue."""
    channel = submission.channel
    decision = ledger.decide(
        states,
        sender=submission.sender,
        purpose=Purpose(submission.purpose),
        require_opt_in=channel is None or channel.require_opt_in,
    )
    if not decision.allowed and (reason := _DECIDED.get(decision.reason)):
        raise LeftOut(reason)


@dataclass(frozen=True)
class Reader:
    """Who reads a text: language, consent, data of the occasion, and the way out where texts name it.

    `way_out` is sender, credential and address. `may_stop` False: what would stop the campaign leaves this one out.
    """

    language: str = ""
    states: Sequence[State] = ()
    context: Mapping[str, Any] = field(default_factory=dict)
    way_out: tuple[str, UUID, str] | None = None
    may_stop: bool = True


def ways_out(campaign: Campaign, words: Mapping[str, Words], subjects: Mapping[str, int]) -> WaysOut:
    """Opt-out pages of recipients (number -> consent subject), looked up together where a text names them."""
    if not any(optout.VARIABLE in own.sources for own in words.values()):
        return {}
    sender, credential_id = campaign.channel.sender, campaign.channel.credential_id
    urls = optout_urls(subjects, sender=sender, credential_id=credential_id)
    return {msisdn: (sender, credential_id, url) for msisdn, url in urls.items()}


WaysOut = dict[str, tuple[str, UUID, str]]


def writer(words: Words, reader: Reader) -> Write:
    """What writes the text of one recipient once its route is known; LeftOut and CampaignStopped as they come."""
    return partial(_write, words=words, reader=reader)


def _write(
    submission: Submission, *, msisdn: str, profile: Mapping[str, Any], words: Words, reader: Reader
) -> tuple[str, Sequence[Draft]]:
    check_consent(submission, reader.states)
    variables: dict[str, Any] = {
        "toNumber": msisdn,
        "fromNumber": submission.sender,
        "profile": dict(profile),
        "context": dict(reader.context),
    }
    if optout.VARIABLE in words.sources:
        variables[optout.VARIABLE] = _way_out(submission, msisdn, reader)
    outcome = render(words.texts, reader.language, variables, words.policy, links=words.links)
    if isinstance(outcome, Stopped):
        if reader.may_stop:
            raise CampaignStopped(outcome.problem)
        raise LeftOut(Exclusion.MISSING_ATTRIBUTE, outcome.problem)
    if isinstance(outcome, Skipped):
        raise LeftOut(_SKIPPED[outcome.reason], outcome.detail)
    return outcome.text, outcome.drafts


def _way_out(submission: Submission, msisdn: str, reader: Reader) -> str:
    """The page that was looked up, unless a route sends from elsewhere."""
    credential_id: UUID = submission.credential.pk
    if reader.way_out is not None and reader.way_out[:2] == (submission.sender, credential_id):
        return reader.way_out[2]
    return optout_url(msisdn=msisdn, sender=submission.sender, credential_id=credential_id)
