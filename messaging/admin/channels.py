"""Channel configurations: what a sender picks, and sending by hand."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.forms import Script
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin

from access.audit import AuditedAdmin, address_of, record
from core.admin_links import RowLinks
from core.errors import GatewayError
from core.numbers import mask_number
from credentials.models import ApiCredential
from messaging import channels, releasing
from messaging.accept import accept, through_channel
from messaging.admin.breakers import credential_breaker_reset
from messaging.admin.refusals import add_refusal
from messaging.admin.routes import conditions_of, standing_of
from messaging.admin.test_sends import credential_test_send
from messaging.admin.text_check import text_check
from messaging.admin.timing import CAP_FIELDS, TIMING_FIELDSETS
from messaging.forms import ChannelConfigurationForm, SendForm
from messaging.models import ChannelConfiguration, ChannelStatus, Message, Route, Source
from messaging.testsend import send_test

_STANDING = {
    ChannelStatus.ACTIVE: mark_safe('<span class="sg-badge good">Active</span>'),
    ChannelStatus.DRAFT: mark_safe('<span class="sg-badge">Draft</span>'),
}


@admin.register(ChannelConfiguration)
class ChannelConfigurationAdmin(AuditedAdmin, RowLinks, ModelAdmin):  # type: ignore[misc]
    """Name, credential, sender, purpose and consent rule; draft until activated."""

    form = ChannelConfigurationForm
    fieldsets = (
        (None, {"fields": ("name", "description", "credential", "sender")}),
        ("Consent", {"fields": ("purpose", "require_opt_in")}),
        ("Numbers", {"fields": ("default_country", "countries_allowed")}),
        (
            "Links",
            {
                "classes": ["collapse"],
                "fields": ("track_links", "link_domain", "link_days", "link_fallback_url", "link_parameters"),
            },
        ),
        *TIMING_FIELDSETS,
        ("Order", {"fields": ("keep_order",)}),
    )
    list_display = ("name", "credential", "sender", "purpose", "standing")
    list_filter = ("status", "purpose", "credential")
    list_select_related = ("credential",)
    search_fields = ("name", "description", "sender", "credential__name")
    section = ("Administration", "Channels", "SMS settings")
    add_label = "Create channel configuration"
    submit_label = "Submit"
    empty_text = (
        "No channel configurations yet. One joins a credential, a sender number and a purpose under a name; "
        "messages are sent through it."
    )
    change_form_outer_before_template = "admin/messaging/channelconfiguration/status.html"
    change_form_outer_after_template = "admin/messaging/channelconfiguration/panels.html"
    # Only marketing asks for an opt-in and has a frequency cap; the fields stay out of the way otherwise.
    conditional_fields = {
        **dict.fromkeys(("require_opt_in", *CAP_FIELDS), "purpose == 'marketing'"),
        **dict.fromkeys(("codes_move_on", "when_unknown_code"), "purpose == 'transactional'"),
    }

    class Media:  # of the form below the page's own, for a message by hand
        css = {"all": ["editor/payload-editor.css"]}
        js = [Script("editor/payload-editor.js", defer=True)]

    @admin.display(description="Status", ordering="status")
    def standing(self, channel: ChannelConfiguration) -> SafeString:
        return _STANDING[ChannelStatus(channel.status)]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """The name of an active channel is what applications send; it stays."""
        return ("name",) if obj is not None and obj.status == ChannelStatus.ACTIVE else ()

    def get_urls(self) -> list[URLPattern]:
        def guarded(view: Any) -> Any:
            return self.admin_site.admin_view(require_POST(view))

        return [
            path("<uuid:channel_id>/status/", guarded(self.set_status), name="messaging_channel_status"),
            path("<uuid:channel_id>/send/", guarded(self.send), name="messaging_channel_send"),
            path("text-check/", guarded(text_check), name="messaging_text_check"),
            path(
                "test-send/<uuid:credential_id>/",
                guarded(credential_test_send),
                name="messaging_credential_test_send",
            ),
            path(
                "breaker-reset/<uuid:credential_id>/",
                guarded(credential_breaker_reset),
                name="messaging_credential_breaker_reset",
            ),
            *super().get_urls(),
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        channel = self.get_object(request, object_id)
        extra = panels(request, channel) if channel else {}
        answer: HttpResponse = super().change_view(
            request, object_id, form_url, {**(extra_context or {}), **extra}
        )
        return answer

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """The credential is chosen here and edited on its own page."""
        form = super().get_form(request, obj, change, **kwargs)
        if "credential" in form.base_fields:
            widget = form.base_fields["credential"].widget
            widget.can_add_related = widget.can_change_related = False
            widget.can_view_related = widget.can_delete_related = False
        return form

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> HttpResponse:
        """Go where the next step is."""
        messages.success(request, f"{obj} is saved as a draft. Send a test below, then activate it.")
        return _page_of(obj)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        channels.forget()
        if change and releasing.FIELDS & set(form.changed_data):
            transaction.on_commit(lambda: _release(request, obj))

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        channel = self.get_object(request, object_id)
        if channel is not None and channel.messages.exists():
            messages.error(
                request,
                f"{channel} has sent messages, and those are kept. Make it a draft instead of deleting it.",
            )
            return _page_of(channel)
        answer: HttpResponse = super().delete_view(request, object_id, extra_context)
        return answer

    def set_status(self, request: HttpRequest, channel_id: uuid.UUID) -> HttpResponse:
        """Activate, or make a draft again."""
        channel = self._channel(request, channel_id)
        if request.POST.get("status") not in ChannelStatus.values:
            messages.error(request, "Choose active or draft; nothing was changed.")
            return _page_of(channel)
        wanted = ChannelStatus(request.POST["status"])
        try:
            (channels.activate if wanted == ChannelStatus.ACTIVE else channels.deactivate)(channel)
        except GatewayError as error:
            messages.error(request, error.text)
        else:
            record(actor=request.user, action=f"set {wanted}", obj=channel, address=address_of(request))
            messages.success(request, _SAID[wanted])
        return _page_of(channel)

    def send(self, request: HttpRequest, channel_id: uuid.UUID) -> HttpResponse:
        """Send one message by hand: a test while the channel is a draft, a real one once it is active."""
        channel = self._channel(request, channel_id)
        form = SendForm(request.POST, default_country=channel.default_country)
        if form.is_valid():
            try:
                message = _submit(
                    channel, form.cleaned_data["number"], form.cleaned_data["message"], str(request.user)
                )
            except GatewayError as error:
                add_refusal(form, error, otherwise="message")
            else:
                record(
                    actor=request.user,
                    action="sent message",
                    obj=channel,
                    changes={"to": mask_number(message.msisdn), "message": str(message.id)},
                    address=address_of(request),
                )
                return HttpResponseRedirect(reverse("admin:messaging_message_change", args=[message.pk]))
        context = {
            **self.admin_site.each_context(request),
            **panels(request, channel),
            "opts": self.opts,
            "original": channel,
            "send_form": form,
        }
        return render(request, "admin/messaging/channelconfiguration/send.html", context, status=422)

    def _channel(self, request: HttpRequest, channel_id: uuid.UUID) -> ChannelConfiguration:
        if not self.has_change_permission(request):
            raise PermissionDenied
        return get_object_or_404(ChannelConfiguration.objects.select_related("credential"), id=channel_id)


_SAID = {
    ChannelStatus.ACTIVE: "The channel configuration is active.",
    ChannelStatus.DRAFT: "The channel configuration is a draft again; nothing more is accepted for it.",
}


def panels(request: HttpRequest, channel: ChannelConfiguration) -> dict[str, Any]:
    """What the page shows below the form: standing, webhooks of the credential, sending by hand."""
    return {
        "channel": channel,
        "is_active": channel.status == ChannelStatus.ACTIVE,
        "webhooks": webhooks_of(channel.credential),
        "routes": routes_of(channel),
        "send_form": SendForm(default_country=channel.default_country),
        "may_change": request.user.has_perm("messaging.change_channelconfiguration"),
    }


def routes_of(channel: ChannelConfiguration) -> list[tuple[Route, str, SafeString]]:
    """The channel's routes in their order: each with what it is for and its standing."""
    stored = channel.routes.select_related("credential").order_by("position", "id")
    return [(route, conditions_of(route), standing_of(route)) for route in stored]


def webhooks_of(credential: ApiCredential) -> list[Any]:
    """The webhooks of a credential; they live on an upper floor and are reached through their endpoints."""
    endpoints = credential.endpoints.select_related("webhook")
    return [endpoint.webhook for endpoint in endpoints if hasattr(endpoint, "webhook")]


def _release(request: HttpRequest, channel: ChannelConfiguration) -> None:
    """What the old times hold follows the new ones."""
    released = releasing.release_held(channel_id=channel.pk)
    if not released.count:
        return
    many = (
        "1 message that waited is" if released.count == 1 else f"{released.count:,} messages that waited are"
    )
    more = (
        "" if released.is_all else " More wait until their time; save once more to have them looked at, too."
    )
    messages.info(request, f"{many} looked at again.{more}")


def _submit(channel: ChannelConfiguration, number: str, text: str, actor: str) -> Message:
    if channel.status == ChannelStatus.ACTIVE:
        return accept(through_channel(channel, to=number, text=text, source=Source.ADMIN, actor=actor))
    return send_test(
        credential=channel.credential, channel=channel, sender=channel.sender, to=number, text=text
    )


def _page_of(channel: ChannelConfiguration) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:messaging_channelconfiguration_change", args=[channel.pk]))
