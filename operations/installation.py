"""Is this installation what it claims to be: right keys, all triggers there?"""

from __future__ import annotations

from django.db import connection

from access.triggers import TRIGGERS as ACCESS
from campaigns.triggers import TRIGGERS as CAMPAIGNS
from consent.triggers import TRIGGERS as CONSENT
from core.errors import InstallationInvalid, SecretUnreadable
from core.secrets import keyed_hash, seal, unseal
from core.triggers import Trigger, install, missing
from messaging.triggers import TRIGGERS as MESSAGING
from operations.models import Installation
from profiles.triggers import TRIGGERS as PROFILES

ALL_TRIGGERS: tuple[Trigger, ...] = (*ACCESS, *CONSENT, *MESSAGING, *PROFILES, *CAMPAIGNS)

_SENTENCE = b"smsgateway"
_PLACE = "operations.installation"
WRONG_KEYS = (
    "The keys do not belong to this database. Put back the keys.json (or the SMSGATEWAY_MASTER_KEYS and "
    "SMSGATEWAY_PEPPER) that it was set up with."
)


def verify() -> None:
    """Raise InstallationInvalid when the keys do not belong to this database; put back triggers that are missing."""
    installation, created = Installation.objects.get_or_create(
        id=1,
        defaults={"sealed_check": seal(_SENTENCE, aad=_PLACE), "pepper_check": _pepper_check()},
    )
    if not created and not _keys_fit(installation):
        raise InstallationInvalid(WRONG_KEYS)
    if gone := missing(connection, ALL_TRIGGERS):
        install(connection, ALL_TRIGGERS)
        raise InstallationInvalid(
            f"Protections of the records were missing and have been put back: {', '.join(gone)}. "
            "Find out who removed them, then start again."
        )


def keys_fit() -> bool | None:
    """Whether the keys open what the first start left in the database; None: there was no start yet."""
    installation = Installation.objects.filter(id=1).first()
    return None if installation is None else _keys_fit(installation)


def _keys_fit(installation: Installation) -> bool:
    try:
        opened = unseal(installation.sealed_check, aad=_PLACE)
    except SecretUnreadable:
        return False
    return opened == _SENTENCE and installation.pepper_check == _pepper_check()


def _pepper_check() -> str:
    return keyed_hash("check", use=_PLACE)
