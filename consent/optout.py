"""Links to the hosted opt-out page, for senders that cannot be answered."""

from __future__ import annotations

import secrets
import string

from django.conf import settings

from consent.ledger import subjects_for
from consent.models import ConsentSubject, OptOutLink, SubjectKey
from consent.sealing import new_key

VARIABLE = "optOutUrl"
_ALPHABET = string.ascii_letters + string.digits
_LETTERS = 12  # 71 bits: no two links meet, and none is found by trying


def url_for(*, msisdn: str, sender: str, reference: str) -> str:
    """The address of the opt-out page for a person (E.164) and a sender; always the same one.

    The token is random: nothing of the number is in it. `reference` names the credential, "credential:<id>".
    """
    subject_id = subjects_for([msisdn])[msisdn]
    links = OptOutLink.objects.filter(subject_id=subject_id, sender=sender, reference=reference)
    token = links.values_list("token", flat=True).first()
    if token is None:
        _keep_number(subject_id, msisdn)
        drawn = "".join(secrets.choice(_ALPHABET) for _ in range(_LETTERS))
        row = OptOutLink(token=drawn, subject_id=subject_id, sender=sender, reference=reference)
        # Somebody else may make the same link now: the database decides whose it is.
        OptOutLink.objects.bulk_create([row], ignore_conflicts=True)
        token = links.values_list("token", flat=True).get()
    return f"{settings.SMSGATEWAY_PUBLIC_URL}/optout/{token}"


def find(token: str) -> OptOutLink | None:
    """The link with that token, its subject and key along."""
    if len(token) > 24 or "\0" in token:
        return None
    return OptOutLink.objects.select_related("subject__key").filter(token=token).first()


def _keep_number(subject_id: int, msisdn: str) -> None:
    """Seal the number of somebody without any event: a click must tell who it was. Never of an erased person."""
    if not ConsentSubject.objects.filter(pk=subject_id, last_sequence=0, key__isnull=True).exists():
        return
    _, row = new_key(subject_id, msisdn)
    SubjectKey.objects.bulk_create([row], ignore_conflicts=True)
