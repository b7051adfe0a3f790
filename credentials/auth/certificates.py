"""The client certificate of a credential, beside whatever its auth type is."""

from __future__ import annotations

from core.http import ClientCertificate, GuardedSession, certificate_problems, certificate_warning
from credentials.auth.base import AuthConfig, FieldProblem


def certificate_of(config: AuthConfig) -> ClientCertificate | None:
    """The certificate to show, None without one."""
    if config.client_certificate and config.client_key:
        return ClientCertificate(config.client_certificate, config.client_key)
    return None


def session_for(config: AuthConfig) -> GuardedSession:
    """A session for requests of this credential, for one thread."""
    return GuardedSession(certificate=certificate_of(config))


def pair_problems(config: AuthConfig) -> list[FieldProblem]:
    """What is wrong with certificate and key, whatever the auth type; empty without them."""
    found = certificate_problems(config.client_certificate, config.client_key)
    return [FieldProblem(field, text) for field, text in found]


def pair_warnings(config: AuthConfig) -> list[str]:
    """What should be looked at soon."""
    warning = certificate_warning(config.client_certificate)
    return [warning] if warning else []
