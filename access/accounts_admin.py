"""Users and groups (Django's own models) in the look of the other screens, with every change recorded."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import ReadOnlyPasswordHashWidget
from django.contrib.auth.hashers import is_password_usable
from django.contrib.auth.models import Group, User
from django.http import HttpRequest
from django.utils.safestring import mark_safe
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from access.audit import AuditedAdmin
from core.admin_links import RowLinks

admin.site.unregister(User)
admin.site.unregister(Group)


class PasswordState(ReadOnlyPasswordHashWidget):
    """Says whether there is a password; nothing of the hash."""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, attrs)
        state = "A password is set." if value and is_password_usable(value) else "No password is set."
        return {**context, "summary": [{"label": state}]}


class AccountForm(UserChangeForm):  # type: ignore[misc]
    """The user form with the way to change the password instead of its hash."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if password := self.fields.get("password"):
            password.widget = PasswordState()
            password.help_text = mark_safe('<a href="../password/">Change password</a>')


@admin.register(User)
class UserAdmin(AuditedAdmin, RowLinks, DjangoUserAdmin, ModelAdmin):  # type: ignore[misc, type-arg]
    """Staff accounts; only a superuser makes, changes or deletes a superuser."""

    form = AccountForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    section = ("Access",)
    submit_label = "Submit"
    list_display = ("username", "email", "first_name", "last_name", "is_active", "is_superuser", "last_login")
    list_filter = ("is_active", "is_superuser", "groups")

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        dates = ("last_login", "date_joined")
        return dates if _is_superuser(request) else (*dates, "is_superuser", "user_permissions")

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return _may_touch(request, obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return _may_touch(request, obj) and super().has_delete_permission(request, obj)


@admin.register(Group)
class GroupAdmin(AuditedAdmin, RowLinks, DjangoGroupAdmin, ModelAdmin):  # type: ignore[misc]
    """Groups; the five roles are set by the gateway at every update, see `access.roles`.

    Only a superuser chooses permissions: whoever may edit users could give themselves everything otherwise.
    """

    section = ("Access",)
    submit_label = "Submit"

    def get_readonly_fields(self, request: HttpRequest, obj: Group | None = None) -> tuple[str, ...]:
        return () if _is_superuser(request) else ("permissions",)


def _is_superuser(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "is_superuser", False))


def _may_touch(request: HttpRequest, user: User | None) -> bool:
    return user is None or not user.is_superuser or _is_superuser(request)
