"""Credential variables: what the vendor asks for, and what the operator named."""

from __future__ import annotations

from typing import Any

from django import forms

from credentials.models import CredentialVariable
from credentials.row_forms.base import TRUE, RowFormSet, SecretRowForm
from credentials.vendors import preset_of
from credentials.vendors.preset import Input
from credentials.widgets import text_input


class VariableForm(SecretRowForm):
    """A credential variable; one with a label is what the vendor asks for and has a fixed name."""

    noun = "variable"
    name = forms.CharField(label="Name", max_length=50, widget=text_input(**{"aria-label": "Variable name"}))
    label = forms.CharField(max_length=100, required=False, widget=forms.HiddenInput())
    # Of a preset that came as a file: nothing else knows what it asked for once the form comes back.
    required = forms.BooleanField(required=False, widget=forms.HiddenInput())
    help = forms.CharField(max_length=300, required=False, widget=forms.HiddenInput())

    class Meta:
        model = CredentialVariable
        fields = ("name", "value", "secret", "label")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asked = asked_for(self)
        if self.is_input:
            self.fields["name"].widget = forms.HiddenInput()
            self.fields["secret"].widget = forms.CheckboxInput(attrs={"hidden": True})
            self.fields["value"].widget.attrs.pop("aria-label", None)

    @property
    def is_input(self) -> bool:
        """Whether the vendor asks for it."""
        return bool(self.asked.label)

    @property
    def can_go(self) -> bool:
        return not self.is_input

    def has_changed(self) -> bool:
        """What the vendor asks for is kept, blank or not."""
        return (self.is_new and self.is_bound and self.is_input) or super().has_changed()

    def clean_name(self) -> str:
        """The name; that of a vendor's input never changes."""
        return self.asked.name if self.is_input else str(self.cleaned_data["name"]).strip()

    def clean(self) -> dict[str, Any]:
        """Label and secrecy of what the vendor asks for are not the request's to say."""
        if self.is_input:
            self.cleaned_data |= {"label": self.asked.label, "secret": self.asked.secret}
        data = super().clean()
        self.instance.required, self.instance.help = self.asked.required, self.asked.help
        return data


def asked_for(form: VariableForm) -> Input:
    """What the row is about, as stored, else as the vendor's preset has it, else as offered."""
    row = form.instance
    if not form.is_new:
        return Input(row.name, row.label, row.help, row.secret, row.required)
    if form.is_bound:
        name, vendor = form.posted("name"), str(form.data.get("vendor") or "")
        found = (item for item in preset_of(vendor).inputs if item.name == name and not item.field)
        return next(found, _as_posted(form, name))
    given = {key: form.initial.get(key, default) for key, default in _ASKED.items()}
    return Input(**given)


def _as_posted(form: VariableForm, name: str) -> Input:
    label = form.posted("label")
    required = bool(label) and form.posted("required") in TRUE
    return Input(name, label, form.posted("help") if label else "", form.says_secret, required)


_ASKED: dict[str, Any] = {"name": "", "label": "", "help": "", "secret": False, "required": False}


class VariableFormSet(RowFormSet):
    """All variables of a credential."""

    group = "variables"
    add_label = "Add variable"

    @property
    def inputs(self) -> list[Any]:
        """Rows the vendor asks for."""
        rows: list[Any] = self.forms
        return [form for form in rows if form.is_input]

    @property
    def listed(self) -> list[Any]:
        """Rows of the operator's own."""
        rows: list[Any] = self.forms
        return [form for form in rows if not form.is_input]
