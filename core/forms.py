"""Form parts shared by the apps: secrets that can be typed and never read back."""

from __future__ import annotations

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

STORED_HINT = "Stored. Leave blank to keep it."


class _WriteOnly:
    """Widget part: never renders a value, says whether one is stored."""

    attrs: dict[str, Any]

    def format_value(self, value: Any) -> None:
        return None

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        hint = {"placeholder": STORED_HINT} if value else {}
        context: dict[str, Any] = super().get_context(name, None, {**(attrs or {}), **hint})  # type: ignore[misc]
        return context


class SecretInput(_WriteOnly, UnfoldAdminTextInputWidget):  # type: ignore[misc]
    """One-line input for a secret."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs={"autocomplete": "new-password", "spellcheck": "false", **(attrs or {})})


class SecretTextarea(_WriteOnly, UnfoldAdminTextareaWidget):  # type: ignore[misc]
    """Several lines for a secret, such as a PEM key or a JSON body with a client secret."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(
            attrs={"autocomplete": "new-password", "spellcheck": "false", "rows": 5, **(attrs or {})}
        )


class SecretField(forms.CharField):
    """A write-only value: what is typed replaces, blank keeps what is stored (`initial`)."""

    widget = SecretInput

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        kwargs.setdefault("strip", True)
        super().__init__(**kwargs)

    def bound_data(self, data: Any, initial: Any) -> Any:
        """What a form shown again tells the widget: whether a value is stored, never what was typed."""
        return initial

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(data)

    def kept(self, typed: str, stored: str) -> str:
        """The value to save: what was typed, or what is stored."""
        return typed or stored
