"""The API's view of messages."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.vocabulary import Purpose
from messaging.models import Message, MessagePart
from messaging.validity import read_validity

_LARGEST_PROFILE = 16 * 1024


@extend_schema_field({"oneOf": [{"type": "integer"}, {"type": "string", "format": "duration"}]})
class ValidityField(serializers.Field[Any, Any, Any, Any]):
    """Seconds, or an ISO 8601 duration."""

    def to_internal_value(self, data: Any) -> timedelta:
        try:
            return read_validity(data)
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from error


class SendRequest(serializers.Serializer[Any]):
    """Body of `POST /api/v1/messages`."""

    to = serializers.CharField(
        max_length=40,
        help_text="Recipient, E.164 (+14155550101) or a number of the channel's default country.",
    )
    channel = serializers.CharField(max_length=100, help_text="Name of an active channel configuration.")
    text = serializers.CharField(
        max_length=10_000,
        trim_whitespace=False,
        allow_blank=True,
        help_text="What the recipient reads, at most 1,500 characters after personalisation "
        "such as {{profile.firstName}}.",
    )
    profile = serializers.DictField(
        required=False, default=dict, help_text="Attributes for personalisation; they win over stored ones."
    )
    purpose = serializers.ChoiceField(
        choices=[Purpose.MARKETING.value, Purpose.TRANSACTIONAL.value, Purpose.ONE_TIME_CODE.value],
        required=False,
        help_text="Default: the channel's purpose. A transactional channel may send one-time codes.",
    )
    reference = serializers.CharField(
        max_length=100, required=False, default="", allow_blank=True, help_text="Yours, returned as it came."
    )
    validity = ValidityField(
        required=False,
        help_text="How long it may wait before it expires: seconds (600) or an ISO 8601 duration (PT10M), 10 seconds "
        "to 7 days. Default: as the channel says, else by purpose.",
    )

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """What was sent, read and checked; most messages are plain, and asking each field costs as much as storing."""
        return _plain(data) or super().run_validation(data)

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """What was sent, read; a field nobody reads is a mistake of the caller, such as a mistyped name."""
        values: dict[str, Any] = super().to_internal_value(data)
        for name in data:
            if name not in self.fields:
                raise serializers.ValidationError({name: [f"There is no field {name!r}. See /api/docs/."]})
        return values

    def validate_profile(self, value: dict[str, Any]) -> dict[str, Any]:
        """Attributes that can be stored: at most 16 KiB, no NUL, no half characters."""
        written = json.dumps(value, ensure_ascii=False)
        try:
            size = len(written.encode("utf-8"))
        except UnicodeEncodeError as error:
            raise serializers.ValidationError("The attributes contain half a character.") from error
        if "\\u0000" in written:
            raise serializers.ValidationError("The attributes contain a NUL character.")
        if size > _LARGEST_PROFILE:
            raise serializers.ValidationError(f"The attributes are over {_LARGEST_PROFILE // 1024} KiB.")
        return value


_FIELDS: Any = SendRequest._declared_fields
_PLAIN: dict[str, int] = {name: _FIELDS[name].max_length for name in ("to", "channel", "text")}


def _plain(data: Any) -> dict[str, Any] | None:
    """A message of these fields only with nothing odd in them, as the serializer would read it; else None."""
    if type(data) is not dict or data.keys() != _PLAIN.keys():
        return None
    for name, longest in _PLAIN.items():
        value = data[name]
        if type(value) is not str or not 0 < len(value) <= longest:
            return None
        if not value.isprintable() or value[0] == " " or value[-1] == " ":
            return None
    return {**data, "profile": {}, "reference": ""}


class EventView(serializers.Serializer[Any]):
    """One change in a message's life."""

    at = serializers.DateTimeField()
    state = serializers.CharField(source="after")
    reason = serializers.CharField()
    detail = serializers.CharField()


class PartView(serializers.Serializer[Any]):
    """One part of a message, the unit of sending and reporting; a short message has one."""

    number = serializers.IntegerField()
    state = serializers.CharField()
    provider_id = serializers.CharField()
    text = serializers.SerializerMethodField()

    def get_text(self, part: MessagePart) -> str:
        return part.text or part.message.text


class MessageView(serializers.ModelSerializer[Message]):
    """A message with its state and history."""

    to = serializers.CharField(source="msisdn")
    channel = serializers.CharField(source="channel.name", default=None, allow_null=True)
    reports = serializers.SerializerMethodField(
        help_text="Whether delivery reports can be expected: `configured` or `no delivery reports configured`."
    )
    parts = PartView(many=True)
    events = EventView(many=True)

    class Meta:
        model = Message
        fields = (
            "id", "to", "sender", "channel", "route", "purpose", "text", "reference", "state", "reason", "detail",
            "possible_duplicate", "provider_id", "reports", "created_at", "accepted_at", "finished_at", "parts",
            "events",
        )  # fmt: skip
        read_only_fields = fields

    def get_reports(self, message: Message) -> str:
        from messaging.selectors import expects_reports

        return "configured" if expects_reports(message.credential_id) else "no delivery reports configured"


class StatusRequest(serializers.Serializer[Any]):
    """Body of `POST /api/v1/messages/status`."""

    ids = serializers.ListField(
        child=serializers.UUIDField(), min_length=1, max_length=1_000, help_text="1 to 1,000 message ids."
    )


class StatusView(serializers.ModelSerializer[Message]):
    """Where a message stands, without its text, parts and history."""

    class Meta:
        model = Message
        fields = (
            "id", "state", "reason", "detail", "reference", "possible_duplicate", "provider_id", "created_at",
            "accepted_at", "finished_at",
        )  # fmt: skip
        read_only_fields = fields


class StatusesView(serializers.Serializer[Any]):
    """Answer of `POST /api/v1/messages/status`."""

    messages = StatusView(many=True)
    unknown = serializers.ListField(child=serializers.UUIDField(), help_text="Ids of no message.")


class AcceptedView(serializers.Serializer[Any]):
    """Answer of `POST /api/v1/messages`: the message is stored and will be sent."""

    id = serializers.UUIDField()
    state = serializers.CharField()
    to = serializers.CharField()
    channel = serializers.CharField()
    encoding = serializers.CharField()
    segments = serializers.IntegerField()


class ErrorBody(serializers.Serializer[Any]):
    """What went wrong: a stable code, a text that says what to do, the field at fault."""

    code = serializers.CharField()
    message = serializers.CharField()
    param = serializers.CharField(allow_blank=True)


class BatchRequest(serializers.Serializer[Any]):
    """Body of `POST /api/v1/messages/batch`."""

    messages = SendRequest(many=True, help_text="1 to 1,000 messages, each as in `POST /api/v1/messages`.")


class BatchResult(serializers.Serializer[Any]):
    """What became of one message of a batch: either `error`, or the other fields."""

    index = serializers.IntegerField(help_text="Its place in `messages`, from 0.")
    id = serializers.UUIDField(required=False)
    state = serializers.CharField(required=False)
    to = serializers.CharField(required=False)
    channel = serializers.CharField(required=False)
    encoding = serializers.CharField(required=False)
    segments = serializers.IntegerField(required=False)
    error = ErrorBody(required=False)


class BatchView(serializers.Serializer[Any]):
    """Answer of `POST /api/v1/messages/batch`, one result for each message, in order."""

    accepted = serializers.IntegerField()
    refused = serializers.IntegerField()
    results = BatchResult(many=True)


class ErrorView(serializers.Serializer[Any]):
    """Every error answer of the API."""

    error = ErrorBody()
