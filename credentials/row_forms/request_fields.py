"""Query parameters and body fields."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms

from credentials.models import RequestField
from credentials.row_forms.base import LONGEST_VALUE, RowForm, RowFormSet
from credentials.widgets import select, text_input


class RequestFieldForm(RowForm):
    """A query parameter or a body field."""

    noun = "parameter"

    class Meta:
        model = RequestField
        fields = ("name", "value", "when", "kind")
        widgets: ClassVar = {
            "name": text_input(**{"aria-label": "Parameter name"}),
            "value": text_input(**{"aria-label": "Parameter value"}),
            "when": select(**{"aria-label": "When the parameter is sent"}),
        }

    value = forms.CharField(
        label="Value",
        max_length=LONGEST_VALUE,
        required=False,
        strip=False,
        widget=text_input(**{"aria-label": "Parameter value"}),
    )


class QueryForm(RequestFieldForm):
    """A query parameter: always text."""

    class Meta(RequestFieldForm.Meta):
        fields = ("name", "value", "when")  # type: ignore[assignment]


class BodyFieldForm(RequestFieldForm):
    """A field of the body."""

    noun = "body field"

    class Meta(RequestFieldForm.Meta):
        widgets: ClassVar = {
            "name": text_input(**{"aria-label": "Field name"}),
            "when": select(**{"aria-label": "When the field is sent"}),
            "kind": select(**{"aria-label": "Type of the field"}),
        }

    value = forms.CharField(
        label="Value",
        max_length=LONGEST_VALUE,
        required=False,
        strip=False,
        widget=text_input(**{"aria-label": "Field value"}),
    )


class RequestFieldFormSet(RowFormSet):
    """Request fields of one place."""

    place: ClassVar[str] = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        rows = kwargs.get("queryset")
        rows = RequestField.objects.all() if rows is None else rows
        super().__init__(*args, **{**kwargs, "queryset": rows.filter(place=self.place)})

    def _construct_form(self, i: int, **kwargs: Any) -> Any:
        form = super()._construct_form(i, **kwargs)  # type: ignore[misc]
        form.instance.place = self.place
        return form


class QueryFormSet(RequestFieldFormSet):
    """Query parameters."""

    group, place = "query", "query"
    add_label = "Add query parameter"


class BodyFieldFormSet(RequestFieldFormSet):
    """Body fields."""

    group, place = "fields", "body"
    add_label = "Add body field"
