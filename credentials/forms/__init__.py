"""The form of API credentials: its fields, what it offers, and how the request is judged as a whole."""

from __future__ import annotations

from credentials.forms.credential import ApiCredentialForm, typed_secrets
from credentials.forms.tables import AUTH_FIELDS, SECRET_FIELDS

__all__ = ["AUTH_FIELDS", "SECRET_FIELDS", "ApiCredentialForm", "typed_secrets"]
