"""The audit trail: who changed what, from where. `AuditedAdmin` writes it for every admin screen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode

from access.audit_changes import Recorder, model_label
from access.models import ApiKey, AuditEntry
from core.callers import caller_of

_NOBODY = "system"


def record(
    *,
    actor: Any,
    action: str,
    obj: models.Model,
    changes: Mapping[str, Any] | None = None,
    address: str = "",
) -> AuditEntry:
    """Add one entry. `actor` is a staff user, an ApiKey, a name or None (the gateway itself);
    `changes` maps a field name to {"before", "after"}, or to "changed" where the values are secret."""
    entry = _entry(actor=actor, action=action, obj=obj, changes=changes or {}, address=address)
    entry.save()
    return entry


def address_of(request: HttpRequest) -> str:
    """The address a request came from; behind trusted proxies (SMSGATEWAY_TRUSTED_PROXIES) the one they saw."""
    peer, forwarded = (str(request.META.get(name, "")) for name in ("REMOTE_ADDR", "HTTP_X_FORWARDED_FOR"))
    return caller_of(peer, forwarded, settings.SMSGATEWAY_TRUSTED_PROXIES)[:45]


def trail_of(object_type: str, object_id: str) -> HttpResponseRedirect:
    """An answer that leads to the audit trail of one object."""
    query = urlencode({"object_type": object_type, "object_id": object_id})
    return HttpResponseRedirect(f"{reverse('admin:access_auditentry_changelist')}?{query}")


def _entry(
    *, actor: Any, action: str, obj: models.Model, changes: Mapping[str, Any], address: str
) -> AuditEntry:
    return AuditEntry(
        actor=_name_of(actor)[:200],
        actor_id=str(actor.pk) if getattr(actor, "pk", None) else "",
        action=action[:50],
        object_type=model_label(type(obj)),
        object_id=str(obj.pk or "")[:64],
        object_repr=str(obj)[:200],
        changes=dict(changes),
        address=address,
    )


def _name_of(actor: Any) -> str:
    if isinstance(actor, ApiKey):
        return f"API key {actor.name}"
    return str(actor) if actor else _NOBODY


class AuditedAdmin:
    """First base of every ModelAdmin: additions, changes (before and after) and deletions are recorded.

    `audit_private_fields` are recorded as "changed" only (personal data); secrets are found by
    themselves, see `access.audit_changes`. The page's History button leads to the object's part of the trail.
    """

    audit_private_fields: tuple[str, ...] = ()
    model: type[models.Model]

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        obj = super().get_object(request, object_id, from_field)  # type: ignore[misc]
        if obj is not None and request.method == "POST":
            self._recorder(request).remember(obj)
        return obj

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The page; its button "History" stands there for those only who may read the trail."""
        hidden = {} if request.user.has_perm("access.view_auditentry") else {"show_history": False}
        page: HttpResponse = super().change_view(  # type: ignore[misc]
            request, object_id, form_url, {**(extra_context or {}), **hidden}
        )
        return page

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> dict[str, Any]:
        """What changed, in the audit trail's own form; Django hands it to log_addition and log_change."""
        return self._recorder(request).changes(form, formsets or (), add=add)

    def log_addition(self, request: HttpRequest, obj: models.Model, message: Any) -> None:
        self._log(request, [(obj, _as_changes(message))], "added")

    def log_change(self, request: HttpRequest, obj: models.Model, message: Any) -> None:
        self._log(request, [(obj, _as_changes(message))], "changed")

    def log_deletions(self, request: HttpRequest, queryset: Iterable[models.Model]) -> None:
        recorder = self._recorder(request)
        self._log(request, [(obj, recorder.values_before_deletion(obj)) for obj in queryset], "deleted")

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The audit trail of this object."""
        return trail_of(model_label(self.model), object_id)

    def _recorder(self, request: HttpRequest) -> Recorder:
        recorders: dict[int, Recorder] = request.__dict__.setdefault("_audit_recorders", {})
        return recorders.setdefault(id(self), Recorder(private=frozenset(self.audit_private_fields)))

    def _log(
        self, request: HttpRequest, rows: list[tuple[models.Model, dict[str, Any]]], action: str
    ) -> None:
        AuditEntry.objects.bulk_create(
            _entry(actor=request.user, action=action, obj=obj, changes=changes, address=address_of(request))
            for obj, changes in rows
        )


def _as_changes(message: Any) -> dict[str, Any]:
    return message if isinstance(message, dict) else {"note": str(message)} if message else {}
