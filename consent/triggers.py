"""Triggers that keep the ledger, the texts it points at and its checkpoints append-only on both engines."""

from __future__ import annotations

from access.triggers import no_replace
from core.triggers import Trigger, append_only

TRIGGERS: tuple[Trigger, ...] = (
    *append_only("consent_consentevent"),
    *no_replace("consent_consentevent", "subject_id", "sequence"),
    *append_only("consent_disclosuretext"),
    *no_replace("consent_disclosuretext", "slug", "version"),
    *append_only("consent_checkpoint"),
    *no_replace("consent_checkpoint", "through_id"),
)
