"""Words used on every floor: what a message is for, how an attempt ended, why it failed."""

from __future__ import annotations

from enum import StrEnum


class Purpose(StrEnum):
    """What a message is for; consent rules depend on it. A one-time code counts as transactional."""

    MARKETING = "marketing"
    TRANSACTIONAL = "transactional"
    ONE_TIME_CODE = "one_time_code"
    CONSENT_REPLY = "consent_reply"


class Outcome(StrEnum):
    """How one attempt to hand a message to the provider ended."""

    ACCEPTED = "accepted"
    TEMPORARY = "temporary"
    FAILED = "failed"
    OPTED_OUT = "opted_out"
    UNKNOWN = "unknown"


class FailureClass(StrEnum):
    """Why a provider refused, in words that do not depend on the vendor."""

    NONE = ""
    INVALID_NUMBER = "invalid_number"
    UNREACHABLE = "unreachable"
    BLOCKED = "blocked"
    OPTED_OUT = "opted_out"
    CONTENT = "content"
    RATE = "rate"
    CREDIT = "credit"
    AUTH = "auth"
    SENDER = "sender"
    EXPIRED = "expired"
    DUPLICATE = "duplicate"
    CONFIGURATION = "configuration"
    UNKNOWN = "unknown"
