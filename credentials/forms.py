"""The API credentials screen: fields, labels and order of the documentation, checked on the server."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from core.editor import PayloadEditor
from core.errors import GatewayError
from core.forms import SecretField, SecretInput, SecretTextarea
from credentials.auth import BACKENDS
from credentials.auth.base import AuthBackend, AuthConfig
from credentials.auth.jwt import JWT_ALGORITHMS
from credentials.auth.mac import MAC_FORMATS
from credentials.building import RequestShape
from credentials.checking import check_request, url_problem
from credentials.models import ApiCredential
from credentials.reading import path_problem
from credentials.vendors import CUSTOM, VENDORS, preset_of

# Every field that belongs to an auth type, in screen order.
AUTH_FIELDS: Final = tuple(dict.fromkeys(name for backend in BACKENDS.values() for name in backend.fields))
SECRET_FIELDS: Final = ("api_token", "api_secret_key", "oauth_body")
PAYLOAD_CHECK: Final = "admin:credentials_apicredential_payload_check"
_SCHEME_WORD: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_POSTED_HEADER: Final = re.compile(r"headers-(\d+)-name")


def text_input(**attrs: Any) -> UnfoldAdminTextInputWidget:
    """A one-line input without the browser's own ideas about its content."""
    return UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "spellcheck": "false", **attrs})


class ApiCredentialForm(forms.ModelForm):  # type: ignore[type-arg]
    """One credential. Only the chosen auth type's fields are taken; those of other types are emptied."""

    api_token = SecretField(label="API Token", widget=SecretTextarea(attrs={"rows": 2}))
    api_secret_key = SecretField(label="API Secret Key", widget=SecretInput())
    oauth_body = SecretField(
        label="OAuth Body",
        widget=SecretTextarea(attrs={"rows": 6}),
        help_text='JSON: {"grant_type": "client_credentials", "client_id": "…", "client_secret": "…"}.',
    )
    mac_hash_format = forms.ChoiceField(
        label="Mac Authorization Hash Format",
        choices=list(MAC_FORMATS.items()),
        required=False,
        widget=UnfoldAdminSelectWidget(),
    )
    jwt_algorithm = forms.ChoiceField(
        label="JWT algorithm",
        choices=list(JWT_ALGORITHMS.items()),
        required=False,
        widget=UnfoldAdminSelectWidget(),
    )
    key_prefix = forms.CharField(
        label="Key prefix",
        required=False,
        strip=False,
        max_length=50,
        widget=text_input(),
        help_text="Stands before the token, such as Bearer. Blank: the bare token.",
    )
    # Which vendor's preset the browser has filled in; blank without a script, then the server fills it in.
    preset = forms.CharField(required=False, widget=forms.HiddenInput())

    class Meta:
        model = ApiCredential
        fields: ClassVar = [
            "vendor", "name", "provider_app_id", "provider_name", "provider_url", "auth_type",
            *AUTH_FIELDS, "payload", "message_id_path",
        ]  # fmt: skip
        widgets: ClassVar = {
            "vendor": UnfoldAdminSelectWidget(),
            "name": text_input(),
            "provider_app_id": text_input(),
            "provider_name": text_input(),
            "provider_url": text_input(inputmode="url"),
            "auth_type": UnfoldAdminSelectWidget(),
            "auth_name": text_input(),
            "key_location": UnfoldAdminSelectWidget(),
            "key_name": text_input(),
            "oauth_url": text_input(inputmode="url"),
            "oauth_encoding": UnfoldAdminSelectWidget(),
            "jwt_payload": UnfoldAdminTextareaWidget(attrs={"rows": 6, "spellcheck": "false"}),
            "payload": PayloadEditor(check_url=PAYLOAD_CHECK),
            "message_id_path": text_input(placeholder="messageId"),
        }
        help_texts: ClassVar = {
            "provider_app_id": CUSTOM.app_id_hint,
            "provider_url": "Where messages are posted to. {{providerAppId}} and other variables may occur.",
            "auth_name": "A name for this set of keys.",
            "key_name": "Name of the header or query parameter; for HTTP Basic the user name.",
            "oauth_url": "Where the token is fetched.",
            "jwt_payload": 'JSON claims, such as {"iss": "…", "sub": "…", "aud": "…", "exp": 3600}. '
            "exp is a lifetime in seconds; iat, exp and jti are filled in.",
            "message_id_path": "Where the message's id stands in the provider's answer, such as "
            "messages[0].messageId. Blank: the usual places are tried.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.warnings: list[str] = []
        self.adding = self.instance._state.adding
        if "auth_type" not in self.fields:
            return  # view-only staff: nothing here can be edited
        if self.adding:
            self.initial = {**CUSTOM.form_values(), **self.initial}
        for name in ("provider_url", "payload", *AUTH_FIELDS):
            self.fields[name].required = False  # judged in clean(), by vendor and auth type
        self._tell_the_script()

    def _tell_the_script(self) -> None:
        """What the script on the page shows, hides and fills in: the same tables the server goes by."""
        fields = {kind: list(backend.fields) for kind, backend in BACKENDS.items()}
        required = {kind: sorted(backend.required) for kind, backend in BACKENDS.items()}
        self.fields["auth_type"].widget.attrs.update(
            {
                "data-auth-fields": json.dumps(fields),
                "data-auth-required": json.dumps(required),
                "data-auth-saved": "" if self.adding else self.initial.get("auth_type", ""),
            }
        )
        presets = {
            slug: {
                "values": preset.form_values(),
                "headers": dict(preset.headers),
                "hint": preset.app_id_hint,
            }
            for slug, preset in VENDORS.items()
        }
        attrs = {"data-presets": json.dumps(presets), "data-adding": "yes" if self.adding else "no"}
        self.fields["vendor"].widget.attrs.update(attrs)

    def clean(self) -> dict[str, Any]:
        """Fill in the vendor's values on a new credential, then judge auth and request."""
        data = super().clean() or self.cleaned_data
        if self.adding and data.get("vendor") and data.get("preset") != data["vendor"]:
            self._take_preset(data)
        for name in ("provider_url", "payload"):
            if not data.get(name) and name not in self.errors:
                self.add_error(name, "This field is required.")
        if data.get("auth_type") in BACKENDS:
            self._clean_auth(data, BACKENDS[data["auth_type"]])
        self._clean_request(data)
        return data

    def clean_message_id_path(self) -> str:
        """A path that can be followed."""
        path: str = self.cleaned_data["message_id_path"].strip()
        if path and (problem := path_problem(path)):
            raise ValidationError(problem)
        return path

    def clean_payload(self) -> str:
        """One kind of line break, so that columns are counted alike everywhere."""
        payload: str = self.cleaned_data["payload"]
        return payload.replace("\r\n", "\n")

    def clean_key_prefix(self) -> str:
        """A bare word gets the blank that belongs between it and the token."""
        prefix: str = self.cleaned_data["key_prefix"]
        return f"{prefix} " if _SCHEME_WORD.fullmatch(prefix) else prefix.lstrip()

    def _take_preset(self, data: dict[str, Any]) -> None:
        """A field left as it was offered takes the vendor's value."""
        for name, value in preset_of(data["vendor"]).form_values().items():
            if name not in self.errors and _plain(data.get(name)) in {"", _plain(self.initial.get(name))}:
                data[name] = value

    def _clean_auth(self, data: dict[str, Any], backend: type[AuthBackend]) -> None:
        for name in AUTH_FIELDS:
            if name not in backend.fields:
                self._empty(data, name)
            elif name in SECRET_FIELDS:
                data[name] = data.get(name) or self._stored(name)
        if "key_location" in backend.fields:
            _fit_key_fields(data)
        missing = [name for name in backend.fields if name in backend.required and not data.get(name)]
        for name in missing:
            if name not in self.errors:
                self.add_error(name, f"{backend.label} needs this field.")
        if not missing:
            self._judge(backend(_config_of(data)))

    def _judge(self, auth: AuthBackend) -> None:
        try:
            problems = auth.problems()
        except GatewayError as error:
            self.add_error(None, error.text)
            return
        for problem in problems:
            if problem.field not in self.errors:
                self.add_error(problem.field, problem.text)
        self.warnings += auth.warnings()
        checked = "oauth_url" in auth.fields and "oauth_url" not in self.errors
        if checked and (refused := url_problem(auth.config.oauth_url)):
            self.add_error("oauth_url", refused)

    def _clean_request(self, data: dict[str, Any]) -> None:
        if {"provider_url", "payload"} & self.errors.keys():
            return
        findings = check_request(
            RequestShape(data["provider_url"], tuple(self._posted_headers()), data["payload"])
        )
        for problem in findings.errors:
            self.add_error(problem.field, problem.text)
        self.warnings += findings.warnings

    def _empty(self, data: dict[str, Any], name: str) -> None:
        default = getattr(ApiCredential, name).field.get_default()
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

    def _posted_headers(self) -> Iterator[tuple[str, str]]:
        """Header rows as posted beside this form; a secret kept blank is taken from the database."""
        kept = {} if self.adding else {row.name: row.value for row in self.instance.headers.all()}
        for key in self.data:
            if match := _POSTED_HEADER.fullmatch(str(key)):
                name = str(self.data[key])
                yield name, str(self.data.get(f"headers-{match[1]}-value") or kept.get(name, ""))
        for name, value in kept.items():
            yield name, value


def typed_secrets(posted: Mapping[str, Any]) -> str:
    """Labels of the secrets in a request, such as "API Token, header X-Key"; "" without any."""
    found = [str(ApiCredentialForm.declared_fields[name].label) for name in SECRET_FIELDS if posted.get(name)]
    for key in posted:
        match = _POSTED_HEADER.fullmatch(key)
        if match and posted.get(f"headers-{match[1]}-secret") and posted.get(f"headers-{match[1]}-value"):
            found.append(f"header {posted[key]}")
    return ", ".join(found)


def _plain(value: Any) -> str:
    """A value as a person sees it: browsers send other line breaks, forms strip ends."""
    return str(value or "").replace("\r\n", "\n").strip()


def _fit_key_fields(data: dict[str, Any]) -> None:
    """Header: a blank name means Authorization. Elsewhere no prefix; HTTP Basic names no header."""
    if data.get("key_location") == "header":
        data["key_name"] = data.get("key_name") or "Authorization"
        return
    data["key_prefix"] = ""
    if data.get("key_location") == "basic" and data.get("key_name") == "Authorization":
        data["key_name"] = ""


def _config_of(data: dict[str, Any]) -> AuthConfig:
    names = {"provider_app_id", "provider_url", *AUTH_FIELDS} - {"auth_name"}
    return AuthConfig(**{name: data.get(name) or "" for name in names})
