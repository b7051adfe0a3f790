"""A specification with its secrets, made ready to check calls."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlsplit

from core.callers import Network, is_inside, networks_of
from core.errors import ConfigurationInvalid
from webhooks.callback import Callback
from webhooks.verification.base import Cause, Secret, SecretInvalid, Verdict, Verifier, refused
from webhooks.verification.registry import SCHEMES
from webhooks.verification.scheme import Problem, Scheme
from webhooks.verification.spec import Site, VerificationSpec

_BETWEEN: Final = re.compile(r"[\s,;]+")


def verifier(spec: VerificationSpec, secrets: Sequence[Secret], *, public_url: str) -> Verifier:
    """The check of one webhook; `secrets` newest first. What cannot work refuses every call and says why."""
    for problem in problems_of(spec):
        return RefuseAll(f"{problem.setting}: {problem.text}")
    scheme = SCHEMES[spec.scheme](spec, Site(public_url, spec.url.strip()))
    keys: list[tuple[Secret, Any]] = []
    wrong = ""
    for secret in secrets:
        try:
            keys += [(secret, scheme.key_of(secret.value))] if secret.value.strip() else []
        except SecretInvalid as error:  # one of another scheme; the others count
            wrong = wrong or str(error)
    if wrong and not keys:
        return RefuseAll(wrong)
    return SchemeVerifier(scheme, keys, networks_of(_listed(spec.addresses)))


def scheme_of(spec: VerificationSpec) -> type[Scheme]:
    """The scheme that a specification names; ConfigurationInvalid when there is none."""
    try:
        return SCHEMES[spec.scheme]
    except KeyError as error:
        raise ConfigurationInvalid(
            f"There is no verification {spec.scheme!r}. Known: {', '.join(SCHEMES)}.", param="scheme"
        ) from error


def problems_of(spec: VerificationSpec) -> list[Problem]:
    """What must be corrected before callbacks can be verified."""
    if spec.scheme not in SCHEMES:
        return [Problem("scheme", f"Choose one of {', '.join(SCHEMES)}.")]
    scheme = SCHEMES[spec.scheme](spec, Site(""))
    return [*scheme.problems(), *_common_problems(spec)]


class RefuseAll:
    """A webhook that is not set up: nobody's word is taken."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def check(self, callback: Callback) -> Verdict:
        """Never valid."""
        return refused(Cause.NOT_SET_UP, self._reason)


class SchemeVerifier:
    """The caller's address first, then the scheme with every secret that still counts."""

    def __init__(
        self, scheme: Scheme, keys: Sequence[tuple[Secret, Any]], networks: Sequence[Network]
    ) -> None:
        self._scheme = scheme
        self._keys = keys
        self._networks = networks

    def check(self, callback: Callback) -> Verdict:
        """The verdict; names the secret that fitted."""
        if self._networks and not is_inside(callback.address, self._networks):
            where = callback.address or "an unknown address"
            return refused(Cause.ADDRESS, f"It came from {where}, which is not among the allowed addresses.")
        if not self._scheme.secret_label:
            return self._scheme.check(callback, ())[0]
        live = [(secret, key) for secret, key in self._keys if secret.is_live(callback.received_at)]
        if not live:
            return refused(
                Cause.NOT_SET_UP, "There is no secret that is still valid. Add the provider's secret."
            )
        verdict, place = self._scheme.check(callback, [key for _, key in live])
        return replace(verdict, secret=live[place][0].id) if verdict.valid else verdict


def _common_problems(spec: VerificationSpec) -> Iterator[Problem]:
    if not 1 <= spec.tolerance <= 86_400:
        yield Problem("tolerance", "Allow between 1 and 86,400 seconds.")
    try:
        networks_of(_listed(spec.addresses))
    except ValueError as error:
        yield Problem("addresses", str(error))
    if spec.url.strip() and not _is_plain_url(spec.url.strip()):
        yield Problem("url", "Write the whole URL as it stands at the provider, https://…, without ? and #.")


def _listed(text: str) -> list[str]:
    return [item for item in _BETWEEN.split(text) if item]


def _is_plain_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("https", "http") and bool(parts.hostname) and not {"?", "#", " "} & set(text)
