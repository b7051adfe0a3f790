"""What the page of a new credential starts with: a vendor's preset, or the draft a tool has made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest

from core.sections import Section
from credentials.curl.draft import Draft
from credentials.drafts import load_draft, store_draft
from credentials.forms.offers import completed, draft_of_preset, followed, rows_of
from credentials.vendors import CUSTOM, VENDORS, Preset

_ATTRIBUTE = "_credential_draft"


class OfferingAdmin:
    """`?preset=SLUG` chooses a vendor, `?draft=…` takes what was pasted; both fill in form and rows."""

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """The vendor that was asked for, and nothing else of the address."""
        draft = draft_in(request)
        return {"vendor": preset_in(request).slug, "guessed": draft.guessed if draft else {}}

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """The form, told of the draft."""
        form = super().get_form(request, obj, change, **kwargs)  # type: ignore[misc]
        if obj is None:
            form.draft = draft_in(request)
        return form

    def get_formset_kwargs(self, request: HttpRequest, obj: Any, inline: Any, prefix: str) -> dict[str, Any]:
        """Rows: those offered, or the request's with what the form fills in."""
        found: dict[str, Any] = super().get_formset_kwargs(request, obj, inline, prefix)  # type: ignore[misc]
        adding = obj is None or obj._state.adding
        if "data" in found:
            data = request.POST
            found["data"] = completed(data, draft=draft_in(request)) if adding else followed(data)
        elif adding:
            offer = draft_in(request) or draft_of_preset(preset_in(request), {})
            found["initial"] = rows_of(offer, prefix)
        return found

    def offered(self, sections: Mapping[str, Section], *, may_edit: bool) -> dict[str, Any]:
        """For the page: sections, and whether the vendor asks for so little that the rest can be folded away."""
        variables = sections["variables"].formsets
        asked = variables[0].formset.inputs if variables else []
        rest = [section for slug, section in sections.items() if slug != "top"]
        value = sections["request"].values
        return {
            "sections": sections,
            "rest": rest,
            "asked": asked,
            "may_edit": may_edit,
            "request_line": f"{value('method')} {value('provider_url') or ''}",
            "details_open": not asked
            or not value("provider_url")
            or any(section.wrong for section in rest[1:])
            or rest[0].wrong,
        }


def preset_in(request: HttpRequest) -> Preset:
    """The preset the address names; Custom without one, and with a draft."""
    return VENDORS.get(str(request.GET.get("preset", "")), CUSTOM)


def draft_in(request: HttpRequest) -> Draft | None:
    """The draft the address speaks of; it stays until it is saved or too old."""
    if "draft" not in request.GET:
        return None
    if not hasattr(request, _ATTRIBUTE):
        kept = load_draft(request)
        if kept is not None:
            store_draft(request, kept)
        setattr(request, _ATTRIBUTE, Draft(**kept) if kept is not None else None)
    found: Draft | None = getattr(request, _ATTRIBUTE)
    return found
