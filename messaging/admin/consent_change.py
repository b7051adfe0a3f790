"""A change of consent by hand: form, what it will do, done. Posted throughout: no number stands in an address."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from access.audit import address_of, record
from consent.admin.numbers import ConsentSubjectAdmin
from consent.changing import Preview, preview
from consent.models import ConsentSubject, Kind, Source
from consent.sealing import number_hash
from consent.wording import purpose_words, scope_words
from core.errors import GatewayError, NumberInvalid
from core.numbers import parse_number
from messaging import consent_changes
from messaging.models import ChannelConfiguration

_WHAT = ((Kind.OPT_OUT.value, "Opt out"), (Kind.OPT_IN.value, "Opt in"))
_PURPOSES = tuple((value, purpose_words(value)) for value in ("all", "marketing", "transactional"))


class ChangeForm(forms.Form):
    """Number, what the person wants, how far it reaches, and what proves it."""

    number = forms.CharField(max_length=64, label="Number")
    kind = forms.ChoiceField(label="What the person wants", choices=_WHAT, widget=forms.RadioSelect)
    scope = forms.ChoiceField(label="Senders", initial="all")
    purpose = forms.ChoiceField(label="Messages", choices=_PURPOSES, initial="all")
    reason = forms.CharField(
        label="Reason",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="How you know, for whoever reads the record later: “Called the hotline on 3 May”.",
    )
    evidence = forms.CharField(
        label="Evidence",
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="What proves a new consent: the form and its wording, a ticket, words of the person. "
        "Required to turn an opt-out round.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        senders = ChannelConfiguration.objects.order_by("sender").values_list("sender", flat=True).distinct()
        narrower = [(f"sender:{sender}", scope_words(f"sender:{sender}")) for sender in senders if sender]
        self.fields["scope"].choices = [("all", "All senders"), *narrower]  # type: ignore[attr-defined]

    def clean_number(self) -> str:
        """E.164."""
        try:
            return parse_number(
                self.cleaned_data["number"], default_country=settings.SMSGATEWAY_DEFAULT_COUNTRY
            )
        except NumberInvalid as error:
            raise forms.ValidationError(error.text) from error

    def clean(self) -> dict[str, Any]:
        """An opt-in against a standing opt-out needs its proof."""
        values: dict[str, Any] = super().clean() or {}
        if not self.errors and self.effect.needs_proof and not values["evidence"]:
            self.add_error(
                "evidence", "The person has opted out. Add what proves that they agreed again since then."
            )
        return values

    @property
    def effect(self) -> Preview:
        """What the change would do."""
        values = self.cleaned_data
        return preview(
            msisdn=values["number"],
            kind=values["kind"],
            scope=values["scope"],
            purpose=values["purpose"],
            source=Source.STAFF,
        )


class NumberAdmin(ConsentSubjectAdmin):
    """The page of a number with changes by hand: they reach messages, which its own floor does not know."""

    def get_urls(self) -> list[URLPattern]:
        change = self.admin_site.admin_view(require_POST(consent_change))
        return [path("change/", change, name="messaging_consent_change"), *super().get_urls()]


admin.site.unregister(ConsentSubject)
admin.site.register(ConsentSubject, NumberAdmin)


def consent_change(request: HttpRequest) -> HttpResponse:
    """POST only. `step` is absent (an empty form), "review" (what will happen) or "apply"."""
    if not request.user.has_perm("consent.add_consentevent"):
        raise PermissionDenied
    step = request.POST.get("step", "")
    if not step:
        start = {"number": request.POST.get("number", "")[:64], "kind": Kind.OPT_OUT.value, "scope": "all"}
        return _page(request, ChangeForm(initial=start))
    form = ChangeForm(request.POST)
    if not form.is_valid() or step == "edit":
        return _page(request, form)
    if step == "apply":
        try:
            return _apply(request, form)
        except GatewayError as error:
            form.add_error(error.param if error.param in form.fields else None, error.text)
            return _page(request, form)
    return _review(request, form)


def _page(request: HttpRequest, form: ChangeForm) -> HttpResponse:
    return render(request, "admin/consent/numbers/change.html", {**_context(request), "form": form})


def _review(request: HttpRequest, form: ChangeForm) -> HttpResponse:
    values, effect = form.cleaned_data, form.effect
    is_out = values["kind"] == Kind.OPT_OUT
    waiting = consent_changes.waiting_count(
        number_hash=number_hash(values["number"]), scope=values["scope"], purpose=values["purpose"]
    )
    context = {
        **_context(request),
        "form": form,
        "values": values,
        "effect": effect,
        "is_out": is_out,
        "waiting": waiting if is_out else 0,
        "scope_words": scope_words(values["scope"]),
        "purpose_words": purpose_words(values["purpose"]),
    }
    return render(request, "admin/consent/numbers/change_review.html", context)


def _apply(request: HttpRequest, form: ChangeForm) -> HttpResponse:
    values = form.cleaned_data
    changed = consent_changes.change(
        msisdn=values["number"],
        kind=values["kind"],
        scope=values["scope"],
        purpose=values["purpose"],
        source=Source.STAFF,
        actor=str(request.user),
        reason=values["reason"],
        evidence={"evidence": values["evidence"]} if values["evidence"] else None,
    )
    subject = ConsentSubject.objects.get(pk=changed.event.subject_id)
    record(
        actor=request.user,
        action="changed consent",
        obj=subject,
        changes={
            "event": values["kind"], "scope": values["scope"], "purpose": values["purpose"],
            "reason": values["reason"], "suppressed": changed.suppressed,
        },
        address=address_of(request),
    )  # fmt: skip
    settled = consent_changes.settle(changed)
    messages.success(request, _told(changed))
    if not settled:
        messages.warning(request, "A message to this number was on its way already and may still arrive.")
    return HttpResponseRedirect(reverse("admin:consent_consentsubject_change", args=[subject.pk]))


def _told(changed: consent_changes.Changed) -> str:
    if changed.event.kind != Kind.OPT_OUT:
        return "The opt-in is recorded."
    taken = changed.suppressed
    plural = "" if taken == 1 else "s"
    return (
        f"The opt-out is recorded. {taken} waiting message{plural} suppressed."
        if taken
        else "The opt-out is recorded."
    )


def _context(request: HttpRequest) -> dict[str, Any]:
    title = "Change consent by hand"
    return {**admin.site.each_context(request), "opts": ConsentSubject._meta, "title": title}
