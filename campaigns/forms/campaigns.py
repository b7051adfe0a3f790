"""The form of a campaign and the rows of its variants."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import OuterRef, Q, QuerySet, Subquery
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from campaigns.models import Campaign, CampaignKind, CampaignVariant, MessageTemplate, TemplateVersion, When
from messaging.models.timing import DAYS

MOST_VARIANTS = 10
# What belongs to a schedule and means nothing without it.
_OF_SCHEDULES = ("start_on", "start_time", "ends_on", "day_of_month")


class CampaignForm(forms.ModelForm):  # type: ignore[type-arg]
    """Whom, through what, when and how fast."""

    weekdays = forms.MultipleChoiceField(
        label="On these days", required=False, choices=DAYS, widget=UnfoldAdminCheckboxSelectMultipleWidget
    )

    class Meta:
        model = Campaign
        fields = (
            "name", "description", "kind", "channel", "audience", "when", "start_on", "start_time", "time_zone",
            "by_recipient_clock", "weekdays", "day_of_month", "ends_on", "per_minute", "holdout_percent",
        )  # fmt: skip
        help_texts = {"audience": ""}  # the field is shown where it has to be filled in, nowhere else

    def clean(self) -> dict[str, Any]:
        """What the chosen kind and schedule do not use is not kept: it would surprise when they change."""
        cleaned = super().clean() or {}
        if cleaned.get("kind") == CampaignKind.TRIGGERED:
            cleaned.update(audience=None, when=When.NOW, holdout_percent=0, per_minute=None)
        if cleaned.get("when") == When.NOW:
            cleaned.update(dict.fromkeys(_OF_SCHEDULES), weekdays=[], by_recipient_clock=False)
        if cleaned.get("when") != When.WEEKLY:
            cleaned["weekdays"] = []
        if cleaned.get("when") != When.MONTHLY:
            cleaned["day_of_month"] = None
        if cleaned.get("when") == When.ONCE:
            cleaned["ends_on"] = None
        return cleaned


def versions_to_choose(chosen: TemplateVersion | None) -> QuerySet[TemplateVersion]:
    """The last version of each template, and the one that is chosen already."""
    last = TemplateVersion.objects.filter(template=OuterRef("pk")).order_by("-number").values("pk")[:1]
    templates = MessageTemplate.objects.annotate(last=Subquery(last))
    wanted = Q(pk__in=templates.values("last"))
    if chosen is not None:
        wanted |= Q(pk=chosen.pk)
    return (
        TemplateVersion.objects.filter(wanted)
        .select_related("template")
        .order_by("template__name", "-number")
    )


class VariantForm(forms.ModelForm):  # type: ignore[type-arg]
    """One text with its label and share."""

    class Meta:
        model = CampaignVariant
        fields = ("label", "version", "weight")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["version"]
        field.queryset = versions_to_choose(self.instance.version if self.instance.version_id else None)
        field.label = "Message"
        field.empty_label = "Choose a message template"
        for one in self.fields.values():  # the heading of a column is no label for a screen reader
            widget: Any = one.widget
            getattr(widget, "widget", widget).attrs["aria-label"] = one.label


class VariantFormSet(forms.BaseInlineFormSet):  # type: ignore[type-arg]
    """At least one text, each under a label of its own."""

    def clean(self) -> None:
        """A campaign without a text says nothing."""
        super().clean()
        if any(self.errors):
            return
        kept = [form for form in self.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")]
        if not kept:
            raise forms.ValidationError("Choose at least one message.")
        labels = [form.cleaned_data["label"] for form in kept]
        if len(set(labels)) < len(labels):
            raise forms.ValidationError("Two variants have the same label.")
