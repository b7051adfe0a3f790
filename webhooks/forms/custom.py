"""Custom keywords: a row each, with what it does."""

from __future__ import annotations

from typing import Any

from django import forms

from core.addresses import target_of
from core.errors import GatewayError
from core.templating import check_text
from credentials.row_forms.base import RowForm, RowFormSet
from credentials.widgets import select, text_input
from profiles.attributes import NAME as ATTRIBUTE
from webhooks.configuration import rules_of
from webhooks.forms.widgets import KeywordInput, ReplyInput
from webhooks.keywords import split_keywords
from webhooks.models import CustomAction, CustomKeyword
from webhooks.replies import REPLY_VARIABLES

_MISSING = {
    CustomAction.REPLY: ("message", "Write what is replied."),
    CustomAction.TAG: ("attribute", "Name the attribute that is set."),
    CustomAction.FORWARD: ("forward_url", "Enter the URL that gets the message."),
    CustomAction.ADD: ("target", "Name the audience."),
    CustomAction.REMOVE: ("target", "Name the audience."),
    CustomAction.CAMPAIGN: ("target", "Name the campaign."),
}


class CustomKeywordForm(RowForm):
    """One custom keyword category."""

    noun = "custom keyword"
    texts = ("name", "keywords", "message", "attribute", "value", "forward_url", "target")

    class Meta:
        model = CustomKeyword
        fields = ("name", "keywords", "action", "attribute", "value", "forward_url", "target", "message")
        widgets = {
            "name": text_input(),
            "keywords": KeywordInput(),
            "action": select(**{"data-action": ""}),
            "attribute": text_input(placeholder="interest"),
            "value": text_input(placeholder="the keyword"),
            "forward_url": text_input(inputmode="url", placeholder="https://"),
            "target": text_input(autocomplete="off"),
            "message": ReplyInput("admin:webhooks_webhook_message_check"),
        }

    def clean_keywords(self) -> str:
        """At least one word."""
        listed = str(self.cleaned_data["keywords"])
        if not split_keywords(listed):
            raise forms.ValidationError("Enter at least one keyword.")
        return listed

    def clean_attribute(self) -> str:
        """A name that templates can use."""
        name = str(self.cleaned_data["attribute"]).strip()
        if name and not ATTRIBUTE.fullmatch(name):
            raise forms.ValidationError("Use letters, digits and _, starting with a letter.")
        return name

    def clean_forward_url(self) -> str:
        """An address that may be called."""
        url = str(self.cleaned_data["forward_url"]).strip()
        if url:
            try:
                target_of(url)
            except GatewayError as error:
                raise forms.ValidationError(error.text) from error
        return url

    def clean_message(self) -> str:
        """A template without faults."""
        source = str(self.cleaned_data["message"])
        if problems := check_text(source, known=REPLY_VARIABLES):
            raise forms.ValidationError([str(problem) for problem in problems])
        return source

    def clean(self) -> dict[str, Any]:
        """What the action needs is there."""
        data = super().clean() or self.cleaned_data
        name, text = _MISSING.get(data.get("action") or CustomAction.REPLY, ("", ""))
        if name and not data.get(name) and name not in self.errors:
            self.add_error(name, text)
        return data


class CustomKeywordFormSet(RowFormSet):
    """All custom keywords of a webhook."""

    group = "custom"
    add_label = "Add custom keyword"

    def clean(self) -> None:
        """A name stands once, and a word in one list only."""
        super().clean()
        kept = [form for _, form in self.kept()]
        self._refuse_overlaps(kept)
        seen: set[str] = set()
        for form in kept:
            name = str(getattr(form, "cleaned_data", {}).get("name") or "").casefold()
            if name and name in seen:
                form.add_error("name", "Another row has this name.")
            seen.add(name)

    def _refuse_overlaps(self, kept: list[Any]) -> None:
        """Words are compared with the lists of the webhook as they are about to be saved."""
        custom: dict[str, str] = {}
        for form in kept:
            data = getattr(form, "cleaned_data", {})
            custom[str(data.get("name"))] = str(data.get("keywords") or "")
            try:
                rules_of(self.instance, custom)
            except GatewayError as error:
                form.add_error("keywords", error.text)
                return
