"""The API's view of campaigns."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from messaging.serializers import ErrorBody, SendRequest


class NamedRequest(serializers.Serializer[Any]):
    """One recipient of a call."""

    to = serializers.CharField(
        max_length=40, help_text="E.164, or a number of the channel's default country."
    )
    context = serializers.DictField(  # type: ignore[assignment]  # the field of that name, not the serializer's own
        required=False, default=dict, help_text="Data of the occasion; the text names it as {{context.…}}."
    )

    def validate_context(self, value: dict[str, Any]) -> dict[str, Any]:
        """Data of the size of a profile's attributes."""
        return SendRequest().validate_profile(value)


class TriggerRequest(serializers.Serializer[Any]):
    """Body of `POST /api/v1/campaigns/{id}/trigger`."""

    recipients = NamedRequest(many=True, help_text="1 to 1,000 recipients.")


class TriggerResult(serializers.Serializer[Any]):
    """What became of one recipient: a message, or why there is none."""

    index = serializers.IntegerField(help_text="Its place in `recipients`, from 0.")
    to = serializers.CharField(required=False)
    id = serializers.UUIDField(required=False, help_text="Of the message.")
    reason = serializers.CharField(required=False, help_text="Why it was left out, such as opted_out.")
    error = ErrorBody(required=False)


class TriggerView(serializers.Serializer[Any]):
    """Answer of `POST /api/v1/campaigns/{id}/trigger`, one result for each recipient, in order."""

    accepted = serializers.IntegerField()
    refused = serializers.IntegerField()
    results = TriggerResult(many=True)


class ProgressView(serializers.Serializer[Any]):
    """The last run in numbers: audience = excluded + accepted + pending + cancelled."""

    run = serializers.IntegerField()
    state = serializers.CharField()
    planned_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    audience = serializers.IntegerField()
    pending = serializers.IntegerField()
    accepted = serializers.IntegerField()
    cancelled = serializers.IntegerField()
    excluded = serializers.DictField(child=serializers.IntegerField(), help_text="Reason -> people.")
    outcomes = serializers.DictField(child=serializers.IntegerField(), help_text="Outcome -> messages.")


class CampaignView(serializers.Serializer[Any]):
    """A campaign without its numbers."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    kind = serializers.CharField()
    state = serializers.CharField()
    channel = serializers.CharField(source="channel.name")
    audience = serializers.CharField(source="audience.name", default=None, allow_null=True)
    next_run_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()


class CampaignDetailView(CampaignView):
    """A campaign with the progress of its last run."""

    problem = serializers.CharField(help_text="Why it was stopped by itself; blank where nothing is wrong.")
    progress = ProgressView(allow_null=True)


class CampaignsView(serializers.Serializer[Any]):
    """The newest campaigns."""

    campaigns = CampaignView(many=True)
