"""The rows of a credential on its page: whoever may change the credential may change them."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import TabularInline

from credentials.header_forms import RequestHeaderForm, RequestHeaderFormSet
from credentials.models import (
    ApiCredential,
    CredentialVariable,
    RequestField,
    RequestHeader,
    ResponseRule,
)
from credentials.row_forms import (
    BodyFieldForm,
    BodyFieldFormSet,
    QueryForm,
    QueryFormSet,
    RuleForm,
    RuleFormSet,
    VariableForm,
    VariableFormSet,
)


class RowInline(TabularInline):  # type: ignore[misc]
    """Rows that are part of their credential, with its permissions."""

    template = "admin/credentials/apicredential/rows.html"

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As for the credential."""
        return _may(request, "view") or _may(request, "change") or _may(request, "add")

    def has_add_permission(self, request: HttpRequest, obj: Any) -> bool:
        """As for the credential."""
        return _may(request, "add" if obj is None else "change")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As for the credential."""
        return _may(request, "add" if obj is None else "change")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As for the credential."""
        return _may(request, "change")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """In their order; who may see which rows was settled above."""
        rows: QuerySet[Any] = self.model._default_manager.all()
        return rows


class VariableInline(RowInline):
    """Credential variables."""

    model, form, formset = CredentialVariable, VariableForm, VariableFormSet
    fields = VariableForm.Meta.fields
    verbose_name_plural = "Credential variables"


class RequestHeaderInline(RowInline):
    """The Headers section."""

    model, form, formset = RequestHeader, RequestHeaderForm, RequestHeaderFormSet
    fields = RequestHeaderForm.Meta.fields
    verbose_name_plural = "Headers"


class QueryInline(RowInline):
    """Query parameters."""

    model, form, formset = RequestField, QueryForm, QueryFormSet
    fields = QueryForm.Meta.fields
    verbose_name_plural = "Query parameters"


class BodyFieldInline(RowInline):
    """Body fields."""

    model, form, formset = RequestField, BodyFieldForm, BodyFieldFormSet
    fields = BodyFieldForm.Meta.fields
    verbose_name_plural = "Body fields"


class RuleInline(RowInline):
    """Response rules."""

    model, form, formset = ResponseRule, RuleForm, RuleFormSet
    fields = RuleForm.Meta.fields
    verbose_name_plural = "Response rules"


INLINES = (VariableInline, RequestHeaderInline, QueryInline, BodyFieldInline, RuleInline)


def _may(request: HttpRequest, action: str) -> bool:
    user: Any = request.user
    return bool(user.has_perm(f"{ApiCredential._meta.app_label}.{action}_{ApiCredential._meta.model_name}"))
