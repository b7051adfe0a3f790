"""The API credentials screen: fields, labels and order of the documentation, checked on the server."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.html import format_html

from core.errors import GatewayError
from core.forms import SecretField, SecretInput, SecretTextarea
from credentials.auth import BACKENDS
from credentials.auth.base import AuthBackend, AuthConfig
from credentials.auth.jwt import JWT_ALGORITHMS
from credentials.auth.mac import MAC_FORMATS
from credentials.checking import url_problem
from credentials.curl.draft import Draft
from credentials.forms.certificates import CertificateForm
from credentials.forms.offers import BODY_TYPES, completed, draft_of_preset, followed
from credentials.forms.suspicions import suspicions
from credentials.forms.tables import (
    AUTH_FIELDS,
    CONDITIONS,
    HELP_TEXTS,
    MODEL_FIELDS,
    NOT_REQUIRED,
    SECRET_FIELDS,
    WIDGETS,
    default_of,
)
from credentials.forms.whole import judged, rows_of_request, spec_of_rows
from credentials.models import ApiCredential
from credentials.spec import CredentialSpec
from credentials.vendors import CUSTOM, DOCUMENTED, VENDORS, preset_of
from credentials.widgets import select, text_input

_SCHEME_WORD: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_REFERENCE: Final = re.compile(r"\{\{\s*\w+\s*\}\}")
_SAID: Final = frozenset().union(*(backend.required for backend in BACKENDS.values()))
_GUESSED: Final = '<span class="cr-guess">Guessed: {}</span> {}'
# With one of these wrong the request as a whole cannot be judged.
_NEEDED: Final = frozenset(
    {"vendor", "provider_url", "method", "body_kind", "payload", "to_format", "from_format"}
)


class ApiCredentialForm(CertificateForm):
    """One credential. Only the chosen auth type's fields are taken; those of other types are emptied."""

    api_token = SecretField(label="API Token", widget=SecretTextarea(attrs={"rows": 2}))
    api_secret_key = SecretField(label="API Secret Key", widget=SecretInput())
    auth_password = SecretField(label="Password", strip=False, widget=SecretInput())
    oauth_body = SecretField(
        label="OAuth Body",
        widget=SecretTextarea(attrs={"rows": 6}),
        help_text='JSON: {"grant_type": "client_credentials", "client_id": "…", "client_secret": "…"}.',
    )
    mac_hash_format = forms.ChoiceField(
        label="Mac Authorization Hash Format", choices=list(MAC_FORMATS.items()), widget=select()
    )
    jwt_algorithm = forms.ChoiceField(
        label="JWT algorithm", choices=list(JWT_ALGORITHMS.items()), widget=select()
    )
    key_prefix = forms.CharField(
        label="Key prefix",
        strip=False,
        max_length=50,
        widget=text_input(),
        help_text="Stands before the token, such as Bearer. Blank: the bare token.",
    )
    # Which vendor's preset the page was filled in with; another vendor's is filled in by the server.
    preset = forms.CharField(required=False, widget=forms.HiddenInput())
    # What a tool made of a pasted request, to start from.
    draft: ClassVar[Draft | None] = None

    class Meta:
        model = ApiCredential
        fields = MODEL_FIELDS
        widgets = WIDGETS
        help_texts = HELP_TEXTS

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        adding = kwargs.get("instance") is None or kwargs["instance"]._state.adding
        if data is not None:
            data = completed(data, draft=self.draft) if adding else followed(data)
        super().__init__(data, *args, **kwargs)
        self.adding = adding
        self.warnings: list[str] = []
        self.row_problems: Any = {}
        if "auth_type" not in self.fields:
            return  # view-only staff: nothing here can be edited
        if adding:
            self._offer()
        for name in NOT_REQUIRED:
            self.fields[name].required = False  # judged in clean(), by vendor and auth type
        if adding or not self.initial.get("client_certificate"):
            self.fields.pop("remove_certificate", None)
        self._tell_the_script()

    def clean(self) -> dict[str, Any]:
        """Judge auth, then the request as a whole."""
        data = super().clean() or self.cleaned_data
        for name in NOT_REQUIRED:
            self._complete(data, name)
        if not data.get("provider_url") and "provider_url" not in self.errors:
            self.add_error("provider_url", "This field is required.")
        self.warnings += self.clean_certificate(data)
        rows = rows_of_request(self.data, self.instance)
        backend = BACKENDS.get(data.get("auth_type", ""))
        if backend:
            self._clean_auth(data, backend)
        if not rows.valid:
            return data
        spec = spec_of_rows(data, rows, self.instance)
        if backend:
            self._judge_auth(data, backend, spec.auth)
        if not _NEEDED & self.errors.keys():
            self._judge_request(spec, rows)
        return data

    def clean_payload(self) -> str:
        """One kind of line break, so that columns are counted alike everywhere."""
        payload: str = self.cleaned_data["payload"]
        return payload.replace("\r\n", "\n")

    def clean_key_prefix(self) -> str:
        """A bare word gets the blank that belongs between it and the token."""
        prefix: str = self.cleaned_data["key_prefix"]
        return f"{prefix} " if _SCHEME_WORD.fullmatch(prefix) else prefix.lstrip()

    def clean_max_length(self) -> int | None:
        """At least one character."""
        return _at_least_one(self.cleaned_data["max_length"])

    def clean_max_length_unicode(self) -> int | None:
        """At least one character."""
        return _at_least_one(self.cleaned_data["max_length_unicode"])

    def _offer(self) -> None:
        """Start with what the draft or the vendor fills in; a secret of it stays out of the page."""
        preset = preset_of(str(self.initial.get("vendor") or (self.data or {}).get("vendor") or CUSTOM.slug))
        draft = self.draft or draft_of_preset(preset, {})
        self.initial = {"vendor": preset.slug, "preset": preset.slug, **draft.fields, **self.initial}
        for name in SECRET_FIELDS:
            value = str(self.initial.get(name) or "")
            if _REFERENCE.fullmatch(value):
                self.initial[name] = ""
                self.fields[name].widget.attrs["placeholder"] = f"Filled in: {value}"
            elif self.adding and draft.fields.get(name):
                self.initial[name] = ""
                self.fields[name].widget.attrs["placeholder"] = (
                    "Taken from the sample. Leave blank to use it."
                )
        self.fields["provider_app_id"].help_text = preset.app_id_hint
        for name, why in (self.initial.pop("guessed", None) or {}).items():
            if field := self.fields.get(name):
                field.help_text = format_html(_GUESSED, why, field.help_text)

    def _tell_the_script(self) -> None:
        """What the script on the page shows and hides: the same tables the server goes by."""
        shown = {kind: list(backend.fields) for kind, backend in BACKENDS.items()}
        required = {kind: sorted(backend.required) for kind, backend in BACKENDS.items()}
        self.fields["auth_type"].widget.attrs |= {
            "data-auth-fields": json.dumps(shown),
            "data-auth-required": json.dumps(required),
            "data-auth-saved": "" if self.adding else self.initial.get("auth_type", ""),
            "data-conditions": json.dumps(CONDITIONS),
        }
        self.fields["body_kind"].widget.attrs["data-body-types"] = json.dumps(BODY_TYPES)
        chosen = str((self.data or {}).get("vendor") or self.initial.get("vendor") or CUSTOM.slug)
        offered = dict.fromkeys([*DOCUMENTED, *([chosen] if chosen in VENDORS else [])])
        vendor: Any = self.fields["vendor"]
        vendor.choices = [(slug, VENDORS[slug].label) for slug in offered]
        vendor.widget.attrs["data-adding"] = "yes" if self.adding else "no"
        # Beside the URL it says what it is.
        self.fields["method"].label = ""

    def _complete(self, data: dict[str, Any], name: str) -> None:
        """A choice nobody made keeps what it was, unless an auth type needs it said."""
        offers = isinstance(self.fields[name], forms.ChoiceField) and name not in _SAID
        if offers and not data.get(name) and name not in self.errors:
            data[name] = getattr(self.instance, name)

    def _clean_auth(self, data: dict[str, Any], backend: type[AuthBackend]) -> None:
        for name in AUTH_FIELDS:
            if name not in backend.fields:
                self._empty(data, name)
            elif name in SECRET_FIELDS:
                data[name] = data.get(name) or self._stored(name)
        if "key_location" in backend.fields and data.get("key_location") == "header":
            data["key_name"] = data.get("key_name") or "Authorization"
        for name, (decider, values) in CONDITIONS.items():
            if data.get(decider) not in values and (name not in AUTH_FIELDS or name in backend.fields):
                self._empty(data, name, blank=name in {"key_prefix", "payload"})
        for name in backend.fields:
            if name in backend.required and not data.get(name) and name not in self.errors:
                self.add_error(name, f"{backend.label} needs this field.")

    def _judge_auth(self, data: Mapping[str, Any], backend: type[AuthBackend], config: AuthConfig) -> None:
        if set(backend.fields) & self.errors.keys():
            return
        try:
            auth = backend(config)
            problems = auth.problems()
        except GatewayError as error:
            self.add_error(None, error.text)
            return
        for problem in problems:
            if problem.field not in self.errors:
                self.add_error(problem.field if problem.field in self.fields else None, problem.text)
        self.warnings += auth.warnings()
        checked = "oauth_url" in auth.fields and "oauth_url" not in self.errors
        if checked and (refused := url_problem(auth.config.oauth_url)):
            self.add_error("oauth_url", refused)

    def _judge_request(self, spec: CredentialSpec, rows: Any) -> None:
        findings, self.row_problems = judged(spec, rows)
        self.instance.row_problems = self.row_problems
        for problem in findings.errors:
            self.add_error(problem.field if problem.field in self.fields else None, problem.text)
        self.warnings += findings.warnings
        declared = {item.name for item in preset_of(spec.vendor).inputs}
        self.warnings += suspicions(spec, declared=declared)

    def _empty(self, data: dict[str, Any], name: str, *, blank: bool = False) -> None:
        default = "" if blank else default_of(name)
        data[name] = default
        self.errors.pop(name, None)
        # Django keeps an instance's value when the request lacks the field and the cleaned value is empty.
        setattr(self.instance, name, default)

    def _stored(self, name: str) -> str:
        """The stored secret; none once the auth type changes: one type's key is not another's id."""
        before = self.initial.get("auth_type")
        if self.adding or before != self.cleaned_data["auth_type"]:
            return ""
        stored: str = self.initial.get(name) or ""
        return stored


def _at_least_one(length: int | None) -> int | None:
    if length is not None and length < 1:
        raise ValidationError("Write 1 or more, or leave this blank.")
    return length


def typed_secrets(posted: Mapping[str, Any]) -> str:
    """Labels of the secrets in a request, such as "API Token, header X-Key"; "" without any."""
    found = [str(ApiCredentialForm.declared_fields[name].label) for name in SECRET_FIELDS if posted.get(name)]
    for key in posted:
        match = _POSTED_ROW.fullmatch(key)
        if match and all(posted.get(f"{match[1]}-{match[2]}-{name}") for name in ("secret", "value")):
            label = posted.get(f"{match[1]}-{match[2]}-label")
            found.append(str(label) if label else f"{_NOUNS[match[1]]} {posted[key]}")
    return ", ".join(found)


_POSTED_ROW: Final = re.compile(r"(headers|variables)-(\d+)-name")
_NOUNS: Final = {"headers": "header", "variables": "variable"}
