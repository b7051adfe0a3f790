"""HTTP to providers, guarded: checked, pinned addresses, no redirects or proxies, limits on time and size."""

from __future__ import annotations

from core.http.certificates import ClientCertificate, certificate_problems, certificate_warning
from core.http.probing import probe
from core.http.session import (
    Answer,
    Guarded,
    GuardedAdapter,
    GuardedSession,
    Limits,
    exchange,
)

__all__ = [
    "Answer",
    "ClientCertificate",
    "Guarded",
    "GuardedAdapter",
    "GuardedSession",
    "Limits",
    "certificate_problems",
    "certificate_warning",
    "exchange",
    "probe",
]
