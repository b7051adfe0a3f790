"""What can be wrong with a recipient's profile."""

from __future__ import annotations

from core.errors.base import GatewayError


class ProfileUnknown(GatewayError):
    """No profile has that external ID or number."""

    code = "profile_unknown"
    http_status = 404


class NumberTaken(GatewayError):
    """The number belongs to another profile."""

    code = "number_taken"
    http_status = 409


class ExternalIdTaken(GatewayError):
    """The external ID belongs to another profile, or the profile has another one."""

    code = "external_id_taken"
    http_status = 409
