"""The mutual TLS part of the form: certificate and key, pasted or as files, write-only."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from unfold.widgets import UnfoldBooleanSwitchWidget

from core.forms import SecretField, SecretTextarea
from core.http.certificates import certificate_problems, certificate_warning
from credentials.forms.tables import CERTIFICATE_FIELDS

_LARGEST_FILE: Final = 64 * 1024
FILE_FIELDS: Final = tuple(f"{name}_file" for name in CERTIFICATE_FIELDS)


class CertificateForm(forms.ModelForm):  # type: ignore[type-arg]
    """Certificate and key of a credential; a file takes the place of what was pasted."""

    client_certificate = SecretField(
        label="Client certificate",
        widget=SecretTextarea(attrs={"rows": 3, "placeholder": "-----BEGIN CERTIFICATE-----"}),
        help_text="PEM, with the certificates between it and its root, if any.",
    )
    client_certificate_file = forms.FileField(label="or its file", required=False)
    client_key = SecretField(
        label="Client key",
        widget=SecretTextarea(attrs={"rows": 3, "placeholder": "-----BEGIN PRIVATE KEY-----"}),
        help_text="PEM, without a passphrase.",
    )
    client_key_file = forms.FileField(label="or its file", required=False)
    remove_certificate = forms.BooleanField(
        label="Remove certificate and key", required=False, widget=UnfoldBooleanSwitchWidget()
    )

    def clean_client_certificate_file(self) -> str:
        """The file's text."""
        return _text_of(self.cleaned_data["client_certificate_file"])

    def clean_client_key_file(self) -> str:
        """The file's text."""
        return _text_of(self.cleaned_data["client_key_file"])

    def clean_certificate(self, data: dict[str, Any]) -> list[str]:
        """Judge the pair that will be stored; gives warnings."""
        for name in CERTIFICATE_FIELDS:
            if data.get("remove_certificate"):
                data[name] = ""
                setattr(self.instance, name, "")
            else:
                given = data.get(f"{name}_file") or data.get(name)
                data[name] = given or self.initial.get(name) or ""
        pair = [data[name] for name in CERTIFICATE_FIELDS]
        if not any(pair) or {*CERTIFICATE_FIELDS, *FILE_FIELDS} & self.errors.keys():
            return []
        problems = certificate_problems(*pair)
        for name, text in problems:
            self.add_error(name, text)
        warning = "" if problems else certificate_warning(pair[0])
        return [warning] if warning else []


def _text_of(file: Any) -> str:
    if not file:
        return ""
    if file.size > _LARGEST_FILE:
        raise forms.ValidationError("This file is too large for a certificate or key.")
    try:
        return str(file.read().decode("ascii"))
    except UnicodeDecodeError as error:
        raise forms.ValidationError("This is no PEM file: it is text that starts with -----BEGIN.") from error
