"""What a message from a person brings about: its wish in the ledger, waiting messages taken out, one reply."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from consent import reviews
from consent.models import ConsentReview
from messaging.models import ChannelConfiguration
from webhooks.acting import own_words, wishes
from webhooks.acting.answering import MOST_REPLIES, answer
from webhooks.acting.questions import read
from webhooks.acting.scene import Effect, Scene, channels_of, country_of
from webhooks.acting.wishes import CONFIRM_AGAIN_AFTER
from webhooks.keywords import Intent, KeywordRules, Match, Rule
from webhooks.models import InboundMessage, RequestState, Webhook
from webhooks.outcomes import Note

__all__ = (
    "CONFIRM_AGAIN_AFTER", "EFFECTS", "MOST_REPLIES", "act", "channels_of", "country_of", "read",
)  # fmt: skip

EFFECTS: Final[Mapping[Intent, Callable[[Scene], Effect]]] = {
    Intent.OPT_OUT: wishes.opt_out,
    Intent.OPT_IN: wishes.opt_in,
    Intent.HELP: wishes.help_,
    Intent.DOUBLE_OPT_IN: wishes.double_opt_in,
    Intent.POSSIBLE_OPT_OUT: wishes.possible_opt_out,
    Intent.CUSTOM: own_words.custom,
    Intent.NONE: own_words.nothing_known,
}


def act(
    message: InboundMessage,
    match: Match,
    *,
    webhook: Webhook,
    rules: KeywordRules,
    channels: list[ChannelConfiguration],
) -> Note:
    """Act on a message that was just kept, in its transaction."""
    scene = Scene(message, match, webhook, rules, channels)
    declined = match.intent is Intent.NONE and match.rule == Rule.DECLINED
    effect = wishes.not_an_opt_out(scene) if declined else EFFECTS[match.intent](scene)
    reason = answer(scene, effect)
    if effect.review_id is not None and not reason:
        reviews.asked(ConsentReview(pk=effect.review_id))
    return Note(RequestState.PROCESSED, reason, effect.wait_for)
