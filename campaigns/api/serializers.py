"""The API's view of audiences."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from campaigns.models import Audience, AudienceKind

MOST_MEMBERS = 1_000
ONE_MEMBER = "Name each member by number or by external_id, one of the two."


class Strict(serializers.Serializer[Any]):
    """A field nobody reads is a mistake of the caller, such as a mistyped name."""

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        for name in self.initial_data:
            if name not in self.fields:
                raise serializers.ValidationError({name: f"There is no field {name!r}. See /api/docs/."})
        return attrs


class AudienceRequest(Strict):
    """Body of `POST /api/v1/audiences` and `PUT /api/v1/audiences/{id}`."""

    name = serializers.CharField(max_length=100)
    description = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)
    kind = serializers.ChoiceField(
        choices=AudienceKind.choices,
        required=False,
        help_text="`filter` (the default) or `static`, a list. It stays as it was made.",
    )
    filter = serializers.JSONField(
        required=False,
        default=None,
        help_text='Conditions as data, such as {"all": [{"field": "attributes.city", "op": "is", "value": "Berlin"}]}; '
        "{} for all profiles. Required unless it is a list, which has none.",
    )


class WarningView(serializers.Serializer[Any]):
    """Something about a filter that may be a slip."""

    path = serializers.CharField()
    message = serializers.CharField()


class AudienceView(serializers.ModelSerializer[Audience]):
    """An audience."""

    class Meta:
        model = Audience
        fields = ("id", "name", "description", "kind", "filter", "created_at", "updated_at")


class AudienceDetailView(AudienceView):
    """An audience with its filter in words."""

    words = serializers.CharField(help_text="What the filter says; empty for a list.")
    warnings = WarningView(many=True)

    class Meta:
        model = Audience
        fields = (*AudienceView.Meta.fields, "words", "warnings")


class AudiencesView(serializers.Serializer[Any]):
    """Audiences by name."""

    audiences = AudienceView(many=True)
    next = serializers.CharField(help_text="Give it as `after` for the next page; empty on the last.")


class MemberKey(serializers.Serializer[Any]):
    """Somebody, by number or by external id."""

    number = serializers.CharField(max_length=64, required=False)
    external_id = serializers.CharField(max_length=100, required=False)


class MembersRequest(Strict):
    """Body of `POST /api/v1/audiences/{id}/members`."""

    add = MemberKey(
        many=True, required=False, default=list, help_text="At most 1,000 together with `remove`."
    )
    remove = MemberKey(many=True, required=False, default=list)
    create_profiles = serializers.BooleanField(
        required=False, default=False, help_text="Make a profile for numbers to add that have none."
    )


class MemberResultView(serializers.Serializer[Any]):
    """What came of one of them."""

    index = serializers.IntegerField()
    status = serializers.ChoiceField(choices=["member", "removed"], required=False)
    error = serializers.DictField(
        required=False, help_text="`code`, `message` and `param` instead of a status."
    )


class MembersChangedView(serializers.Serializer[Any]):
    """What came of a change of members, row by row in the order of the request."""

    added = serializers.IntegerField(help_text="New on the list; others were on it already.")
    removed = serializers.IntegerField()
    created = serializers.IntegerField(help_text="Profiles that were made.")
    add = MemberResultView(many=True)
    remove = MemberResultView(many=True)


class MemberView(serializers.Serializer[Any]):
    """One member."""

    profile_id = serializers.UUIDField(source="id")
    number = serializers.CharField(source="msisdn")
    external_id = serializers.CharField()


class MembersView(serializers.Serializer[Any]):
    """Members in the order of their profile ids."""

    members = MemberView(many=True)
    next = serializers.CharField(help_text="Give it as `after` for the next page; empty on the last.")


class CountView(serializers.Serializer[Any]):
    """How many members there are."""

    count = serializers.IntegerField()
    exact = serializers.BooleanField(help_text="False: about so many, estimated from a sample.")
    text = serializers.CharField(help_text='In words: "about 120,000 profiles".')
