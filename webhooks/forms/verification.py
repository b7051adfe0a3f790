"""The section "Verification" of the webhook form: the chosen scheme's fields, and a new secret."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

from django import forms
from django.utils.html import format_html

from core.clock import now
from core.errors import GatewayError, SecretUnreadable
from core.forms import SecretField, SecretTextarea
from credentials.widgets import select, text_area, text_input
from webhooks.models import VERIFY_FIELDS, Webhook
from webhooks.models.verified import PREFIX
from webhooks.presets import starting_verification
from webhooks.secrets import OVERLAPS, add_secret
from webhooks.verification import SCHEMES, SecretInvalid, Site, VerificationSpec, problems_of

SECRET_FIELDS: Final = ("verify_secret", "verify_label", "verify_overlap")
# In the order of the screen.
VERIFICATION_FIELDS: Final = (
    "verify_scheme", "verify_username", "verify_place", "verify_parameter", "verify_header", "verify_prefix",
    "verify_algorithm", "verify_encoding", "verify_secret_encoding", "verify_signed", "verify_timestamp_header",
    "verify_nonce_header", "verify_tolerance", "verify_issuer", "verify_covers",
    *SECRET_FIELDS, "verify_url", "verify_addresses",
)  # fmt: skip
_SELECTS: Final = (
    "verify_place", "verify_algorithm", "verify_encoding", "verify_secret_encoding", "verify_covers",
)  # fmt: skip
_SIGN_URL: Final = ("hmac", "twilio", "jwt")
_DEFAULTS: Final[Mapping[str, Any]] = {
    f"{PREFIX}{item.name}": item.default for item in fields(VerificationSpec)
}

WIDGETS: Final[Mapping[str, Any]] = {
    "verify_scheme": select(),
    **{name: select() for name in _SELECTS},
    **{
        name: text_input()
        for name in (
            "verify_username", "verify_parameter", "verify_header", "verify_prefix", "verify_timestamp_header",
            "verify_nonce_header", "verify_issuer",
        )
    },
    "verify_url": text_input(placeholder="https://sms.example.com{path}"),
    "verify_signed": text_area(2, placeholder="{ts}.{body}"),
    "verify_addresses": text_area(2, placeholder="203.0.113.0/24, 2001:db8::/32"),
}  # fmt: skip
HELP_TEXTS: Final[Mapping[str, str]] = {
    "verify_header": "The header that carries the proof. A name in grey counts while this is blank.",
    "verify_prefix": "What stands before the signature in the header, such as sha256=. Blank: nothing.",
    "verify_parameter": "Such as token. Fields inside a JSON object with dots: meta.token.",
    "verify_signed": (
        "What the provider signs: {body}, {body_md5}, {body_sha256}, {url}, {path}, {query}, {method}, {ts}, {nonce}, "
        "{header:Name}; \\n is a line break, everything else stands for itself."
    ),
    "verify_timestamp_header": "Holds the signed time: epoch seconds or milliseconds, or a date.",
    "verify_nonce_header": "Holds a value that is used once; a second call with it is refused. Blank: none.",
    "verify_tolerance": "Older calls are refused, and so are those dated more than 30 seconds ahead.",
    "verify_issuer": "The claim iss of the token, such as Vonage; * for any.",
    "verify_covers": "Which digests the token carries: url_hash and payload_hash, or payload_hash alone.",
    "verify_url": (
        "Only where the provider calls another URL than this page shows, as behind a proxy that rewrites it; {path} "
        "stands for the path of this webhook."
    ),
    "verify_addresses": (
        "Calls from anywhere else are refused, whatever they carry. Addresses or networks, separated by commas. Blank: "
        "from anywhere."
    ),
}


class VerificationForm(forms.ModelForm):  # type: ignore[type-arg]
    """The part of the webhook form about verification; fields of schemes that were not chosen are emptied."""

    verify_secret = SecretField(
        label="Secret", strip=False, max_length=8000, widget=SecretTextarea({"rows": 2})
    )
    verify_label = forms.CharField(
        label="Label of the secret",
        required=False,
        max_length=100,
        widget=text_input(placeholder="Such as: rotated in May"),
    )
    verify_overlap = forms.ChoiceField(
        label="Older secrets count",
        required=False,
        choices=(
            ("day", "For 24 hours more"),
            ("week", "For 7 days more"),
            ("removed", "Until I remove them"),
            ("now", "No longer"),
        ),
        widget=select(),
        help_text="While the provider still signs with the old secret, both count.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "verify_scheme" not in self.fields:  # shown to somebody who may only look
            return
        self._scheme_before = self.instance.verify_scheme
        self._from_credential = ""
        for name in VERIFY_FIELDS:
            self.fields[name].required = False
        adding = self.instance._state.adding
        self._stored = [] if adding else list(self.instance.secrets.all())
        if self._stored:
            self.initial["verify_secret"] = True
            self.fields[
                "verify_secret"
            ].help_text = "Paste a new one to add it; blank leaves the list above as it is."
        chosen = SCHEMES.get(self._chosen(), SCHEMES["none"])
        self.fields["verify_scheme"].help_text = format_html("<span data-where>{}</span>", chosen.help)
        self.fields["verify_scheme"].widget.attrs["data-schemes"] = json.dumps(
            _shown(has_secrets=bool(self._stored))
        )

    def clean(self) -> dict[str, Any]:
        """Each error stands at its field; what the chosen scheme does not use goes back to its default."""
        cleaned = super().clean() or {}
        if "verify_scheme" not in self.fields:
            return cleaned
        for name in VERIFY_FIELDS:
            if cleaned.get(name) in (None, "") and name not in self.errors:
                cleaned[name] = self._when_blank(name)
        cleaned["verify_url"] = self._without_token(cleaned.get("verify_url") or "")
        scheme = SCHEMES.get(str(cleaned.get("verify_scheme")))
        if scheme is None or set(VERIFY_FIELDS) & self.errors.keys():
            return cleaned
        for name in VERIFY_FIELDS:
            if name not in _used_by(scheme.kind):
                cleaned[name] = _DEFAULTS[name]
        spec = VerificationSpec(**{name.removeprefix(PREFIX): cleaned[name] for name in VERIFY_FIELDS})
        for problem in problems_of(spec):
            self.add_error(f"{PREFIX}{problem.setting}", problem.text)
        if not self.errors and scheme.secret_label:
            self._check_secret(spec, cleaned)
        return cleaned

    def save_secret(self, webhook: Webhook) -> bool:
        """Add the secret that was typed to the saved webhook; True when there was one."""
        value = self.cleaned_data.get("verify_secret", "") or self._from_credential
        if not value.strip() or not SCHEMES[webhook.verify_scheme].secret_label:
            return False
        other_scheme = self._scheme_before != webhook.verify_scheme
        add_secret(
            webhook=webhook,
            value=value,
            label=self.cleaned_data.get("verify_label", ""),
            overlap="now"
            if other_scheme
            else self.cleaned_data.get("verify_overlap") or next(iter(OVERLAPS)),
        )
        return True

    def _chosen(self) -> str:
        posted = self.data.get(self.add_prefix("verify_scheme")) if self.is_bound else None
        return str(posted or self.initial.get("verify_scheme") or self.instance.verify_scheme)

    def _when_blank(self, name: str) -> Any:
        if name == "verify_scheme" or name in _SELECTS:
            return getattr(self.instance, name)
        return _DEFAULTS[name]

    def _without_token(self, url: str) -> str:
        """The webhook's own path is filled in when a call is checked: its token is a secret that may change."""
        url = url.strip()
        if self.instance._state.adding:
            return url
        try:
            token = self.instance.endpoint.token
        except SecretUnreadable:
            return url
        before, found, _ = url.partition(f"/hooks/{token}")
        return f"{before}{{path}}" if found else url

    def _check_secret(self, spec: VerificationSpec, cleaned: Mapping[str, Any]) -> None:
        typed = str(cleaned.get("verify_secret") or "")
        scheme = SCHEMES[spec.scheme](spec, Site(""))
        if not typed.strip():
            if any(_fits(scheme, row) for row in self._stored):
                return
            self._from_credential = _secret_of_credential(spec, cleaned)
            if not self._from_credential:
                self.add_error("verify_secret", f"{scheme.secret_label}: paste it here. {scheme.help}")
            return
        try:
            scheme.key_of(typed)
        except SecretInvalid as error:
            self.add_error("verify_secret", str(error))


def _secret_of_credential(spec: VerificationSpec, cleaned: Mapping[str, Any]) -> str:
    """The secret that the vendor's preset finds in the credential for this very scheme, "" for none."""
    credential = cleaned.get("credential")
    if credential is None:
        return ""
    try:
        found = starting_verification(Webhook(vendor=credential.vendor), credential)
    except GatewayError:  # the mapping's own check says what is wrong
        return ""
    return found[1] if found and found[0].scheme == spec.scheme else ""


def _fits(scheme: Any, row: Any) -> bool:
    if row.valid_until is not None and row.valid_until <= now():
        return False
    try:
        scheme.key_of(row.value)
    except (SecretInvalid, SecretUnreadable):
        return False
    return True


def _used_by(kind: str) -> set[str]:
    scheme = SCHEMES[kind]
    url = {"verify_url"} if kind in _SIGN_URL else set()
    return {"verify_scheme", "verify_addresses", *url, *(f"{PREFIX}{name}" for name in scheme.fields)}


def _shown(*, has_secrets: bool) -> dict[str, Any]:
    """Scheme -> what the page shows for it; the server goes by the same tables whatever the page does."""
    return {
        kind: {
            "fields": sorted(
                _used_by(kind)
                | ({"verify_secret", "verify_label"} if scheme.secret_label else set())
                | ({"verify_overlap"} if scheme.secret_label and has_secrets else set())
            ),
            "required": sorted(f"{PREFIX}{name}" for name in scheme.required),
            "secret": scheme.secret_label,
            "help": scheme.help,
            "grey": {f"{PREFIX}{name}": text for name, text in scheme.defaults.items()},
        }
        for kind, scheme in SCHEMES.items()
    }
