"""Whether a callback comes from whom it should: one file for each scheme, over the raw bytes. Pure."""

from __future__ import annotations

from webhooks.verification.base import ACCEPTED, AcceptAll, Cause, Secret, SecretInvalid, Verdict, Verifier
from webhooks.verification.registry import SCHEMES, scheme_choices
from webhooks.verification.scheme import Problem, Scheme
from webhooks.verification.spec import Site, VerificationSpec
from webhooks.verification.verifier import problems_of, verifier

__all__ = [
    "ACCEPTED",
    "SCHEMES",
    "AcceptAll",
    "Cause",
    "Problem",
    "Scheme",
    "Secret",
    "SecretInvalid",
    "Site",
    "Verdict",
    "VerificationSpec",
    "Verifier",
    "problems_of",
    "scheme_choices",
    "verifier",
]
