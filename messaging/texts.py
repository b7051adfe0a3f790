"""The text of one message: personalised, its links tracked, checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.conf import settings

from consent import optout
from core.errors import TextEmpty, TextTooLong, about
from core.templating import render_text
from core.templating.engine import has_markup
from core.templating.links import SWITCH
from links.drafting import Draft, Drafts, may_hold_links, source_of
from messaging.context import optout_url
from messaging.linking import options_of

if TYPE_CHECKING:
    from messaging.accept import Submission


def text_of(
    submission: Submission, *, msisdn: str, profile: Mapping[str, Any]
) -> tuple[str, tuple[Draft, ...]]:
    """The text as it is sent, not empty and at most SMSGATEWAY_TEXT_LIMIT characters, and its tracked links."""
    source = submission.text
    with about("text"):
        if submission.channel is not None and may_hold_links(source):
            text, drafts = _tracked(submission, msisdn, profile)
        else:
            text, drafts = _personalised(source, submission, msisdn, profile), ()
    return _checked(text.replace("\0", "")), drafts


def _tracked(
    submission: Submission, msisdn: str, profile: Mapping[str, Any]
) -> tuple[str, tuple[Draft, ...]]:
    drafts = Drafts(options_of(submission.channel))
    marked, written = source_of(submission.text, drafts.options)
    rendered = _personalised(marked, submission, msisdn, profile)
    return drafts.replace_in(rendered, written), tuple(drafts.made)


def _personalised(source: str, submission: Submission, msisdn: str, profile: Mapping[str, Any]) -> str:
    if not submission.personalise or not has_markup(source):
        return source
    context: dict[str, Any] = {
        "toNumber": msisdn,
        "fromNumber": submission.sender,
        "profile": dict(profile),
        SWITCH: submission.channel is not None,
    }
    if optout.VARIABLE in source:
        context[optout.VARIABLE] = optout_url(
            msisdn=msisdn, sender=submission.sender, credential_id=submission.credential.pk
        )
    return render_text(source, context)


def _checked(text: str) -> str:
    limit = settings.SMSGATEWAY_TEXT_LIMIT
    if not text.strip():
        raise TextEmpty("The text is empty; write what the recipient shall read.", param="text")
    if len(text) > limit:
        raise TextTooLong(
            f"The text has {len(text):,} characters after personalisation; at most {limit:,} can be sent. Shorten it.",
            param="text",
        )
    return text
