"""Message templates: the editor, its versions, proofs."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin

from access.audit import AuditedAdmin, address_of, record
from campaigns.admin.editing import checked, page_context
from campaigns.admin.proofs import proof
from campaigns.authoring import usage, versions
from campaigns.authoring.forms import POLICY, TemplateForm
from campaigns.authoring.samples import sample_file
from campaigns.models import MessageTemplate, TemplateText, TemplateVersion
from core.admin_links import RowLinks
from profiles.seen import seen_attributes

_FILES = {"csv": "text/csv", "json": "application/json", "jsonl": "application/jsonl"}
_MOST_NAMED = 3


@admin.register(MessageTemplate)
class MessageTemplateAdmin(AuditedAdmin, RowLinks, ModelAdmin):  # type: ignore[misc]
    """Texts by language under a name, with a live check, preview and every earlier version."""

    form = TemplateForm
    fieldsets = ((None, {"fields": ("name", "description", *POLICY)}),)
    conditional_fields = {"fallback_text": "missing_policy == 'fallback'"}
    section = ("Campaigns",)
    add_label = "Create message template"
    submit_label = "Save"
    empty_text = (
        "No message templates yet. A template holds what a campaign says, in every language, with the recipient's "
        "attributes filled in."
    )
    list_display = ("name", "languages", "version", "used_by", "updated_at")
    search_fields = ("name", "description")
    list_per_page = 50
    show_full_result_count = False

    class Media:
        css = {"all": ["editor/payload-editor.css", "campaigns/templates.css"]}
        js = [forms.Script("editor/payload-editor.js", defer=True)]

    def get_queryset(self, request: HttpRequest) -> QuerySet[MessageTemplate]:
        last = TemplateVersion.objects.filter(template=OuterRef("pk")).order_by("-number")
        found: QuerySet[MessageTemplate] = super().get_queryset(request)
        return found.annotate(
            last_number=Subquery(last.values("number")[:1]), last_id=Subquery(last.values("pk")[:1])
        )

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Languages and users of the page's templates are looked up once for all."""
        changelist = super().get_changelist_instance(request)
        shown = list(changelist.result_list)
        texts = TemplateText.objects.filter(version__in=[template.last_id for template in shown])
        tags: dict[Any, list[str]] = {}
        for template_id, language in texts.values_list("version__template_id", "language"):
            tags.setdefault(template_id, []).append(language or "default")
        names = usage.used_by(shown)
        for template in shown:
            template.tags, template.users = tags.get(template.pk, []), names.get(template.pk, [])
        changelist.result_list = shown
        return changelist

    @admin.display(description="Languages")
    def languages(self, template: Any) -> str | None:
        return ", ".join(template.tags) or None

    @admin.display(description="Version")
    def version(self, template: Any) -> int | None:
        number: int | None = template.last_number
        return number

    @admin.display(description="Used by")
    def used_by(self, template: Any) -> str | None:
        more = f" and {len(template.users) - _MOST_NAMED} more" if len(template.users) > _MOST_NAMED else ""
        return ", ".join(template.users[:_MOST_NAMED]) + more or None

    @admin.display(description="If an attribute is missing")
    def missing_policy(self, template: MessageTemplate) -> str | None:
        """For those who may only look."""
        last = versions.latest(template)
        return last.get_missing_policy_display() if last else None

    @admin.display(description="Fallback text")
    def fallback_text(self, template: MessageTemplate) -> str | None:
        """For those who may only look."""
        last = versions.latest(template)
        return last.fallback_text or None if last else None

    def get_urls(self) -> list[URLPattern]:
        guarded = self.admin_site.admin_view
        return [
            path("check/", guarded(require_POST(self.check_text)), name="campaigns_messagetemplate_check"),
            path("proof/", guarded(require_POST(self.proof)), name="campaigns_messagetemplate_proof"),
            path("samples.<str:kind>", guarded(self.samples), name="campaigns_messagetemplate_samples"),
            path(
                "<uuid:template_id>/versions/",
                guarded(self.show_versions),
                name="campaigns_messagetemplate_versions",
            ),
            path(
                "<uuid:template_id>/versions/<int:number>/restore/",
                guarded(require_POST(self.restore)),
                name="campaigns_messagetemplate_restore",
            ),
            *super().get_urls(),
        ]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> Any:
        """The page with what the editor needs; a posted one with its preview."""
        extra = page_context(request, posted=request.method == "POST")
        return super().changeform_view(request, object_id, form_url, {**(extra_context or {}), **extra})

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """The template and, where its texts or policy changed, the next version."""
        super().save_model(request, obj, form, change)
        obj.saved_version = versions.save(
            template=obj, texts=form.texts, actor=str(request.user), **form.policy
        )

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> dict[str, Any]:
        """With the version that was saved."""
        changes = super().construct_change_message(request, form, formsets, add)
        for name in POLICY:
            if not add and name in form.changed_data:
                changes[name] = {"before": form.initial.get(name), "after": form.cleaned_data[name]}
        saved = getattr(form.instance, "saved_version", None)
        return {**changes, "version": {"after": saved.number}} if saved else changes

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Refused while something uses it."""
        template = self.get_object(request, object_id)
        names = usage.used_by([template]).get(template.pk, []) if template else []
        if names:
            listed = ", ".join(names[:_MOST_NAMED])
            messages.error(
                request, f"{template} is used by {listed}. Delete that first, or keep the template."
            )
            return HttpResponseRedirect(reverse("admin:campaigns_messagetemplate_change", args=[object_id]))
        answer: HttpResponse = super().delete_view(request, object_id, extra_context)
        return answer

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Templates are deleted one at a time, so that each is looked at for what uses it."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return dict(actions)

    def check_text(self, request: HttpRequest) -> HttpResponse:
        """The editor's script asks: the whole form in, what is shown beside it out."""
        self._needs_view(request)
        return checked(request)

    def proof(self, request: HttpRequest) -> HttpResponse:
        """Send what the preview shows to colleagues."""
        if not self._may_edit(request):
            raise PermissionDenied
        return proof(request, self.admin_site.each_context(request))

    def samples(self, request: HttpRequest, kind: str) -> HttpResponse:
        """A file to fill in with sample recipients."""
        self._needs_view(request)
        shape = kind if kind in _FILES else "csv"
        names = [attribute.path for attribute in seen_attributes() if attribute.kind not in ("map", "list")][
            :8
        ]
        name = f'attachment; filename="samples.{shape}"'
        return HttpResponse(
            sample_file(shape, names), content_type=_FILES[shape], headers={"Content-Disposition": name}
        )

    def show_versions(self, request: HttpRequest, template_id: uuid.UUID) -> HttpResponse:
        """What the template said when, each version with what it changed."""
        self._needs_view(request)
        template = get_object_or_404(MessageTemplate, pk=template_id)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": template,
            "title": f"Versions of {template}",
            "entries": versions.history(template),
            "may_edit": self.has_change_permission(request, template),
        }
        return render(request, "admin/campaigns/messagetemplate/versions.html", context)

    def restore(self, request: HttpRequest, template_id: uuid.UUID, number: int) -> HttpResponse:
        """Say again what an earlier version said."""
        version = get_object_or_404(
            TemplateVersion.objects.select_related("template"), template=template_id, number=number
        )
        if not self.has_change_permission(request, version.template):
            raise PermissionDenied
        made = versions.restore(version=version, actor=str(request.user))
        if made is None:
            messages.info(request, f"Version {number} says what the template says now; nothing was changed.")
        else:
            changes = {"version": {"after": made.number}, "restored": {"after": number}}
            record(
                actor=request.user,
                action="restored",
                obj=version.template,
                changes=changes,
                address=address_of(request),
            )
            messages.success(request, f"Version {made.number} says what version {number} said.")
        return HttpResponseRedirect(reverse("admin:campaigns_messagetemplate_versions", args=[template_id]))

    def _may_edit(self, request: HttpRequest) -> bool:
        return bool(self.has_add_permission(request) or self.has_change_permission(request))

    def _needs_view(self, request: HttpRequest) -> None:
        if not (self.has_view_permission(request) or self._may_edit(request)):
            raise PermissionDenied
