"""What the editor's page shows beside the form, for the page itself and for its script."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.template.loader import render_to_string

from campaigns.authoring import channels
from campaigns.authoring.people import find_profiles, label_of, samples_of
from campaigns.authoring.picker import picker
from campaigns.authoring.posted import Samples, draft_of
from campaigns.authoring.previewing import Preview, preview
from campaigns.authoring.samples import MOST_SAMPLES
from campaigns.models import StaffNumber
from profiles.seen import seen_attributes

_PLACE = "admin/campaigns/messagetemplate"
# Tags that authors are offered; any other can be typed.
LANGUAGES = (
    "ar", "bg", "cs", "da", "de", "el", "en", "es", "et", "fi", "fr", "he", "hi", "hr", "hu", "id", "it", "ja", "ko",
    "lt", "lv", "ms", "nb", "nl", "pl", "pt", "pt-BR", "ro", "ru", "sk", "sl", "sr", "sv", "th", "tr", "uk", "vi",
    "zh-Hans", "zh-Hant",
)  # fmt: skip


def may_see_profiles(request: HttpRequest) -> bool:
    """Whether this user may write to people by name."""
    return request.user.has_perm("profiles.view_profile")


def page_context(request: HttpRequest, *, posted: bool) -> dict[str, Any]:
    """Channels, people and staff to choose from; with the preview where a button asked for it."""
    context = {
        "channels": channels.choosable(),
        "languages": LANGUAGES,
        "staff": StaffNumber.objects.all()[:100],
        "may_see_profiles": may_see_profiles(request),
        "most_samples": MOST_SAMPLES,
        "values": request.POST if posted else {},
        "people": people(request),
    }
    if posted:
        draft, samples = draft_of(request.POST, may_see_profiles=may_see_profiles(request))
        context |= shown(preview(draft), samples)
    return context


def shown(found: Preview, samples: Samples) -> dict[str, Any]:
    """What the parts of the page are filled with."""
    return {"preview": found, "samples_problem": samples.problem, "unchosen": not samples.chosen}


def people(request: HttpRequest) -> list[dict[str, Any]]:
    """The chosen profiles, then those found; each with its id, its name and whether it is chosen."""
    if not may_see_profiles(request):
        return []
    chosen = request.POST.getlist("preview_profiles")[:MOST_SAMPLES]
    kept = [
        {"id": key, "label": sample.name, "chosen": True}
        for key, sample in zip(chosen, samples_of(chosen), strict=False)
    ]
    found = [
        {"id": str(profile.pk), "label": label_of(profile), "chosen": False}
        for profile in find_profiles(request.POST.get("preview_find", ""))
        if str(profile.pk) not in chosen
    ]
    return [*kept, *found]


def checked(request: HttpRequest) -> JsonResponse:
    """The posted form in; problems, counter, preview and people as the page shows them, and the picker, out."""
    draft, samples = draft_of(request.POST, may_see_profiles=may_see_profiles(request))
    found = preview(draft)
    context = {**shown(found, samples), "staff": StaffNumber.objects.exists()}
    return JsonResponse(
        {
            # Who has not begun to write has done nothing wrong; saving it is another matter.
            "problems": [asdict(finding) for finding in found.findings] if draft.source.strip() else [],
            "counter": render_to_string(f"{_PLACE}/counter.html", context, request),
            "preview": render_to_string(f"{_PLACE}/preview.html", context, request),
            "people": render_to_string(f"{_PLACE}/people.html", {"people": people(request)}, request),
            "picker": [asdict(group) for group in picker(seen_attributes())],
        }
    )
