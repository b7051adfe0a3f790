from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from credentials.models import ApiCredential
from credentials.vendors import CUSTOM

ADD = "/admin/credentials/apicredential/add/"
LIST = "/admin/credentials/apicredential/"
OAUTH_BODY = json.dumps(
    {"grant_type": "client_credentials", "client_id": "shop", "client_secret": "sssh-client"}
)


def posted(**values: Any) -> dict[str, Any]:
    """A filled-in form as a browser sends it: every auth field is there, the hidden ones too."""
    return {
        "vendor": "custom",
        "preset": "custom",
        "name": "Main provider",
        "provider_app_id": "app-1",
        "provider_name": "Acme SMS",
        "provider_url": "https://provider.example.com/messages",
        "auth_type": "api_key",
        "auth_name": "Production key",
        "api_token": "tok-123456",
        "api_secret_key": "",
        "mac_hash_format": "hmac-sha256:base64",
        "key_location": "header",
        "key_name": "Authorization",
        "key_prefix": "Bearer ",
        "oauth_url": "",
        "oauth_body": "",
        "oauth_encoding": "form",
        "jwt_payload": "",
        "jwt_algorithm": "HS256",
        "method": "POST",
        "body_kind": "json",
        "payload": CUSTOM.payload,
        "message_id_path": "",
        **header_rows(("Content-Type", "application/json"), ("Charset", "UTF-8")),
        **values,
    }


def header_rows(*rows: tuple[str, ...], initial: int = 0) -> dict[str, Any]:
    """Formset data; a row is (name, value[, "secret"])."""
    data: dict[str, Any] = {
        "headers-TOTAL_FORMS": len(rows),
        "headers-INITIAL_FORMS": initial,
        "headers-MIN_NUM_FORMS": 0,
        "headers-MAX_NUM_FORMS": 1000,
    }
    for index, (name, value, *flags) in enumerate(rows):
        data |= {f"headers-{index}-name": name, f"headers-{index}-value": value}
        if flags:
            data[f"headers-{index}-secret"] = "on"
    return data


def stored_rows(credential: ApiCredential, *new: tuple[str, ...], **changes: Any) -> dict[str, Any]:
    """Formset data of the stored rows as a browser sends them back, plus new rows; secrets come back blank."""
    rows = list(credential.headers.all())
    shown = [(row.name, "" if row.secret else row.value, *(["secret"] if row.secret else [])) for row in rows]
    data = header_rows(*shown, *new, initial=len(rows))
    for index, row in enumerate(rows):
        data[f"headers-{index}-id"] = str(row.pk)
        data[f"headers-{index}-credential"] = str(credential.pk)
    return {**data, **changes}


def change_url(credential: ApiCredential) -> str:
    return reverse("admin:credentials_apicredential_change", args=[credential.pk])


def errors_of(response: Any) -> dict[str, list[str]]:
    """Form errors of a page that was shown again, rows as "<group>-<index>-<field>"."""
    assert response.status_code == 200, response.status_code
    found = {name: list(texts) for name, texts in response.context["adminform"].form.errors.items()}
    for formset in response.context["inline_admin_formsets"]:
        for index, row in enumerate(formset.formset.errors):
            found |= {f"{formset.formset.prefix}-{index}-{name}": list(texts) for name, texts in row.items()}
    return found


def staff(*permissions: str) -> Client:
    user = get_user_model().objects.create_user("staff", password="x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


def headers_of(credential: ApiCredential) -> dict[str, str]:
    return {row.name: row.value for row in credential.headers.all()}


def change_data(credential: ApiCredential, *new: tuple[str, ...], **changes: Any) -> dict[str, Any]:
    kept = {"api_token": "", "name": credential.name}
    return {**posted(**kept), **stored_rows(credential, *new), **changes}


def _is_sent(given: dict[str, str]) -> bool:
    kind = given.get("type", "text")
    return kind not in {"submit", "file", "button"} and (
        kind not in {"checkbox", "radio"} or "checked" in given
    )


class _Fields(HTMLParser):
    """What a browser would send of all fields of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self.select = self.area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name = given.get("name", "")
        if tag == "select":
            self.select = name
        elif tag == "option" and self.select and ("selected" in given or self.select not in self.found):
            self.found[self.select] = given.get("value", "")
        elif tag == "textarea":
            self.area = name
            self.found[name] = ""
        elif tag == "input" and name and _is_sent(given):
            self.found[name] = given.get("value", "on" if given.get("type") == "checkbox" else "")

    def handle_endtag(self, tag: str) -> None:
        if tag in {"select", "textarea"}:
            self.select = self.area = ""

    def handle_data(self, data: str) -> None:
        if self.area:
            self.found[self.area] += data


def fields_shown(page: str) -> dict[str, str]:
    """The fields of a page with the values it shows, as a browser would send them back; empty rows' templates apart."""
    parser = _Fields()
    parser.feed(page)
    return {
        name: value.removeprefix("\n") for name, value in parser.found.items() if "__prefix__" not in name
    }
