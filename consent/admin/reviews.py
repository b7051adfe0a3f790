"""The review queue: messages that may be an opt-out, the most urgent first, decided with one click."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince, timeuntil
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin

from consent import reviews
from consent.admin.searching import ERASED, FoundByNumber
from consent.models import ConsentReview, Decision, ReviewKind, ReviewState
from consent.selectors import open_event
from consent.wording import purpose_words, scope_words
from core.clock import now
from core.errors import GatewayError

_LONGEST_SHOWN = 240
_WHY = {
    ReviewKind.FREE_WORDS: "Asks in free words",
    ReviewKind.NEAR_MISS: "Looks like a mistyped keyword",
    ReviewKind.REQUIRED_WORD: "A word the law names",
}
_SOON_SECONDS = 24 * 3600
_LIST = "admin:consent_consentreview_changelist"


class StateFilter(admin.SimpleListFilter):
    """Open ones unless another state is asked for."""

    title = "State"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """All states, and everything; the open ones need no value."""
        return [(value, label) for value, label in ReviewState.choices if value != ReviewState.OPEN] + [
            ("all", "All")
        ]

    def choices(self, changelist: Any) -> Any:
        """Django's "All" at the top is our "Open"."""
        first, *others = super().choices(changelist)
        return [{**first, "display": "Open"}, *others]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ConsentReview]) -> QuerySet[ConsentReview]:
        """Rows of the chosen state."""
        chosen = self.value() or ReviewState.OPEN
        return queryset if chosen == "all" else queryset.filter(state=chosen)


def _action(decision: Decision, label: str) -> Callable[..., None]:
    def decide_all(
        screen: ConsentReviewAdmin, request: HttpRequest, queryset: QuerySet[ConsentReview]
    ) -> None:
        for review in queryset:
            screen.decide_one(request, review, decision, seen=review.event_id)

    decide_all.__name__ = f"decide_{decision}"
    return admin.action(permissions=["change"], description=f"Decide: {label}")(decide_all)


@admin.register(ConsentReview)
class ConsentReviewAdmin(FoundByNumber, ModelAdmin):  # type: ignore[misc]
    """Read what the person wrote, decide. Meanwhile the number's messages wait; undecided, it is an opt-out."""

    section = ("People",)
    empty_text = (
        "Nothing to review. A message that may ask to stop and is no keyword comes here; its number waits."
    )
    list_before_template = "admin/consent/reviews_help.html"
    change_form_template = "admin/consent/review_form.html"
    list_display = ("shown_text", "shown_number", "why", "waits", "clock", "decide_buttons")
    list_display_links = ("shown_text",)
    list_filter = (StateFilter, "kind")
    list_select_related = ("subject__key", "event__subject__key")
    ordering = ("lapses_at", "id")
    actions = (
        _action(Decision.OPT_OUT, Decision.OPT_OUT.label),
        _action(Decision.NOT_AN_OPT_OUT, Decision.NOT_AN_OPT_OUT.label),
    )
    fields = (
        "whole_text", "shown_number", "why", "keyword", "messages", "waits", "would_stop", "opened_at", "lapses_at",
        "due_at", "asked_at", "state", "decision", "decided_at", "decided_by", "reason",
    )  # fmt: skip
    readonly_fields = fields

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        """The buttons for those who may decide."""
        may = self.has_change_permission(request)
        return self.list_display if may else self.list_display[:-1]

    @admin.display(description="What the person wrote")
    def shown_text(self, review: ConsentReview) -> str:
        text = self.whole_text(review)
        more = f" (and {review.messages - 1} before)" if review.messages > 1 else ""
        return (text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…") + more

    @admin.display(description="What the person wrote")
    def whole_text(self, review: ConsentReview) -> str:
        said = open_event(review.event)
        return ERASED if said.erased else said.text or "(no text)"

    @admin.display(description="Why", ordering="kind")
    def why(self, review: ConsentReview) -> str:
        return _WHY[ReviewKind(review.kind)]

    @admin.display(description="Recognised")
    def keyword(self, review: ConsentReview) -> str:
        return " ".join(filter(None, (review.event.keyword, f"({review.event.rule_version})")))

    @admin.display(description="Waits meanwhile")
    def waits(self, review: ConsentReview) -> str:
        if review.state != ReviewState.OPEN:
            return "Nothing any more"
        what = purpose_words(review.paused)
        return what if review.scope == "all" else f"{what}, {scope_words(review.scope).lower()}"

    @admin.display(description="An opt-out would stop")
    def would_stop(self, review: ConsentReview) -> str:
        return f"{purpose_words(review.purpose)}, {scope_words(review.scope).lower()}"

    @admin.display(description="Clock", ordering="lapses_at")
    def clock(self, review: ConsentReview) -> SafeString:
        """How long there is to decide; afterwards what came of it."""
        if review.state != ReviewState.OPEN:
            who = f" by {review.decided_by}" if review.decided_by else ""
            return format_html(
                '<span class="sg-badge">{}</span> {} ago{}',
                review.get_state_display(),
                timesince(review.decided_at or review.opened_at, depth=1),
                who,
            )
        left = (review.lapses_at - now()).total_seconds()
        tone = "bad" if left < _SOON_SECONDS else "warn" if left < 3 * _SOON_SECONDS else ""
        words = f"{timeuntil(review.lapses_at, depth=1)} left" if left > 0 else "becomes an opt-out now"
        return format_html(
            '<span class="sg-badge {}">{}</span><br><span class="review-due">due {}</span>',
            tone,
            words,
            f"{review.due_at:%d %b %Y}",
        )

    @admin.display(description="Decide")
    def decide_buttons(self, review: ConsentReview) -> SafeString:
        if review.state != ReviewState.OPEN:
            return format_html("{}", review.get_decision_display())
        return format_html(
            '<span class="review-buttons">{}{}</span>',
            _button(review, Decision.OPT_OUT, "danger"),
            ""
            if review.kind == ReviewKind.REQUIRED_WORD
            else _button(review, Decision.NOT_AN_OPT_OUT, "quiet"),
        )

    def get_urls(self) -> list[URLPattern]:
        decide = path(
            "<int:review_id>/decide/",
            self.admin_site.admin_view(require_POST(self.decide)),
            name="consent_consentreview_decide",
        )
        return [decide, *super().get_urls()]

    def decide(self, request: HttpRequest, review_id: int) -> HttpResponse:
        """One click: "opt_out:17" decides on the message that was shown, event 17."""
        if not request.user.has_perm("consent.change_consentreview"):
            raise PermissionDenied
        review = get_object_or_404(ConsentReview, pk=review_id)
        decision, _, seen = request.POST.get("decision", "").partition(":")
        self.decide_one(
            request, review, decision, seen=int(seen) if seen.isdecimal() else None,
            reason=request.POST.get("reason", "").strip(),
        )  # fmt: skip
        return HttpResponseRedirect(reverse(_LIST))

    def decide_one(
        self,
        request: HttpRequest,
        review: ConsentReview,
        decision: str,
        *,
        seen: int | None,
        reason: str = "",
    ) -> None:
        """Hand the decision to the service and say what came of it."""
        try:
            done = reviews.decide(
                review, decision=decision, actor=str(request.user), reason=reason, seen=seen
            )
        except GatewayError as error:
            messages.error(request, error.text)
            return
        if done.opt_out:
            messages.success(
                request, "Opted out. Waiting messages to this number are taken out within seconds."
            )
        else:
            messages.success(request, "Noted: not an opt-out. Messages to this number go on.")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The page, without "History": the consent history holds every decision."""
        context = {**(extra_context or {}), "show_history": False}
        answer: HttpResponse = super().change_view(request, object_id, form_url, context)
        return answer

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and bool(super().has_change_permission(request))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def waiting_count(request: HttpRequest) -> int:
    """The badge of the menu: reviews that wait for a decision."""
    return reviews.due_count()


def _button(review: ConsentReview, decision: Decision, tone: str) -> SafeString:
    return format_html(
        '<button class="sg-button {}" name="decision" value="{}:{}" formaction="{}">{}</button>',
        tone,
        decision.value,
        review.event_id,
        reverse("admin:consent_consentreview_decide", args=[review.pk]),
        decision.label,
    )
