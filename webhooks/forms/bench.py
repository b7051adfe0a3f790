"""The test bench: a request as raw HTTP, or in its pieces."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms

from core.errors import RequestInvalid
from webhooks.callback import Callback
from webhooks.models import InboundRequest
from webhooks.pasted import METHODS, as_text, assembled, read_pasted

_CODE = {"spellcheck": "false", "autocomplete": "off", "class": "wh-code"}
_EXAMPLE = "POST /hooks/… HTTP/1.1\nContent-Type: application/json\n\n{ … }"


def callback_of(raw: InboundRequest) -> Callback:
    """A kept callback as a call; its secret headers are masked."""
    path = f"/hooks/…/{raw.role}/" if raw.role else "/hooks/…/"
    return Callback(raw.method, path, raw.query, raw.headers, raw.raw_body, raw.role)


class BenchForm(forms.Form):
    """What is tried; `again` is the kept callback that the request was filled in from."""

    request = forms.CharField(
        label="Request",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 10, "placeholder": _EXAMPLE, **_CODE}),
        help_text="Raw HTTP as a log or a debugging tool shows it, or only the body.",
    )
    method = forms.ChoiceField(label="Method", required=False, choices=[(name, name) for name in METHODS])
    url = forms.CharField(
        label="URL or query",
        required=False,
        widget=forms.TextInput(attrs={"placeholder": "?from=…&text=STOP", "spellcheck": "false"}),
    )
    headers = forms.CharField(
        label="Headers",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "placeholder": "Content-Type: application/json", **_CODE}),
    )
    body = forms.CharField(
        label="Body", required=False, strip=False, widget=forms.Textarea(attrs={"rows": 6, **_CODE})
    )
    again = forms.UUIDField(required=False, widget=forms.HiddenInput)
    anew = forms.BooleanField(
        label="As if it came for the first time", required=False, initial=True, widget=forms.CheckboxInput
    )

    @classmethod
    def about(cls, raw: InboundRequest) -> BenchForm:
        """The form with a kept callback in it."""
        return cls(initial={"request": as_text(callback_of(raw)), "again": raw.pk, "anew": True})

    def clean(self) -> dict[str, Any]:
        """The call, from whichever way was used."""
        data = super().clean() or {}
        try:
            data["callback"] = self._callback(data)
        except RequestInvalid as error:
            self.add_error("request", error.text)
        return data

    @property
    def first_time(self) -> uuid.UUID | None:
        """The kept callback to be tried as if it had not come yet."""
        return self.cleaned_data.get("again") if self.cleaned_data.get("anew") else None

    def _callback(self, data: dict[str, Any]) -> Callback:
        text = str(data.get("request") or "")
        again: uuid.UUID | None = data.get("again")
        raw = InboundRequest.objects.filter(pk=again).first() if again else None
        if raw is not None and _same(text, as_text(callback_of(raw))):
            return callback_of(raw)  # its very bytes, also those that are no text
        if text.strip() or not any(data.get(name) for name in ("url", "headers", "body")):
            return read_pasted(text)
        return assembled(
            method=str(data.get("method") or "POST"),
            url=str(data.get("url") or ""),
            headers=str(data.get("headers") or ""),
            body=str(data.get("body") or ""),
        )


def _same(one: str, other: str) -> bool:
    return one.replace("\r\n", "\n").strip() == other.replace("\r\n", "\n").strip()
