"""Campaigns on screen: a form while it is a draft, a look ahead before the start, its progress afterwards."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin, TabularInline

from access.audit import AuditedAdmin
from campaigns.admin import campaign_pages
from campaigns.admin.campaign_badge import badge
from campaigns.forms.campaigns import MOST_VARIANTS, CampaignForm, VariantForm, VariantFormSet
from campaigns.listing import Standing, standings
from campaigns.models import Campaign, CampaignState, CampaignVariant
from campaigns.scheduling.words import when_of
from core.admin_links import RowLinks

_BAR = (
    '<span class="cp-standing"><progress class="cp-bar" max="100" value="{}" aria-label="Progress">{} %</progress> '
    "{}</span>"
)
_SCHEDULED = "kind == 'audience' && when != 'now'"


class VariantInline(TabularInline):  # type: ignore[misc]
    """The texts; two or more of them are compared."""

    model = CampaignVariant
    form = VariantForm
    formset = VariantFormSet
    extra = 0
    min_num = 1
    max_num = MOST_VARIANTS
    verbose_name_plural = "Messages. With more than one, recipients are divided between them"
    verbose_name = "message"
    hide_title = True
    fields = ("version", "label", "weight")

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Templates are written on their own page."""
        formset = super().get_formset(request, obj, **kwargs)
        widget = formset.form.base_fields["version"].widget
        for name in ("add", "change", "view", "delete"):
            setattr(widget, f"can_{name}_related", False)
        return formset


@admin.register(Campaign)
class CampaignAdmin(AuditedAdmin, RowLinks, ModelAdmin):  # type: ignore[misc]
    """What goes to an audience, when and how fast."""

    form = CampaignForm
    inlines = (VariantInline,)
    fieldsets = (
        (None, {"fields": ("name", "description", "kind")}),
        ("To whom", {"classes": ("before-messages",), "fields": ("channel", "audience")}),
        (
            "When",
            {
                "fields": (
                    "when",
                    "start_on",
                    "start_time",
                    "time_zone",
                    "by_recipient_clock",
                    "weekdays",
                    "day_of_month",
                    "ends_on",
                )
            },
        ),
        ("How fast, and for comparison", {"fields": ("per_minute", "holdout_percent")}),
    )
    conditional_fields = {
        **dict.fromkeys(("audience", "when", "per_minute", "holdout_percent"), "kind == 'audience'"),
        **dict.fromkeys(("start_on", "start_time", "time_zone", "by_recipient_clock"), _SCHEDULED),
        "weekdays": "kind == 'audience' && when == 'weekly'",
        "day_of_month": "kind == 'audience' && when == 'monthly'",
        "ends_on": f"{_SCHEDULED} && when != 'once'",
    }
    change_form_outer_before_template = "admin/campaigns/campaign/draft.html"
    section = ("Campaigns",)
    add_label = "Create campaign"
    submit_label = "Save"
    empty_text = (
        "No campaigns yet. One sends a message template to an audience through a channel configuration. Before it "
        "starts you see whom it reaches and what it costs."
    )
    list_display = ("name", "shown_state", "shown_progress", "channel", "audience", "shown_schedule")
    list_filter = ("state", "channel")
    list_select_related = ("channel", "audience")
    search_fields = ("name",)
    search_help_text = "A part of the name"
    list_per_page = 50
    show_full_result_count = False
    actions = None

    class Media:
        css = {"all": ["campaigns/campaign.css"]}
        js = ["campaigns/form.js"]

    def row_label(self, obj: Any, *, may_change: bool) -> str:
        """What has been started is looked at, not edited."""
        return super().row_label(obj, may_change=may_change) if obj.is_editable else "Open"

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Where the page's campaigns stand is looked up once for all."""
        changelist = super().get_changelist_instance(request)
        shown = list(changelist.result_list)
        self.standings = standings([campaign.pk for campaign in shown])
        changelist.result_list = shown
        return changelist

    @admin.display(description="State", ordering="state")
    def shown_state(self, campaign: Campaign) -> SafeString:
        return badge(campaign)

    @admin.display(description="Progress")
    def shown_progress(self, campaign: Campaign) -> SafeString | str:
        standing: Standing | None = self.standings.get(campaign.pk)
        if standing is None:
            return "not started"
        if campaign.is_open_ended:
            return standing.words
        return format_html(_BAR, standing.percent, standing.percent, standing.words)

    @admin.display(description="Goes out")
    def shown_schedule(self, campaign: Campaign) -> str:
        standing: Standing | None = self.standings.get(campaign.pk)
        return when_of(campaign, standing.last if standing else None)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Campaign]:
        found: QuerySet[Campaign] = super().get_queryset(request)
        return found.select_related("channel__credential", "audience")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Channels and audiences are made on their own pages."""
        form = super().get_form(request, obj, change, **kwargs)
        for field in form.base_fields.keys() & {"channel", "audience"}:
            for name in ("add", "change", "view", "delete"):
                setattr(form.base_fields[field].widget, f"can_{name}_related", False)
        return form

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """The gateway's own time zone."""
        return {"time_zone": settings.TIME_ZONE, **super().get_changeform_initial_data(request)}

    def get_urls(self) -> list[URLPattern]:
        return [*campaign_pages.urls(self), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The form of a draft; of every other campaign what became of it. Who saves keeps others from starting it."""
        with transaction.atomic():
            campaign = self.get_object(request, object_id)
            if campaign is not None and request.method == "POST":
                campaign = Campaign.objects.select_for_update(of=("self",)).get(pk=campaign.pk)
            if campaign is not None and not (
                campaign.is_editable and self.has_change_permission(request, campaign)
            ):
                return self._too_late(request, campaign)
            extra = {"campaign": campaign, **(extra_context or {})}
            answer: HttpResponse = super().change_view(request, object_id, form_url, extra)
            return answer

    def _too_late(self, request: HttpRequest, campaign: Campaign) -> HttpResponse:
        if request.method == "POST":
            messages.error(request, "It was started meanwhile and cannot be changed: nothing was saved.")
        return campaign_pages.detail(self, request, campaign)

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> HttpResponse:
        """The next step is the look ahead."""
        return campaign_pages.after_saving(request, obj)

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        """The same after a change."""
        return campaign_pages.after_saving(request, obj)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            obj.created_by = str(request.user)[:150]
        super().save_model(request, obj, form, change)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only what never went out is deleted, on its own page."""
        allowed: bool = super().has_delete_permission(request, obj)
        return allowed and obj is not None and obj.is_editable


def awaiting_count(request: HttpRequest) -> int:
    """How many campaigns wait for an approval that this person may give."""
    if not settings.SMSGATEWAY_APPROVAL_ABOVE or not request.user.has_perm("campaigns.approve_campaign"):
        return 0
    return Campaign.objects.filter(state=CampaignState.AWAITING).count()
