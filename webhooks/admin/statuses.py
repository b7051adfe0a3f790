"""Provider statuses: the inbox of status words nobody has given a meaning yet, and those that have one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db import models
from django.db.models import Case, QuerySet, Value, When
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminSelectWidget

from access.audit import AuditedAdmin, address_of, record
from core.admin_links import RowLinks
from credentials.models import ApiCredential
from credentials.vendors import VENDORS
from webhooks.inbox import map_status
from webhooks.models import ProviderStatus, StatusMeaning

NOT_YET = "Not yet mapped"


class ProviderStatusForm(forms.ModelForm):  # type: ignore[type-arg]
    """What a word means, in a list or on its page."""

    class Meta:
        model = ProviderStatus
        fields = ("meaning",)
        widgets: ClassVar = {"meaning": UnfoldAdminSelectWidget()}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "meaning" in self.fields:
            field: Any = self.fields["meaning"]
            field.choices = [("", NOT_YET), *StatusMeaning.choices]
            field.widget.attrs["aria-label"] = f"What {self.instance.word} means"


@admin.register(ProviderStatus)
class ProviderStatusAdmin(AuditedAdmin, RowLinks, ModelAdmin):  # type: ignore[misc]
    """Give unknown status words a meaning; reports that were held for one are applied then."""

    form = ProviderStatusForm
    section = ("Administration", "Channels", "SMS settings")
    empty_text = (
        "No words yet. A status that nobody has given a meaning comes here by itself; its reports wait."
    )
    list_display: ClassVar[Sequence[Any]] = ("word", "spoken_scope", "seen", "last_seen_at", "meaning")
    list_editable: ClassVar[Sequence[str]] = ("meaning",)
    list_filter = ("meaning",)
    list_filter_submit = True
    search_fields = ("word", "scope")
    fields = ("word", "spoken_scope", "seen", "first_seen_at", "last_seen_at", "meaning")
    readonly_fields = ("word", "spoken_scope", "seen", "first_seen_at", "last_seen_at")

    @admin.display(description="Provider", ordering="scope")
    def spoken_scope(self, status: ProviderStatus) -> str:
        """The vendor, or the one credential that has words of its own."""
        kind, _, pk = status.scope.partition(":")
        if kind == "credential" and pk:
            names = {str(key): name for key, name in ApiCredential.objects.values_list("pk", "name")}
            return names.get(pk, "A deleted credential")
        return VENDORS[kind].label if kind in VENDORS else kind

    def get_queryset(self, request: HttpRequest) -> QuerySet[ProviderStatus]:
        """Unmapped words first, then the ones seen last."""
        unmapped = Case(When(meaning="", then=Value(0)), default=Value(1), output_field=models.IntegerField())
        return ProviderStatus.objects.annotate(is_mapped=unmapped).order_by(*self.get_ordering(request))

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        return ("is_mapped", "-last_seen_at", "word")

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> Any:
        """The same form in the list, so that every choice there has a name."""
        return super().get_changelist_form(request, **{"form": ProviderStatusForm, **kwargs})

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Words come from providers."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """They stay: a word that goes would come back with its next report."""
        return False

    def save_model(self, request: HttpRequest, obj: ProviderStatus, form: Any, change: bool) -> None:
        """Through the service, so that webhooks take it over at once and held reports are applied."""
        before = ProviderStatus.objects.get(pk=obj.pk)
        if before.meaning == obj.meaning:
            return
        map_status(status=before, meaning=obj.meaning)
        changes = {"meaning": {"before": before.meaning, "after": obj.meaning}}
        record(actor=request.user, action="changed", obj=obj, changes=changes, address=address_of(request))

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """The audit trail has it already."""


def unmapped_count(request: HttpRequest) -> int:
    """The badge of the menu: words that wait for a meaning; nothing when none does."""
    return ProviderStatus.objects.filter(meaning="").count()
