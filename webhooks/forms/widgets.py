"""Inputs of the webhook screen: plain fields that work alone, and marks that tell the scripts what they are."""

from __future__ import annotations

from typing import Any

from django.forms.renderers import BaseRenderer
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from credentials.models import ApiCredential

_MESSAGE = '<div class="wh-message" data-message>{}<div class="wh-count" data-count></div></div>'


class CredentialSelect(UnfoldAdminSelectWidget):  # type: ignore[misc]
    """A list of credentials that tells the browser the vendor of each."""

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Each option carries `data-vendor`."""
        option: dict[str, Any] = super().create_option(name, value, *args, **kwargs)
        credential = getattr(value, "instance", None)
        if isinstance(credential, ApiCredential):
            option["attrs"]["data-vendor"] = credential.vendor
        return option


class KeywordInput(UnfoldAdminTextInputWidget):  # type: ignore[misc]
    """A comma-separated list, which the script shows as chips."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(
            attrs={"data-keywords": "", "autocomplete": "off", "spellcheck": "false", **(attrs or {})}
        )


class ReplyInput(UnfoldAdminTextareaWidget):  # type: ignore[misc]
    """A reply, under which the script shows how many SMS it takes; `check_url` is a URL name."""

    def __init__(self, check_url: str, attrs: dict[str, Any] | None = None) -> None:
        self.check_url = check_url
        super().__init__(attrs={"rows": 2, **(attrs or {})})

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """The textarea says where it is checked."""
        data = {"data-check-url": reverse(self.check_url)}
        context: dict[str, Any] = super().get_context(name, value, {**data, **(attrs or {})})
        return context

    def render(
        self,
        name: str,
        value: Any,
        attrs: dict[str, Any] | None = None,
        renderer: BaseRenderer | None = None,
    ) -> SafeString:
        """The textarea and the line under it."""
        return format_html(_MESSAGE, super().render(name, value, attrs, renderer))
