"""Presets as files: a credential of one's own without its secrets out, somebody else's in."""

from __future__ import annotations

import uuid
from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.text import slugify

from access.audit import address_of, record
from core.differences import differences
from core.errors import GatewayError
from credentials import storing
from credentials.drafts import store_draft
from credentials.forms.offers import draft_of_preset
from credentials.loading import spec_of
from credentials.models import ApiCredential
from credentials.vendors import CUSTOM, PresetInvalid, preset_from_text
from credentials.vendors.writing import preset_from_spec, to_toml
from credentials.views.shared import credential_of, form_url, needs, page

LARGEST: Final = 128 * 1024
# Keys of a preset that only tell about it; nothing of a credential follows from them.
_TOLD_ABOUT: Final = frozenset(
    {"label", "about", "country", "docs_url", "app_id_hint", "where_to_paste", "provider_name"}
)


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
    if request.method != "POST":
        return _import_page(request)
    source, problem = _posted_text(request)
    if problem:
        return _import_page(request, source=source, problems=[problem])
    try:
        if target := request.POST.get("target"):
            return _into_existing(request, source, target)
        preset = preset_from_text(source, slug="custom")
        draft = draft_of_preset(preset, {})
    except PresetInvalid as error:
        return _import_page(request, source=source, problems=error.problems)
    except GatewayError as error:
        return _import_page(request, source=source, problems=[error.text])
    except ValidationError as error:
        return _import_page(request, source=source, problems=storing.told(error))
    store_draft(request, {**vars(draft), "fields": {**draft.fields, "vendor": CUSTOM.slug}})
    messages.success(
        request, f"{preset.label}: look through the fields, fill in what is missing, then submit."
    )
    return HttpResponseRedirect(f"{form_url()}?draft=1")


def _into_existing(request: HttpRequest, source: str, target: str) -> HttpResponse:
    """First what would change, then, once confirmed, the change; stored secrets stay."""
    needs(request, "change")
    credential = ApiCredential.objects.filter(name=target).first()
    if credential is None:
        return _import_page(
            request, source=source, problems=[f"There are no API credentials named {target}."]
        )
    preset = preset_from_text(source, slug=credential.vendor)
    inputs = storing.kept_secrets(preset, credential)
    now = preset_from_spec(spec_of(credential), label=preset.label, slug=credential.vendor)
    changes = [change for change in differences(now.data, preset.data) if change.key not in _TOLD_ABOUT]
    problems = [f"{problem.field}: {problem.text}" for problem in storing.problems_of(preset, inputs)]
    if problems or not request.POST.get("confirmed"):
        shown = {"changes": changes, "credential": credential, "problems": problems}
        return _import_page(request, source=source, target=target, compared=True, **shown)
    values = {"provider_name": credential.provider_name}
    storing.store(credential=credential, name=target, preset=preset, inputs=inputs, **values)
    trail = {change.key: {"before": str(change.before), "after": str(change.after)} for change in changes}
    record(
        actor=request.user,
        action="applied preset",
        obj=credential,
        changes=trail,
        address=address_of(request),
    )
    messages.success(request, f"{credential} is now as the preset says. Send a test SMS.")
    return HttpResponseRedirect(form_url(credential))


def _import_page(request: HttpRequest, **context: Any) -> HttpResponse:
    names = ApiCredential.objects.order_by("name").values_list("name", flat=True)
    return page(request, "import_preset", "Import a preset", targets=list(names), **context)


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
