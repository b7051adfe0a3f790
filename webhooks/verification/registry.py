"""Every scheme: one file each, one line here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from webhooks.verification.basic import Basic
from webhooks.verification.bearer import Bearer
from webhooks.verification.ed25519 import Ed25519
from webhooks.verification.hmac_header import HmacHeader
from webhooks.verification.open import NoSignature
from webhooks.verification.scheme import Scheme
from webhooks.verification.signed_jwt import SignedJwt
from webhooks.verification.sinch import Sinch
from webhooks.verification.standard_webhooks import StandardWebhooks
from webhooks.verification.static_header import StaticHeader
from webhooks.verification.token import Token
from webhooks.verification.twilio import Twilio

# Drives the model's choices, the form's fields and which of them are shown.
SCHEMES: Mapping[str, type[Scheme]] = MappingProxyType(
    {
        "none": NoSignature,
        "header": StaticHeader,
        "basic": Basic,
        "bearer": Bearer,
        "token": Token,
        "hmac": HmacHeader,
        "twilio": Twilio,
        "sinch": Sinch,
        "standard": StandardWebhooks,
        "ed25519": Ed25519,
        "jwt": SignedJwt,
    }
)


def scheme_choices() -> list[tuple[str, str]]:
    """Choices of the "Verify callbacks by" field."""
    return [(kind, scheme.label) for kind, scheme in SCHEMES.items()]
