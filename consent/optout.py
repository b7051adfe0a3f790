"""Links to the hosted opt-out page, for senders that cannot be answered."""

from __future__ import annotations

import secrets
import string
from collections.abc import Collection, Mapping

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
    return urls_for(subjects_for([msisdn]), sender=sender, reference=reference)[msisdn]


def urls_for(subjects: Mapping[str, int], *, sender: str, reference: str) -> dict[str, str]:
    """The same for many: number -> address; `subjects` are the people's ids by number. As many queries as for one."""
    tokens = _tokens(subjects.values(), sender, reference)
    new = {msisdn: subject_id for msisdn, subject_id in subjects.items() if subject_id not in tokens}
    if new:
        _keep_numbers(new)
        # Somebody else may make the same link now: the database decides whose it is.
        OptOutLink.objects.bulk_create(
            (
                OptOutLink(token=_drawn(), subject_id=subject_id, sender=sender, reference=reference)
                for subject_id in new.values()
            ),
            ignore_conflicts=True,
        )
        tokens |= _tokens(new.values(), sender, reference)
    return {
        msisdn: f"{settings.SMSGATEWAY_PUBLIC_URL}/optout/{tokens[subject_id]}"
        for msisdn, subject_id in subjects.items()
    }


def _tokens(subject_ids: Collection[int], sender: str, reference: str) -> dict[int, str]:
    links = OptOutLink.objects.filter(subject_id__in=subject_ids, sender=sender, reference=reference)
    return dict(links.order_by().values_list("subject_id", "token"))


def _drawn() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(_LETTERS))


def find(token: str) -> OptOutLink | None:
    """The link with that token, its subject and key along."""
    if len(token) > 24 or "\0" in token:
        return None
    return OptOutLink.objects.select_related("subject__key").filter(token=token).first()


def _keep_numbers(subjects: Mapping[str, int]) -> None:
    """Seal numbers of those without any event: a click must tell who it was. Never of an erased person."""
    nameless = ConsentSubject.objects.filter(pk__in=subjects.values(), last_sequence=0, key__isnull=True)
    ids = set(nameless.values_list("pk", flat=True))
    rows = [new_key(subject_id, msisdn)[1] for msisdn, subject_id in subjects.items() if subject_id in ids]
    SubjectKey.objects.bulk_create(rows, ignore_conflicts=True)
