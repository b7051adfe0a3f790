"""Presets as files: a credential of one's own without its secrets out, somebody else's in."""

from __future__ import annotations

import uuid
from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.text import slugify

from access.audit import address_of, record
from core.errors import GatewayError
from credentials.drafts import store_draft
from credentials.forms.offers import draft_of_preset
from credentials.loading import spec_of
from credentials.vendors import CUSTOM, PresetInvalid, preset_from_text
from credentials.vendors.writing import preset_from_spec, to_toml
from credentials.views.shared import credential_of, form_url, needs, page

LARGEST: Final = 128 * 1024


def export_preset(request: HttpRequest, credential_id: uuid.UUID) -> HttpResponse:
    """The credential as a file to download; secrets have become inputs without a value."""
    needs(request, "view")
    credential = credential_of(credential_id)
    try:
        spec = spec_of(credential)
        top = {"provider_name": credential.provider_name} if credential.provider_name else {}
        text = to_toml(preset_from_spec(spec, label=credential.name, slug=slugify(credential.name), **top))
    except GatewayError as error:
        messages.error(request, error.text)
        return HttpResponseRedirect(form_url(credential))
    record(actor=request.user, action="exported preset", obj=credential, address=address_of(request))
    name = slugify(credential.name) or "preset"
    return HttpResponse(
        text,
        content_type="application/toml; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.toml"'},
    )


def import_preset(request: HttpRequest) -> HttpResponse:
    """A file or pasted text; one that can be used leads on to the filled-in form."""
    needs(request, "add")
    title = "Import a preset"
    if request.method != "POST":
        return page(request, "import_preset", title)
    source, problem = _posted_text(request)
    if problem:
        return page(request, "import_preset", title, source=source, problems=[problem])
    try:
        preset = preset_from_text(source, slug="custom")
        draft = draft_of_preset(preset, {})
    except PresetInvalid as error:
        return page(request, "import_preset", title, source=source, problems=error.problems)
    except GatewayError as error:
        return page(request, "import_preset", title, source=source, problems=[error.text])
    store_draft(request, {**vars(draft), "fields": {**draft.fields, "vendor": CUSTOM.slug}})
    messages.success(
        request, f"{preset.label}: look through the fields, fill in what is missing, then submit."
    )
    return HttpResponseRedirect(f"{form_url()}?draft=1")


def _posted_text(request: HttpRequest) -> tuple[str, str]:
    """(text, what is wrong with it); a chosen file wins over the text area."""
    upload = request.FILES.get("file")
    if upload is None:
        text = request.POST.get("preset", "")
        return text, "" if text.strip() else "Choose a file, or paste a preset."
    if (upload.size or 0) > LARGEST:
        return "", f"The file is larger than {LARGEST // 1024} KB."
    try:
        return upload.read().decode("utf-8"), ""
    except UnicodeDecodeError:
        return "", "The file is not UTF-8 text."
