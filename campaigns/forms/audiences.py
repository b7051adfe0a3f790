"""Audiences: name, kind and filter; people pasted into a list; a list to add a selection to."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from campaigns.audiences.checking import check
from campaigns.models import Audience, AudienceKind
from profiles.forms import AttributesField
from profiles.importing.models import ImportState, ProfileImport

MOST_PASTED = 10_000
_IMPORTS_OFFERED = 20
_BETWEEN = re.compile(r"[\n\r,;\t]+")


class FilterWidget(UnfoldAdminTextareaWidget):  # type: ignore[misc]
    """JSON in a textarea; the script puts a builder above it and folds it away."""

    class Media:
        css = {"all": ["campaigns/audience.css"]}
        js = [forms.Script("campaigns/audience.js", defer=True)]

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Where the script asks what a filter finds, and what there is to choose from."""
        data = {
            "data-audience-filter": "",
            "data-check-url": reverse("admin:campaigns_audience_check"),
            "data-vocabulary-url": reverse("admin:campaigns_audience_vocabulary"),
        }
        context: dict[str, Any] = super().get_context(name, value, {**data, **(attrs or {})})
        return context


class AudienceForm(forms.ModelForm):  # type: ignore[type-arg]
    """One audience. A list has no filter, and stays a list."""

    filter = AttributesField(
        label="Who is in it",
        required=False,
        initial=dict,
        widget=FilterWidget(attrs={"rows": 8, "spellcheck": "false"}),
        help_text="The condition as JSON, for example "
        '{"all": [{"field": "attributes.city", "op": "is", "value": "Berlin"}]}. Blank: all profiles.',
    )

    class Meta:
        model = Audience
        fields = ("name", "description", "kind", "filter")
        help_texts: ClassVar = {
            "kind": "A saved filter finds its members anew each time. A list has the people you put on it.",
            "description": "What it is for, for your colleagues.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding and "kind" in self.fields:
            self.fields["kind"].disabled = True
            self.fields["kind"].help_text = "Chosen when the audience was made; it stays."

    def clean(self) -> dict[str, Any]:
        """A filter that can be read, each slip named by its path."""
        values: dict[str, Any] = super().clean() or {}
        # An empty list is no filter that somebody meant: only a blank field stands for all profiles.
        filter_ = {} if values.get("filter") is None else values["filter"]
        if values.get("kind") == AudienceKind.STATIC:
            values["filter"] = {}
        elif "filter" not in self.errors:
            values["filter"] = filter_
            for problem in check(filter_):
                self.add_error(
                    "filter", f"{problem.path}: {problem.message}" if problem.path else problem.message
                )
        return values


class AddPeopleForm(forms.Form):
    """Numbers and external ids, pasted as they come."""

    people = forms.CharField(
        label="Numbers or external IDs",
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 5, "spellcheck": "false", "autocomplete": "off"}),
        help_text=f"One on each line, or with commas between them; at most {MOST_PASTED:,}.",
    )
    create = forms.BooleanField(
        label="Make a profile for numbers that have none",
        required=False,
        initial=True,
        widget=forms.CheckboxInput,
    )

    def clean_people(self) -> list[str]:
        """Each once, in their order."""
        words = (word.strip() for word in _BETWEEN.split(self.cleaned_data["people"]))
        people = list(dict.fromkeys(word for word in words if word))
        if not people:
            raise ValidationError("Paste at least one number or external ID.")
        if len(people) > MOST_PASTED:
            raise ValidationError(
                f"These are {len(people):,}; at most {MOST_PASTED:,} can be pasted at once. Import more as CSV."
            )
        return people


class AddImportForm(forms.Form):
    """One of the newest imports of profiles."""

    profile_import = forms.ModelChoiceField(
        label="Profile import",
        queryset=ProfileImport.objects.filter(state=ImportState.DONE),
        empty_label=None,
        widget=UnfoldAdminSelectWidget(),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        newest = ProfileImport.objects.filter(state=ImportState.DONE).order_by("-id")[:_IMPORTS_OFFERED]
        self.imports = list(newest)
        # What was posted is looked for among all; offered are the newest.
        self.fields["profile_import"].widget.choices = [
            (one.pk, f"{one.file_name}, {one.created_at:%Y-%m-%d %H:%M}, {one.rows:,} rows")
            for one in self.imports
        ]


class ChooseListForm(forms.Form):
    """A list that is there, or a new one."""

    audience = forms.ModelChoiceField(
        label="List",
        required=False,
        queryset=Audience.objects.filter(kind=AudienceKind.STATIC),
        empty_label="A new list",
        widget=UnfoldAdminSelectWidget(),
    )
    name = forms.CharField(
        label="Name of the new list", required=False, max_length=100, widget=UnfoldAdminTextInputWidget()
    )

    def clean(self) -> dict[str, Any]:
        """One of the two."""
        values: dict[str, Any] = super().clean() or {}
        if not self.errors and not values.get("audience") and not values.get("name"):
            self.add_error("name", "Choose a list, or name a new one.")
        return values
