"""Which fields the credential's form has, to which auth type and choice each belongs, and what it says of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from core.editor import PayloadEditor
from credentials.auth import BACKENDS
from credentials.models import ApiCredential
from credentials.vendors import CUSTOM
from credentials.widgets import select, text_area, text_input

# Every field that belongs to an auth type, in screen order.
AUTH_FIELDS: Final = tuple(dict.fromkeys(name for backend in BACKENDS.values() for name in backend.fields))
CERTIFICATE_FIELDS: Final = ("client_certificate", "client_key")
SECRET_FIELDS: Final = ("api_token", "api_secret_key", "auth_password", "oauth_body", *CERTIFICATE_FIELDS)
BODY_FIELDS: Final = ("body_kind", "payload")
TEXT_FIELDS: Final = (
    "to_format", "from_format", "text_encoding", "max_length", "max_length_unicode", "split_mode",
)  # fmt: skip
ANSWER_FIELDS: Final = ("message_id_path", "ignored_ids", "error_code_path", "error_text_path")
LIMIT_FIELDS: Final = ("messages_per_second", "segments_per_second", "at_once")
MODEL_FIELDS: Final = (
    "vendor", "name", "provider_app_id", "provider_name", "provider_url", "method", "auth_type", *AUTH_FIELDS,
    *BODY_FIELDS, *TEXT_FIELDS, *ANSWER_FIELDS, *CERTIFICATE_FIELDS, "check_url", "lookup_url",
    *LIMIT_FIELDS,
)  # fmt: skip
PAYLOAD_CHECK: Final = "admin:credentials_apicredential_payload_check"

# Field -> (field that decides, its values with which this one counts); others are hidden and emptied.
CONDITIONS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "key_prefix": ("key_location", ("header",)),
    "mac_header": ("mac_layout", ("body", "template")),
    "mac_value": ("mac_layout", ("body", "template")),
    "mac_string": ("mac_layout", ("template",)),
    "mac_timestamp_format": ("mac_layout", ("body", "template")),
    "mac_extra_headers": ("mac_layout", ("body", "template")),
    "payload": ("body_kind", ("json", "form", "xml", "text")),
}
# Judged by vendor, auth type and body, not by the browser.
NOT_REQUIRED: Final = (
    "provider_url", "method", "payload", "body_kind", "to_format", "from_format", "text_encoding", "split_mode",
    *AUTH_FIELDS,
)  # fmt: skip

WIDGETS: Final[Mapping[str, Any]] = {
    "vendor": select(),
    "name": text_input(),
    "provider_app_id": text_input(),
    "provider_name": text_input(),
    "provider_url": text_input(inputmode="url"),
    "method": select(**{"aria-label": "Method"}),
    "auth_type": select(),
    "auth_name": text_input(),
    "auth_username": text_input(),
    "key_location": select(),
    "key_name": text_input(),
    "mac_layout": select(),
    "mac_secret_encoding": select(),
    "mac_header": text_input(),
    "mac_value": text_input(),
    "mac_string": text_area(4),
    "mac_timestamp_format": select(),
    "mac_extra_headers": text_area(2, placeholder="X-Timestamp: {{timestamp}}"),
    "oauth_url": text_input(inputmode="url"),
    "oauth_encoding": select(),
    "oauth_client_auth": select(),
    "oauth_token_path": text_input(placeholder="access_token"),
    "oauth_expiry_path": text_input(placeholder="expires_in"),
    "jwt_payload": text_area(6),
    "body_kind": select(),
    "payload": PayloadEditor(check_url=PAYLOAD_CHECK),
    "to_format": select(),
    "from_format": select(),
    "text_encoding": select(),
    "max_length": text_input(inputmode="numeric", placeholder="no limit"),
    "max_length_unicode": text_input(inputmode="numeric", placeholder="the same"),
    "split_mode": select(),
    "message_id_path": text_input(placeholder="messages[0].messageId"),
    "ignored_ids": text_input(placeholder="0, none"),
    "error_code_path": text_input(placeholder="error.code"),
    "error_text_path": text_input(placeholder="error.message"),
    "check_url": text_input(inputmode="url"),
    "lookup_url": text_input(inputmode="url"),
    "messages_per_second": text_input(inputmode="decimal", placeholder="no limit"),
    "segments_per_second": text_input(inputmode="decimal", placeholder="no limit"),
    "at_once": text_input(inputmode="numeric", placeholder="no limit"),
}
_VALUE_PATH: Final = "A JSON path, an XPath such as /answer/id, regex:…, or header:Name."
HELP_TEXTS: Final[Mapping[str, str]] = {
    "provider_app_id": CUSTOM.app_id_hint,
    "provider_url": "Where messages go. {{providerAppId}} and other variables may occur.",
    "auth_name": "A name for this set of keys.",
    "auth_username": "Goes into HTTP Basic with the password.",
    "key_name": "Name of the header, query parameter or body field.",
    "mac_layout": "What the signature covers and where it stands.",
    "mac_secret_encoding": "Base64 and hexadecimal keys are decoded before they sign.",
    "mac_header": "The header that carries the signature.",
    "mac_value": "The header's value; {{signature}} and {{token}} are filled in.",
    "mac_string": "What is signed, from {{method}}, {{path}}, {{target}}, {{host}}, {{timestamp}}, {{nonce}}, "
    "{{body}}, {{body_sha256_hex}} and the like.",
    "mac_timestamp_format": "How {{timestamp}} is written.",
    "mac_extra_headers": "Sent along, one on each line.",
    "oauth_url": "Where the token is fetched.",
    "oauth_client_auth": "How client_id and client_secret of the body travel.",
    "oauth_token_path": f"Where the token stands in the answer. {_VALUE_PATH}",
    "oauth_expiry_path": "Where its lifetime or end stands.",
    "jwt_payload": 'JSON claims, such as {"iss": "…", "sub": "…", "aud": "…", "exp": 3600}. '
    "exp is a lifetime in seconds; iat, exp and jti are filled in.",
    "body_kind": "The Content-Type header follows.",
    "text_encoding": "A curly quote or a long dash makes a text Unicode, with room for 70 characters instead of 160.",
    "max_length": "In characters. A longer text is split at words. Blank: the provider splits.",
    "max_length_unicode": "When the provider takes fewer characters of texts beyond GSM-7, such as 70 instead of 160.",
    "message_id_path": f"Where the message's id stands in the answer. {_VALUE_PATH} Blank: the usual places are tried.",
    "ignored_ids": "Answers that stand for no id, separated by commas.",
    "error_code_path": "Blank: the usual places are tried.",
    "error_text_path": "Blank: the usual places are tried.",
    "messages_per_second": "Over all workers, each part of a long message counted.",
    "segments_per_second": "As the provider bills them: 160 characters each, 70 in Unicode.",
    "at_once": "The most on the wire at any moment, over all workers.",
    "check_url": "Asked with GET, signed like a message, by Test connection: an address that costs nothing, such as "
    "the account's balance.",
    "lookup_url": "Asked with GET, signed like a message, when the answer to a message was lost. {{messageId}} or "
    "{{partReference}} stands for the reference that the message carried; the answer must repeat it. It is read by "
    "“Status look-up answer” of the webhook, or like a delivery report.",
}


def default_of(name: str) -> Any:
    """What a field of the credential holds when nobody says anything."""
    return getattr(ApiCredential, name).field.get_default()
