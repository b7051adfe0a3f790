"""Provider codes: the inbox of error codes nobody has given a meaning yet, and those that have one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db import models
from django.db.models import Case, QuerySet, Value, When
from django.forms import ModelForm
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminSelectWidget

from access.audit import AuditedAdmin, address_of, record
from core.admin_links import RowLinks
from core.vocabulary import FailureClass
from credentials.choices import FAILURE_LABELS, FAILURES
from credentials.codes import map_code
from credentials.models import ApiCredential, ProviderCode
from credentials.vendors import VENDORS

# What follows from a class besides that reports count it.
CONSEQUENCES = {
    FailureClass.OPTED_OUT: "consent is withdrawn the next time the provider says so",
    FailureClass.RATE: "the message is tried again later",
    FailureClass.AUTH: "reports show a refused credential",
    FailureClass.CREDIT: "reports show that the account has run out",
}
NOT_YET = "Not yet mapped"


class MappedFilter(admin.SimpleListFilter):
    """Unmapped codes, or those with a meaning."""

    title = "Mapped"
    parameter_name = "mapped"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The two choices."""
        return [("no", "Not yet"), ("yes", "Yes")]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[ProviderCode]
    ) -> QuerySet[ProviderCode] | None:
        """Rows of the chosen kind, all of them without a choice."""
        kinds = {"no": queryset.filter(failure=""), "yes": queryset.exclude(failure="")}
        return kinds.get(str(self.value()))


class ProviderCodeForm(ModelForm):  # type: ignore[type-arg]
    """What a code means, in a list or on its page."""

    class Meta:
        model = ProviderCode
        fields = ("failure",)
        widgets: ClassVar = {"failure": UnfoldAdminSelectWidget()}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "failure" in self.fields:
            field: Any = self.fields["failure"]
            field.choices = [("", NOT_YET), *FAILURES]
            field.widget.attrs["aria-label"] = f"What {self.instance.code} means"


def _action(failure: str, label: str) -> Callable[..., None]:
    """A bulk action: the selected codes mean this."""

    def mark(screen: ProviderCodeAdmin, request: HttpRequest, queryset: QuerySet[ProviderCode]) -> None:
        changed = [code for code in queryset if screen.give_meaning(request, code, failure)]
        messages.success(request, f"{len(changed)} codes now mean: {label}.")

    mark.__name__ = f"mean_{failure}"
    return admin.action(permissions=["change"], description=f"Means: {label}")(mark)


@admin.register(ProviderCode)
class ProviderCodeAdmin(AuditedAdmin, RowLinks, ModelAdmin):  # type: ignore[misc]
    """Say once what a provider's code means; it holds from the next answer on."""

    class Media:
        css: ClassVar = {"all": ["credentials/tools/tools.css"]}

    form = ProviderCodeForm
    section = ("Administration", "Channels", "SMS settings")
    empty_text = "No codes yet. A code that nobody has given a meaning comes here by itself, with the provider's words."
    list_before_template = "admin/credentials/tools/codes_help.html"
    list_display: ClassVar[Sequence[Any]] = (
        "code",
        "sample",
        "spoken_scope",
        "seen",
        "last_seen_at",
        "failure",
    )
    list_editable: ClassVar[Sequence[str]] = ("failure",)
    list_filter = (MappedFilter, "failure")
    list_filter_submit = True
    search_fields = ("code", "sample", "scope")
    fields = ("code", "sample", "spoken_scope", "seen", "first_seen_at", "last_seen_at", "failure")
    readonly_fields = ("code", "sample", "spoken_scope", "seen", "first_seen_at", "last_seen_at")
    actions = tuple(_action(value, label) for value, label in FAILURES)

    @admin.display(description="Provider", ordering="scope")
    def spoken_scope(self, code: ProviderCode) -> str:
        """The vendor, or the one credential that has codes of its own."""
        kind, _, pk = code.scope.partition(":")
        if kind == "credential" and pk:
            return self._names().get(pk, "A deleted credential")
        return VENDORS[kind].label if kind in VENDORS else kind

    def _names(self) -> dict[str, str]:
        return {str(pk): name for pk, name in ApiCredential.objects.values_list("pk", "name")}

    def get_queryset(self, request: HttpRequest) -> QuerySet[ProviderCode]:
        """Unmapped codes first, then the ones seen last."""
        unmapped = Case(When(failure="", then=Value(0)), default=Value(1), output_field=models.IntegerField())
        return ProviderCode.objects.annotate(is_mapped=unmapped).order_by(
            "is_mapped", "-last_seen_at", "code"
        )

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        return ("is_mapped", "-last_seen_at", "code")

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> Any:
        """The same form in the list, so that every choice there has a name."""
        return super().get_changelist_form(request, **{"form": ProviderCodeForm, **kwargs})

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Codes come from providers."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """They stay: a code that goes would come back with its next message."""
        return False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """The list, with what the classes do above it."""
        consequences = [(FAILURE_LABELS[failure], text) for failure, text in CONSEQUENCES.items()]
        return super().changelist_view(request, {**(extra_context or {}), "consequences": consequences})

    def save_model(self, request: HttpRequest, obj: ProviderCode, form: Any, change: bool) -> None:
        """Through the service, so that credentials take it over at once."""
        self.give_meaning(request, ProviderCode.objects.get(pk=obj.pk), obj.failure)

    def give_meaning(self, request: HttpRequest, code: ProviderCode, failure: str) -> bool:
        """Map a code as it is stored; False when it meant that already."""
        if code.failure == failure:
            return False
        map_code(code=code, failure=failure)
        changes = {"failure": {"before": code.failure, "after": failure}}
        record(actor=request.user, action="changed", obj=code, changes=changes, address=address_of(request))
        return True

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """The audit trail has it already."""


def unmapped_count(request: HttpRequest) -> int:
    """The badge of the menu: codes that wait for a meaning; nothing when none does."""
    return ProviderCode.objects.filter(failure="").count()
