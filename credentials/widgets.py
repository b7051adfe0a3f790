"""Inputs of the credential's form: plain ones, without the browser's own ideas about their content."""

from __future__ import annotations

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

_TECHNICAL = {"autocomplete": "off", "spellcheck": "false"}


def text_input(**attrs: Any) -> UnfoldAdminTextInputWidget:
    """A one-line input for something technical."""
    return UnfoldAdminTextInputWidget(attrs={**_TECHNICAL, **attrs})


def text_area(rows: int, **attrs: Any) -> UnfoldAdminTextareaWidget:
    """Several lines for something technical."""
    return UnfoldAdminTextareaWidget(attrs={**_TECHNICAL, "rows": rows, **attrs})


def select(**attrs: Any) -> UnfoldAdminSelectWidget:
    """A list to choose from."""
    return UnfoldAdminSelectWidget(attrs=attrs)


class PositionField(forms.IntegerField):
    """Where a row stands; moving a row is no change of its content."""

    def __init__(self) -> None:
        widget = forms.NumberInput(attrs={"class": "cr-position", "aria-label": "Position", "min": 0})
        super().__init__(required=False, widget=widget)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return False
