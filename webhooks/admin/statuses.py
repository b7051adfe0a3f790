"""Provider statuses: the inbox of status words nobody has given a meaning yet, and those that have one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db import models
from django.db.models import Case, Count, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.forms import ModelForm
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminSelectWidget

from access.audit import AuditedAdmin, address_of, record
from core.admin_links import RowLinks
from core.brief import BriefMemory
from credentials.models import ApiCredential
from credentials.vendors import VENDORS
from webhooks.inbox import map_status
from webhooks.models import HeldReport, ProviderStatus, StatusMeaning

NOT_YET = "Not yet mapped"


class MappedFilter(admin.SimpleListFilter):
    """Unmapped words, or those with a meaning."""

    title = "Mapped"
    parameter_name = "mapped"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The two choices."""
        return [("no", "Not yet"), ("yes", "Yes")]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[ProviderStatus]
    ) -> QuerySet[ProviderStatus] | None:
        """Rows of the chosen kind, all of them without a choice."""
        kinds = {"no": queryset.filter(meaning=""), "yes": queryset.exclude(meaning="")}
        return kinds.get(str(self.value()))


class ProviderStatusForm(ModelForm):  # type: ignore[type-arg]
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


def _action(meaning: str, label: str) -> Callable[..., None]:
    """A bulk action: the selected words mean this."""

    def mark(screen: ProviderStatusAdmin, request: HttpRequest, queryset: QuerySet[ProviderStatus]) -> None:
        changed = [status for status in queryset if screen.give_meaning(request, status, meaning)]
        messages.success(request, f"{len(changed)} status words now mean: {label}.")

    mark.__name__ = f"mean_{meaning}"
    return admin.action(permissions=["change"], description=f"Means: {label}")(mark)


@admin.register(ProviderStatus)
class ProviderStatusAdmin(AuditedAdmin, RowLinks, ModelAdmin):  # type: ignore[misc]
    """Say once what a provider's status word means; the reports that wait for it are applied within seconds."""

    class Media:
        css: ClassVar = {"all": ["credentials/tools/tools.css"]}

    form = ProviderStatusForm
    section = ("Administration", "Channels", "SMS settings")
    empty_text = "No status words yet. A word that nobody has given a meaning comes here by itself."
    list_before_template = "admin/webhooks/statuses_help.html"
    list_display: ClassVar[Sequence[Any]] = (
        "word",
        "spoken_scope",
        "seen",
        "waiting",
        "last_seen_at",
        "meaning",
    )
    list_editable: ClassVar[Sequence[str]] = ("meaning",)
    list_filter = (MappedFilter, "meaning")
    list_filter_submit = True
    search_fields = ("word", "scope")
    fields = ("word", "spoken_scope", "seen", "waiting", "first_seen_at", "last_seen_at", "meaning")
    readonly_fields = ("word", "spoken_scope", "seen", "waiting", "first_seen_at", "last_seen_at")
    actions = tuple(_action(value, label) for value, label in StatusMeaning.choices)

    @admin.display(description="Provider", ordering="scope")
    def spoken_scope(self, status: ProviderStatus) -> str:
        """The vendor, or the one credential that has words of its own."""
        kind, _, pk = status.scope.partition(":")
        if kind == "credential" and pk:
            return _names.get(pk) or "A deleted credential"
        return VENDORS[kind].label if kind in VENDORS else kind

    @admin.display(description="Reports waiting")
    def waiting(self, status: ProviderStatus) -> int:
        """Reports that are held until the word has a meaning."""
        return int(getattr(status, "held", 0))

    def get_queryset(self, request: HttpRequest) -> QuerySet[ProviderStatus]:
        """Unmapped words first, then the ones seen last."""
        unmapped = Case(When(meaning="", then=Value(0)), default=Value(1), output_field=models.IntegerField())
        held = HeldReport.objects.filter(word=OuterRef("word")).order_by().values("word")
        return ProviderStatus.objects.annotate(
            is_mapped=unmapped,
            held=Coalesce(Subquery(held.annotate(count=Count("pk")).values("count")), 0),
        ).order_by("is_mapped", "-last_seen_at", "word")

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
        """Through the service, so that webhooks take it over at once."""
        self.give_meaning(request, ProviderStatus.objects.get(pk=obj.pk), obj.meaning)

    def give_meaning(self, request: HttpRequest, status: ProviderStatus, meaning: str) -> bool:
        """Map a word as it is stored; False when it meant that already."""
        if status.meaning == meaning:
            return False
        map_status(status=status, meaning=meaning)
        changes = {"meaning": {"before": status.meaning, "after": meaning}}
        record(actor=request.user, action="changed", obj=status, changes=changes, address=address_of(request))
        return True

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """The audit trail has it already."""


def _name_of(pk: str) -> str:
    return ApiCredential.objects.filter(pk=pk).values_list("name", flat=True).first() or ""


_names: BriefMemory[str, str] = BriefMemory(_name_of)


def unmapped_count(request: HttpRequest) -> int:
    """The badge of the menu: words that wait for a meaning; nothing when none does."""
    return ProviderStatus.objects.filter(meaning="").count()
