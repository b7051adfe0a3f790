"""The payload editor widget: a textarea that works alone, and a dialog that helps to write it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms.renderers import BaseRenderer
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminTextareaWidget

_HTML = (
    '<div class="pe-field" data-payload-editor>{}'
    '<div class="pe-field-row"><button type="button" class="pe-button" hidden>{}</button>'
    '<span role="status"></span></div></div>'
)

_BUTTONS = {"json": "View payload editor", "text": "Open message editor"}


class PayloadEditor(UnfoldAdminTextareaWidget):  # type: ignore[misc]
    """A textarea with a button that opens the editor.

    `check_url` is a URL name. The page POSTs JSON {"source", "fields"} there with the CSRF header and gets
    {"problems": [{"message", "line", "column", "hint", "level"}], "preview": str,
    "picker": [{"label", "items": [{"label", "insert", "help"}]}]}; lines and columns count from 1,
    `level` is "error" or "warning"; a "note" is shown beside the number of problems. `language` is "json", or "text"
    for a message.
    """

    class Media:
        css = {"all": ["editor/payload-editor.css"]}
        js = [forms.Script("editor/payload-editor.js", defer=True)]

    def __init__(
        self, check_url: str, attrs: dict[str, Any] | None = None, *, language: str = "json"
    ) -> None:
        self.check_url = check_url
        self.language = language
        super().__init__(attrs={"rows": 8, "spellcheck": "false", **(attrs or {})})

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """The textarea's attributes say where to check and which language to colour."""
        data = {"data-check-url": reverse(self.check_url), "data-language": self.language}
        context: dict[str, Any] = super().get_context(name, value, {**data, **(attrs or {})})
        return context

    def render(
        self,
        name: str,
        value: Any,
        attrs: dict[str, Any] | None = None,
        renderer: BaseRenderer | None = None,
    ) -> SafeString:
        """The textarea and, shown by the script only, the button and the check line."""
        return format_html(_HTML, super().render(name, value, attrs, renderer), _BUTTONS[self.language])
