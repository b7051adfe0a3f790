"""The two forms of an import: the file, and what its columns mean."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings

from consent.importing.models import ConsentImport
from consent.importing.presets import FIELDS, PRESETS
from consent.wording import purpose_words
from core.errors import NumberInvalid
from core.numbers import parse_sender

_NO_COLUMN = "no column"
_HELP = {
    "state": "in, out, opt-in, opt-out, subscribed, unsubscribed, yes, no …",
    "scope": "A sender number or name; blank means what is chosen below.",
    "purpose": "all, marketing or transactional.",
    "time": "Like 2026-01-31 14:05, or seconds since 1970.",
}


class UploadForm(forms.Form):
    """The file itself."""

    file = forms.FileField(
        label="CSV file",
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.tsv,text/csv"}),
        help_text="Up to 512 MB. UTF-8, UTF-16 or Windows text; comma, semicolon, tab or bar between the columns.",
    )


class PlanForm(forms.Form):
    """For each field the column that holds it, and what counts where none does."""

    preset = forms.ChoiceField(
        choices=[(key, preset.label) for key, preset in PRESETS.items()], widget=forms.HiddenInput
    )
    state = forms.ChoiceField(
        label="Rows without a state",
        required=False,
        choices=[("", "are refused"), ("out", "are opt-outs"), ("in", "are opt-ins")],
    )
    scope = forms.CharField(
        label="Senders",
        required=False,
        max_length=40,
        help_text="Blank: all senders. Or one sender number or name.",
    )
    purpose = forms.ChoiceField(
        label="Messages",
        choices=[(value, purpose_words(value)) for value in ("all", "marketing", "transactional")],
    )
    country = forms.CharField(
        label="Country of numbers without +", max_length=2, help_text="Two letters, such as US or DE."
    )
    note = forms.CharField(
        label="Where the list comes from",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Stands as the reason in every event: “Opt-outs of our account at …, exported on 3 May by …”.",
    )
    keep_rest = forms.BooleanField(
        label="Keep the other columns as evidence",
        required=False,
        initial=True,
        help_text="Encrypted with each event.",
    )

    def __init__(self, *args: Any, job: ConsentImport, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["country"].initial = settings.SMSGATEWAY_DEFAULT_COUNTRY
        columns = [(str(index), name) for index, name in enumerate(job.columns)]
        for name, label in FIELDS.items():
            required = name == "number"
            self.fields[f"column_{name}"] = forms.ChoiceField(
                label=label,
                required=required,
                choices=columns if required else [("", _NO_COLUMN), *columns],
                help_text=_HELP.get(name, ""),
            )

    def columns(self) -> list[Any]:
        """The bound fields that choose a column."""
        return [self[f"column_{name}"] for name in FIELDS]

    def others(self) -> list[Any]:
        """The other bound fields that are shown."""
        return [self[name] for name in self.base_fields if name != "preset"]

    def clean_country(self) -> str:
        """Two capital letters."""
        country = str(self.cleaned_data["country"]).upper()
        if not (country.isascii() and country.isalpha() and len(country) == 2):
            raise forms.ValidationError("Write two letters, such as US.")
        return country

    def clean_scope(self) -> str:
        """The scope in the ledger's words."""
        text = self.cleaned_data["scope"].strip().removeprefix("sender:")
        if text in {"", "all"}:
            return "all"
        try:
            return f"sender:{parse_sender(text).value}"
        except NumberInvalid as error:
            raise forms.ValidationError(error.text) from error

    def clean(self) -> dict[str, Any]:
        """A column stands for one thing."""
        values: dict[str, Any] = super().clean() or {}
        chosen = [values.get(f"column_{name}") for name in FIELDS]
        filled = [index for index in chosen if index]
        if len(filled) != len(set(filled)):
            self.add_error(None, "A column is chosen twice. Choose another one, or “no column”.")
        if not values.get("column_state") and not values.get("state"):
            self.add_error("state", "Without a column for the state, say what every row is.")
        return values

    @property
    def plan(self) -> dict[str, Any]:
        """What `storing.choose` keeps."""
        values = self.cleaned_data
        columns = {name: int(values[f"column_{name}"]) for name in FIELDS if values[f"column_{name}"]}
        kept = ("state", "scope", "purpose", "country", "keep_rest")
        return {"columns": columns, **{name: values[name] for name in kept}}
