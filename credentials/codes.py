"""Error codes of providers in our words: what a preset knows, what staff have said, and the inbox of the rest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F

from core.clock import now
from credentials.models import ApiCredential, ProviderCode
from credentials.vendors import CUSTOM, preset_of

_LONGEST_CODE = 100
_LONGEST_SAMPLE = 500


def scope_of(credential: ApiCredential) -> str:
    """Credentials of one vendor share their codes; a custom one has its own."""
    return f"credential:{credential.pk}" if credential.vendor == CUSTOM.slug else credential.vendor


def table_for(credential: ApiCredential) -> Mapping[str, str]:
    """Code -> FailureClass value; what staff say wins over the preset."""
    said = ProviderCode.objects.filter(scope=scope_of(credential)).exclude(failure="")
    return {**preset_of(credential.vendor).codes, **dict(said.values_list("code", "failure"))}


def note(*, credential_id: Any, seen: Iterable[tuple[str, str]]) -> None:
    """Put (code, the provider's words) nobody has given a meaning into the inbox, counted."""
    credential = ApiCredential.objects.filter(pk=credential_id).first()
    if credential is None:
        return
    scope = scope_of(credential)
    for code, sample in seen:
        _note_one(scope, code[:_LONGEST_CODE], sample[:_LONGEST_SAMPLE])


def _note_one(scope: str, code: str, sample: str) -> None:
    known = ProviderCode.objects.filter(scope=scope, code=code)
    counted = {"seen": F("seen") + 1, "last_seen_at": now()}
    if known.update(**counted):
        return
    try:
        with transaction.atomic():
            ProviderCode.objects.create(scope=scope, code=code, sample=sample)
    except IntegrityError:  # another worker was faster
        known.update(**counted)


def map_code(*, code: ProviderCode, failure: str) -> None:
    """Say what a code means; from the next answer on it does, for every credential it concerns."""
    with transaction.atomic():
        ProviderCode.objects.filter(pk=code.pk).update(failure=failure)
        for credential in credentials_of(code.scope):
            credential.save(update_fields=["revision"])


def credentials_of(scope: str) -> Iterable[ApiCredential]:
    """The credentials a scope speaks of."""
    kind, _, pk = scope.partition(":")
    if kind == "credential" and pk:
        return ApiCredential.objects.filter(pk=pk)
    return ApiCredential.objects.filter(vendor=scope)
