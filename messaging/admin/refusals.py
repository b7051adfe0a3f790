"""Refusals on screen, with a link to the setting that would change them."""

from __future__ import annotations

from django import forms
from django.urls import reverse
from django.utils.html import format_html

from core.errors import CountryNotAllowed, GatewayError


def add_refusal(form: forms.Form, error: GatewayError, *, otherwise: str | None) -> None:
    """Tell the error at the number where it is about that, else at the field `otherwise` (None: above the form)."""
    form.add_error("number" if error.param == "to" else otherwise, _shown(error))


def _shown(error: GatewayError) -> str:
    if isinstance(error, CountryNotAllowed) and error.channel_id is not None:
        page = reverse("admin:messaging_channelconfiguration_change", args=[error.channel_id])
        link = '{} <a class="sg-link" href="{}#id_countries_allowed">Open “Countries allowed”</a>'
        return format_html(link, error.text, page)
    return error.text
