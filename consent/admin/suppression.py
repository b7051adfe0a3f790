"""The suppression list on screen: who is on it, put a number on it, take it off."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminSplitDateTimeWidget, UnfoldAdminTextInputWidget

from access.audit import AuditedAdmin, address_of, record
from consent import suppression
from consent.admin.searching import FoundByNumber
from consent.models import Suppression, SuppressionSource
from consent.wording import scope_words
from core.clock import now
from core.errors import GatewayError
from core.numbers import parse_number


class SuppressionForm(forms.ModelForm):  # type: ignore[type-arg]
    """A number in any form, why, and until when; the service makes the entry."""

    number = forms.CharField(
        label="Number",
        widget=UnfoldAdminTextInputWidget(),
        help_text="In any form, for example +1 415 555 0123.",
    )
    sender = forms.CharField(
        label="Only this sender",
        required=False,
        widget=UnfoldAdminTextInputWidget(),
        help_text="Leave empty: nothing goes to the number, whoever sends it.",
    )
    until = forms.SplitDateTimeField(
        label="Until",
        required=False,
        widget=UnfoldAdminSplitDateTimeWidget(),
        help_text="Leave empty: until somebody lifts it.",
    )

    class Meta:
        model = Suppression
        fields = ("code", "note")
        widgets: ClassVar = {"code": UnfoldAdminSelectWidget()}

    def clean_number(self) -> str:
        """E.164."""
        try:
            return parse_number(
                self.cleaned_data["number"], default_country=settings.SMSGATEWAY_DEFAULT_COUNTRY
            )
        except GatewayError as error:
            raise forms.ValidationError(error.text) from error

    def clean_until(self) -> Any:
        """In the future."""
        until = self.cleaned_data["until"]
        if until and until <= now():
            raise forms.ValidationError("The end must lie in the future; leave it empty for no end.")
        return until


class InForceFilter(admin.SimpleListFilter):
    """Entries in force unless others are asked for."""

    title = "In force"
    parameter_name = "in_force"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Ended ones, or all; those in force need no value."""
        return [("no", "Lifted or ended"), ("all", "All")]

    def choices(self, changelist: Any) -> Any:
        """Django's "All" at the top is our "In force"."""
        first, *others = super().choices(changelist)
        return [{**first, "display": "In force"}, *others]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Suppression]) -> QuerySet[Suppression]:
        """Rows of the chosen kind."""
        ended = Q(lifted_at__isnull=False) | Q(until__lte=now())
        kinds = {"no": queryset.filter(ended), "all": queryset}
        return kinds.get(str(self.value()), suppression.in_force(queryset))


@admin.register(Suppression)
class SuppressionAdmin(AuditedAdmin, FoundByNumber, ModelAdmin):  # type: ignore[misc]
    """Numbers that get nothing but replies to their own keywords, whatever they agreed to."""

    section = ("People",)
    add_label = "Put a number on the list"
    submit_label = "Put on the list"
    empty_text = (
        "The list is empty. Numbers that fail again and again come here by themselves; add others by hand."
    )
    form = SuppressionForm
    change_form_template = "admin/consent/suppression_form.html"
    audit_private_fields = ("number", "note")
    list_display = ("shown_number", "code", "shown_scope", "source", "created_at", "ends", "note", "standing")
    list_filter = (InForceFilter, "code", "source")
    list_select_related = ("subject__key",)
    ordering = ("-id",)
    sortable_by = ()
    fields = ("number", "code", "sender", "until", "note")
    _SHOWN = (
        "shown_number", "code", "shown_scope", "source", "note", "created_at", "created_by", "ends", "lifted_at",
        "lifted_by",
    )  # fmt: skip

    def get_fields(self, request: HttpRequest, obj: Suppression | None = None) -> Any:
        """The form for a new entry, the record of an old one."""
        return self._SHOWN if obj else self.fields

    def get_readonly_fields(self, request: HttpRequest, obj: Suppression | None = None) -> Any:
        """Entries are made and lifted, not edited."""
        return self._SHOWN if obj else ()

    @admin.display(description="Stops", ordering="scope")
    def shown_scope(self, entry: Suppression) -> str:
        return scope_words(entry.scope)

    @admin.display(description="Until", ordering="until")
    def ends(self, entry: Suppression) -> str:
        return f"{entry.until:%Y-%m-%d %H:%M}" if entry.until else "Lifted by somebody"

    @admin.display(description="Standing")
    def standing(self, entry: Suppression) -> SafeString:
        if entry.lifted_at:
            return format_html("Lifted {} by {}", f"{entry.lifted_at:%Y-%m-%d}", entry.lifted_by)
        if entry.until and entry.until <= now():
            return format_html('<span class="sg-badge">{}</span>', "Ended")
        return format_html('<span class="sg-badge bad">{}</span>', "In force")

    def save_model(self, request: HttpRequest, obj: Suppression, form: Any, change: bool) -> None:
        given = form.cleaned_data
        entry = suppression.add(
            msisdn=given["number"],
            code=given["code"],
            scope=f"sender:{given['sender'].strip()}" if given["sender"].strip() else "all",
            source=SuppressionSource.STAFF,
            until=given["until"],
            note=given["note"],
            actor=str(request.user),
        )
        obj.__dict__.update(entry.__dict__)

    def get_urls(self) -> list[URLPattern]:
        lift = path(
            "<int:entry_id>/lift/",
            self.admin_site.admin_view(require_POST(self.lift)),
            name="consent_suppression_lift",
        )
        return [lift, *super().get_urls()]

    def lift(self, request: HttpRequest, entry_id: int) -> HttpResponse:
        """Take an entry off the list."""
        if not request.user.has_perm("consent.change_suppression"):
            raise PermissionDenied
        entry = get_object_or_404(Suppression, pk=entry_id)
        if suppression.lift(entry, actor=str(request.user)):
            record(actor=request.user, action="lifted", obj=entry, address=address_of(request))
            messages.success(request, "Lifted. What the person agreed to holds again.")
        return HttpResponseRedirect(reverse("admin:consent_suppression_changelist"))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
