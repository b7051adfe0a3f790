"""The consent record and what stands beside it."""

from __future__ import annotations

from consent.models.questions import ConsentReview, PendingOptIn, PendingState, ReviewKind, ReviewState
from consent.models.record import (
    Checkpoint,
    ConsentEvent,
    ConsentState,
    ConsentSubject,
    DisclosureText,
    SubjectKey,
)
from consent.models.suppressions import FailureCount, Suppression, SuppressionReason, SuppressionSource
from consent.models.words import Decision, Kind, Source, Standing

__all__ = [
    "Checkpoint",
    "ConsentEvent",
    "ConsentReview",
    "ConsentState",
    "ConsentSubject",
    "Decision",
    "DisclosureText",
    "FailureCount",
    "Kind",
    "PendingOptIn",
    "PendingState",
    "ReviewKind",
    "ReviewState",
    "Source",
    "Standing",
    "SubjectKey",
    "Suppression",
    "SuppressionReason",
    "SuppressionSource",
]
