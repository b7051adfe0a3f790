"""The life of a message as data: states, allowed changes, what a report does (DESIGN: the database is the queue)."""

from __future__ import annotations

from django.db.models import IntegerChoices, TextChoices

from core.vocabulary import Purpose


class State(TextChoices):
    """Where a message stands."""

    QUEUED = "queued", "Queued"
    CLAIMED = "claimed", "Claimed"
    SENDING = "sending", "Sending"
    ACCEPTED = "accepted", "Accepted"
    SENT = "sent", "Sent"
    DELIVERED = "delivered", "Delivered"
    UNDELIVERED = "undelivered", "Undelivered"
    EXPIRED = "expired", "Expired"
    FAILED = "failed", "Failed"
    UNKNOWN = "unknown", "Unknown"
    SUPPRESSED = "suppressed", "Suppressed"
    CANCELLED = "cancelled", "Cancelled"
    QUARANTINED = "quarantined", "Quarantined"


class Reason(TextChoices):
    """Why a message is where it is; empty when nothing needs saying."""

    OPTED_OUT = "opted_out", "The recipient has opted out"
    CONSENT_PAUSED = "consent_paused", "Waits until a possible opt-out is reviewed"
    SUPPRESSED = "suppressed", "The number is on the suppression list"
    NO_OPT_IN = "no_opt_in", "No opt-in on record for marketing"
    SEND_HOLD = "send_hold", "All sending is on hold"
    SPOOL_WAITS = "spool_waits", "Callbacks that came while the database was down are read first"
    CREDENTIAL_PAUSED = "credential_paused", "The credential is paused"
    REROUTED = "rerouted", "Moved to another route"
    PROVIDER_DOWN = "provider_down", "The provider does not answer; it is tried again by itself"
    RATE_LIMITED = "rate_limited", "Waits for its turn under a rate limit"
    CHANNEL_INACTIVE = "channel_inactive", "The channel configuration is not active"
    QUIET_HOURS = "quiet_hours", "Waits for the end of the recipient's quiet hours"
    FREQUENCY_CAP = "frequency_cap", "The recipient has had as many marketing messages as the channel allows"
    VALIDITY_OVER = "validity_over", "Its validity ended before it could be sent"
    TRIES_USED = "tries_used", "All tries are used up"
    TEMPORARY = "temporary", "The provider asked to try later"
    REFUSED = "refused", "The provider refused it"
    CONFIGURATION = "configuration", "The credential's configuration does not work"
    ANSWER_LOST = "answer_lost", "The provider's answer was lost"
    WORKER_LOST = "worker_lost", "The worker stopped while sending"
    LEASE_OVER = "lease_over", "The worker stopped before sending"
    GIVEN_BACK = "given_back", "Not started in time, given back"
    CLAIMED_TOO_OFTEN = "claimed_too_often", "Claimed three times without being sent"
    ERASED = "erased", "The recipient was erased"
    BY_STAFF = "by_staff", "By staff"
    CAMPAIGN_PAUSED = "campaign_paused", "Taken back when its campaign was paused"
    CAMPAIGN_CANCELLED = "campaign_cancelled", "Its campaign was cancelled"
    BY_RULE = "by_rule", "By the channel's rule for lost answers"
    BY_APPLICATION = "by_application", "By an application"
    REPORT = "report", "Delivery report"


class Priority(IntegerChoices):
    """What is sent first when more is due than can be sent: the lower number."""

    ONE_TIME_CODE = 1, "One-time code"
    CONSENT_REPLY = 2, "Consent reply"
    TRANSACTIONAL = 5, "Transactional"
    MARKETING = 8, "Marketing"


PRIORITY_OF: dict[str, Priority] = {purpose: Priority[purpose.name] for purpose in Purpose}

S = State

# Every change the database allows; anything else is refused by a trigger (messaging/triggers.py).
TRANSITIONS: dict[State, frozenset[State]] = {
    S.QUEUED: frozenset({S.CLAIMED, S.SUPPRESSED, S.EXPIRED, S.CANCELLED}),
    S.CLAIMED: frozenset({S.SENDING, S.QUEUED, S.SUPPRESSED, S.EXPIRED, S.CANCELLED, S.QUARANTINED}),
    S.SENDING: frozenset({S.ACCEPTED, S.QUEUED, S.FAILED, S.UNKNOWN}),
    S.UNKNOWN: frozenset({S.QUEUED, S.ACCEPTED, S.SENT, S.DELIVERED, S.UNDELIVERED, S.FAILED, S.EXPIRED}),
    S.ACCEPTED: frozenset({S.SENT, S.DELIVERED, S.UNDELIVERED, S.EXPIRED}),
    S.SENT: frozenset({S.DELIVERED, S.UNDELIVERED, S.EXPIRED}),
    S.QUARANTINED: frozenset({S.QUEUED, S.FAILED}),
    S.DELIVERED: frozenset(),
    S.UNDELIVERED: frozenset(),
    S.EXPIRED: frozenset(),
    S.FAILED: frozenset(),
    S.SUPPRESSED: frozenset(),
    S.CANCELLED: frozenset(),
}
ALLOWED_PAIRS: frozenset[tuple[str, str]] = frozenset(
    (before.value, after.value) for before, afters in TRANSITIONS.items() for after in afters
)
# Claim and gate in one step (messaging/taking.py): allowed to a change that takes a lease along.
AT_ONCE_PAIRS: frozenset[tuple[str, str]] = frozenset({(S.QUEUED.value, S.SENDING.value)})
WAITING = (S.QUEUED, S.CLAIMED)
UNDER_WAY = (S.QUEUED, S.CLAIMED, S.SENDING)
# Most messages never come here; those that do are looked for.
SELDOM = (S.UNDELIVERED, S.EXPIRED, S.FAILED, S.UNKNOWN, S.SUPPRESSED, S.CANCELLED, S.QUARANTINED)
# What has gone to a recipient, or may have: it counts towards a frequency cap.
CAPPED = (S.SENDING, S.UNKNOWN, S.ACCEPTED, S.SENT, S.DELIVERED)
# Nobody but staff, or a report, can say how it goes on.
UNCLEAR = (S.UNKNOWN, S.QUARANTINED)
FINAL = frozenset(state for state, afters in TRANSITIONS.items() if not afters)


class PartState(TextChoices):
    """Where one part (the unit of sending and reporting) stands."""

    WAITING = "waiting", "Waiting"
    SENDING = "sending", "Sending"
    ACCEPTED = "accepted", "Accepted"
    SENT = "sent", "Sent"
    DELIVERED = "delivered", "Delivered"
    UNDELIVERED = "undelivered", "Undelivered"
    EXPIRED = "expired", "Expired"
    FAILED = "failed", "Failed"
    UNKNOWN = "unknown", "Unknown"


P = PartState

# How far a part has come; a report may only raise it.
PART_RANK: dict[str, int] = {
    P.WAITING: 0, P.SENDING: 0, P.UNKNOWN: 1, P.ACCEPTED: 1, P.SENT: 2,
    P.DELIVERED: 3, P.UNDELIVERED: 3, P.EXPIRED: 3, P.FAILED: 3,
}  # fmt: skip

# Parts on the wire, or of which nobody knows whether the provider has them.
OPEN_PARTS = (P.SENDING, P.UNKNOWN)

# A provider that reports "failed" after accepting means: not delivered.
REPORTED_PART: dict[str, PartState] = {
    "accepted": P.ACCEPTED,
    "sent": P.SENT,
    "delivered": P.DELIVERED,
    "read": P.DELIVERED,
    "undelivered": P.UNDELIVERED,
    "failed": P.UNDELIVERED,
    "expired": P.EXPIRED,
}


def message_state_of(parts: list[str]) -> State:
    """What reported parts make of a message: delivered when all are, undelivered, expired or failed if any is.

    It stays unknown while the provider has not certainly accepted every part.
    """
    for bad in (P.UNDELIVERED, P.EXPIRED, P.FAILED):
        if bad in parts:
            return State(bad.value)
    if not {P.WAITING, *OPEN_PARTS}.isdisjoint(parts):
        return State.UNKNOWN
    lowest = min(parts, key=lambda part: PART_RANK[part])
    return State(lowest) if lowest in (P.SENT, P.DELIVERED) else State.ACCEPTED
