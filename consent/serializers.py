"""The API's view of consent."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from consent.models import ConsentState
from consent.selectors import OpenedEvent
from core.vocabulary import Purpose

MOST_NUMBERS = 1000
CONSENT_PURPOSES = ["all", "marketing", "transactional"]


class _Strict(serializers.Serializer[Any]):
    """A field nobody reads is a mistake of the caller, such as a mistyped name."""

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        for name in self.initial_data:
            if name not in self.fields:
                raise serializers.ValidationError({name: f"There is no field {name!r}. See /api/docs/."})
        return attrs


class ConsentRequest(_Strict):
    """Body of `PUT /api/v1/consent/{number}`."""

    state = serializers.ChoiceField(choices=["in", "out"])
    scope = serializers.CharField(
        max_length=100,
        required=False,
        default="all",
        help_text="`all`, `sender:+15005550006` or `brand:Acme`.",
    )
    purpose = serializers.ChoiceField(choices=CONSENT_PURPOSES, required=False, default="all")
    reason = serializers.CharField(
        max_length=500, required=False, default="", allow_blank=True, help_text="Required to lift an opt-out."
    )
    evidence = serializers.DictField(
        required=False,
        default=dict,
        help_text="What proves it, such as `url`, `ip`, `user_agent`, `form`; sealed. Required to lift an opt-out.",
    )
    occurred_at = serializers.DateTimeField(required=False, default=None, allow_null=True)


class CheckRequest(_Strict):
    """Body of `POST /api/v1/consent/check`."""

    numbers = serializers.ListField(
        child=serializers.CharField(max_length=64, allow_blank=True), min_length=1, max_length=MOST_NUMBERS
    )
    purpose = serializers.ChoiceField(
        choices=[Purpose.MARKETING.value, Purpose.TRANSACTIONAL.value, Purpose.ONE_TIME_CODE.value]
    )
    sender = serializers.CharField(
        max_length=20,
        required=False,
        default="",
        allow_blank=True,
        help_text="Blank: only what holds for all senders.",
    )
    require_opt_in = serializers.BooleanField(
        required=False, default=True, help_text="Whether marketing needs an opt-in on record."
    )


class CellView(serializers.ModelSerializer[ConsentState]):
    """What holds for one scope and purpose."""

    class Meta:
        model = ConsentState
        fields = ("scope", "purpose", "state", "source", "changed_at")
        read_only_fields = fields


class ConsentView(serializers.Serializer[Any]):
    """What holds for a number now."""

    number = serializers.CharField(help_text="E.164")
    summary = serializers.CharField()
    allowed = serializers.DictField(
        child=serializers.BooleanField(),
        help_text="By purpose, for all senders; marketing with an opt-in required.",
    )
    states = CellView(many=True)
    events = serializers.IntegerField(help_text="How many events are on record.")
    changed_at = serializers.DateTimeField()


class ConsentChangedView(ConsentView):
    """What holds now, and what the change did."""

    sequence = serializers.IntegerField(help_text="The event that was recorded.")
    suppressed = serializers.IntegerField(help_text="Waiting messages that will not be sent.")


class ConsentEventView(serializers.Serializer[Any]):
    """One event of a number."""

    sequence = serializers.IntegerField(source="event.sequence")
    event = serializers.CharField(source="event.kind")
    scope = serializers.CharField(source="event.scope")
    purpose = serializers.CharField(source="event.purpose")
    source = serializers.CharField(source="event.source")  # type: ignore[assignment]
    keyword = serializers.CharField(source="event.keyword")
    rule_version = serializers.CharField(source="event.rule_version")
    actor = serializers.CharField(source="event.actor")
    reason = serializers.CharField(source="event.reason")
    reference = serializers.CharField(source="event.reference")
    occurred_at = serializers.DateTimeField(source="event.occurred_at")
    received_at = serializers.DateTimeField(source="event.received_at")
    text = serializers.SerializerMethodField(help_text="The words of the person; blank once erased.")
    evidence = serializers.SerializerMethodField()
    erased = serializers.BooleanField()
    previous_hash = serializers.CharField(source="event.previous_hash")
    hash = serializers.CharField(source="event.hash")

    def get_text(self, opened: OpenedEvent) -> str:
        return opened.text

    def get_evidence(self, opened: OpenedEvent) -> dict[str, Any]:
        return opened.evidence


class ConsentEventsView(serializers.Serializer[Any]):
    """A page of events, newest first."""

    events = ConsentEventView(many=True)
    next_before = serializers.IntegerField(
        allow_null=True, help_text="Give it as `before` for older events; null: there are none."
    )


class CheckedView(serializers.Serializer[Any]):
    """The answer for one number."""

    number = serializers.CharField(help_text="As it was given.")
    e164 = serializers.CharField(help_text="Blank when it cannot be read.")
    allowed = serializers.BooleanField()
    reason = serializers.CharField(
        help_text="Blank, or `opted_out`, `no_opt_in`, `consent_paused`, `suppressed`, `number_invalid`."
    )


class ChecksView(serializers.Serializer[Any]):
    """The answers, in the order of the numbers."""

    results = CheckedView(many=True)


class ProblemView(serializers.Serializer[Any]):
    """Every error: `{"error": {"code", "message", "param"}}`."""

    error = serializers.DictField(child=serializers.CharField())
