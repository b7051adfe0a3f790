"""The two forms of an import: the file, and what its columns mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings

from profiles.entries import Key, Policy
from profiles.importing.columns import TARGETS, TYPES, Column, Target, Type, clash_of, guess, path_problem
from profiles.importing.models import ProfileImport

_ONCE = (Target.EXTERNAL_ID, Target.LANGUAGE, Target.TIME_ZONE)
_SHOWN_VALUES = 3
_NEEDED = {
    Key.EXTERNAL_ID: (
        Target.EXTERNAL_ID,
        "Say which column is the external ID, or recognise people by number.",
    ),
    Key.NUMBER: (Target.NUMBER, "Say which column is the number, or recognise people by external ID."),
}


class UploadForm(forms.Form):
    """The file itself."""

    file = forms.FileField(
        label="CSV file",
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.tsv,text/csv"}),
        help_text="Up to 512 MB. UTF-8, UTF-16 or Windows text; comma, semicolon, tab or bar between the columns.",
    )


@dataclass(frozen=True)
class ColumnRow:
    """One column of the file on the page: its name, a few of its values, and the fields that say what it is."""

    name: str
    values: list[str]
    target: Any
    path: Any
    type: Any


class PlanForm(forms.Form):
    """For each column what it is, and for the whole file how people are recognised."""

    key = forms.ChoiceField(
        label="Recognise people by",
        choices=[
            (Key.EXTERNAL_ID.value, "External ID"),
            (Key.NUMBER.value, "Number"),
        ],
        help_text="By external ID: who is known by number only gets the ID of the file.",
    )
    policy = forms.ChoiceField(
        label="Those who are there already",
        choices=[
            (Policy.UPDATE.value, "Update them"),
            (Policy.REPLACE.value, "Replace them"),
            (Policy.SKIP.value, "Leave them alone"),
        ],
        help_text="Update: what the file does not say stays. Replace: it goes.",
    )
    country = forms.CharField(
        label="Country of numbers without +",
        max_length=2,
        required=False,
        help_text="Two letters, such as US or DE.",
    )

    def __init__(
        self, *args: Any, job: ProfileImport, sample: Sequence[Sequence[str]], **kwargs: Any
    ) -> None:
        self._job, self._sample = job, sample
        super().__init__(*args, **kwargs)
        self.initial = _initial(job, sample)
        for index, name in enumerate(job.columns):
            self.fields[f"target_{index}"] = forms.ChoiceField(
                label=f"What {name} is",
                required=False,
                choices=list(TARGETS.items()),
                widget=forms.Select(attrs={"data-target": ""}),
            )
            self.fields[f"path_{index}"] = forms.CharField(
                label=f"Name of the attribute {name}",
                required=False,
                max_length=200,
                widget=forms.TextInput(attrs={"spellcheck": "false", "placeholder": "firstName"}),
            )
            self.fields[f"type_{index}"] = forms.ChoiceField(
                label=f"How {name} is read", required=False, choices=list(TYPES.items())
            )

    def columns(self) -> list[ColumnRow]:
        """The columns of the file, in their order."""
        return [
            ColumnRow(
                name,
                [row[index] for row in self._sample if index < len(row) and row[index].strip()][
                    :_SHOWN_VALUES
                ],
                self[f"target_{index}"],
                self[f"path_{index}"],
                self[f"type_{index}"],
            )
            for index, name in enumerate(self._job.columns)
        ]

    def others(self) -> list[Any]:
        """The bound fields about the whole file."""
        return [self[name] for name in self.base_fields]

    def clean_country(self) -> str:
        """Two capital letters, or nothing."""
        country = str(self.cleaned_data["country"]).upper()
        if country and not (country.isascii() and country.isalpha() and len(country) == 2):
            raise forms.ValidationError("Write two letters, such as US.")
        return country

    def clean(self) -> dict[str, Any]:
        """Each column makes sense by itself and beside the others."""
        values: dict[str, Any] = super().clean() or {}
        chosen = self.chosen
        targets = [one.target for one in chosen]
        for index, column in enumerate(chosen):
            problem = path_problem(column.path) if column.target == Target.ATTRIBUTE else ""
            if problem:
                self.add_error(f"path_{index}", problem)
        for target in _ONCE:
            if targets.count(target) > 1:
                self.add_error(None, f"Two columns are the {TARGETS[target]}. Ignore one of them.")
        clash = clash_of([one.path for one in chosen if one.target == Target.ATTRIBUTE and one.path])
        if clash:
            self.add_error(
                None, f"The attribute name {clash} stands twice, or holds another one. Change one of them."
            )
        needed = _NEEDED.get(Key(values["key"])) if "key" in values else None
        if needed and needed[0] not in targets:
            self.add_error("key", needed[1])
        return values

    @property
    def chosen(self) -> list[Column]:
        """What each column is."""
        values = self.cleaned_data
        found = []
        for index in range(len(self._job.columns)):
            target = values.get(f"target_{index}", "")
            is_attribute = target == Target.ATTRIBUTE
            path = values.get(f"path_{index}", "").strip() if is_attribute else ""
            found.append(
                Column(
                    target, path, (values.get(f"type_{index}") or Type.TEXT) if is_attribute else Type.TEXT
                )
            )
        return found


def _initial(job: ProfileImport, sample: Sequence[Sequence[str]]) -> dict[str, Any]:
    """What was chosen before, else what names and values suggest."""
    if job.plan:
        columns = [Column.from_plan(one) for one in job.plan["columns"]]
        whole = {name: job.plan[name] for name in ("key", "policy", "country")}
    else:
        columns = guess(job.columns, sample)
        has_id = any(one.target == Target.EXTERNAL_ID for one in columns)
        whole = {
            "key": (Key.EXTERNAL_ID if has_id else Key.NUMBER).value,
            "policy": Policy.UPDATE.value,
            "country": settings.SMSGATEWAY_DEFAULT_COUNTRY,
        }
    for index, column in enumerate(columns):
        whole |= {f"{name}_{index}": value for name, value in column.kept.items()}
        if not column.path:
            whole[f"path_{index}"] = ""
    return whole
