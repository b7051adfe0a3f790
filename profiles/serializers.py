"""The API's view of profiles."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from rest_framework import serializers

from core.errors import about
from core.numbers import parse_number
from profiles.attributes import check_language, check_time_zone
from profiles.entries import MOST_NUMBERS, Entry, Key, Policy, Verdict
from profiles.models import Profile

MOST_PROFILES = 1000


class _Strict(serializers.Serializer[Any]):
    """A field nobody reads is a mistake of the caller, such as a mistyped name."""

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        for name in self.initial_data:
            if name not in self.fields:
                raise serializers.ValidationError({name: f"There is no field {name!r}. See /api/docs/."})
        return attrs


class _Common(_Strict):
    other_numbers = serializers.ListField(
        child=serializers.CharField(max_length=64),
        required=False,
        allow_null=True,
        max_length=MOST_NUMBERS - 1,
        help_text="Further numbers; the profile is found by each.",
    )
    attributes = serializers.DictField(
        required=False,
        allow_null=True,
        help_text="What texts call `{{profile.<name>}}`; nested, at most 16 KiB and 5 levels.",
    )
    language = serializers.CharField(
        max_length=35, required=False, allow_blank=True, allow_null=True, validators=[check_language]
    )
    time_zone = serializers.CharField(
        max_length=64, required=False, allow_blank=True, allow_null=True, validators=[check_time_zone]
    )


class ProfileRequest(_Common):
    """Body of `PUT /api/v1/profiles/{external_id}`: the whole profile; what is left out becomes blank."""

    number = serializers.CharField(
        max_length=64, help_text="The preferred number; without `+` of the gateway's default country."
    )


class ProfilePatch(_Common):
    """Body of `PATCH /api/v1/profiles/{external_id}`: a JSON Merge Patch (RFC 7396)."""

    number = serializers.CharField(max_length=64, required=False)


class ProfileRow(_Common):
    """One profile of `POST /api/v1/profiles/bulk`."""

    external_id = serializers.CharField(max_length=100, required=False, allow_blank=True, default="")
    number = serializers.CharField(max_length=64, required=False, allow_blank=True, default="")


class BulkRequest(_Strict):
    """Body of `POST /api/v1/profiles/bulk`; how each profile looks, see `ProfileRow`."""

    key = serializers.ChoiceField(
        choices=[one.value for one in Key],
        required=False,
        default=Key.EXTERNAL_ID.value,
        help_text="By what a profile is recognised.",
    )
    existing = serializers.ChoiceField(
        choices=[one.value for one in Policy],
        required=False,
        default=Policy.UPDATE.value,
        help_text="What happens to a profile that is there: `update` merges, `replace` puts, `skip` leaves it.",
    )
    profiles = serializers.ListField(child=serializers.JSONField(), min_length=1, max_length=MOST_PROFILES)


class ProfileView(serializers.Serializer[Profile]):
    """One profile."""

    id = serializers.UUIDField()
    external_id = serializers.CharField()
    number = serializers.CharField(source="msisdn", help_text="The preferred number, E.164.")
    other_numbers = serializers.SerializerMethodField()
    attributes = serializers.DictField()
    language = serializers.CharField()
    time_zone = serializers.CharField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()

    def get_other_numbers(self, profile: Profile) -> list[str]:
        return sorted(profile.other_numbers.values_list("msisdn", flat=True))


class BulkResultView(serializers.Serializer[Any]):
    """What became of one profile: `result` and `id`, or `error`."""

    index = serializers.IntegerField()
    result = serializers.ChoiceField(choices=[one.value for one in Verdict], required=False)
    id = serializers.UUIDField(required=False)
    error = serializers.DictField(child=serializers.CharField(), required=False)


class BulkView(serializers.Serializer[Any]):
    """How many became what, and each of them in order."""

    counts = serializers.DictField(child=serializers.IntegerField())
    results = BulkResultView(many=True)


class ProfileProblemView(serializers.Serializer[Any]):
    """Every error: `{"error": {"code", "message", "param"}}`."""

    error = serializers.DictField(child=serializers.CharField())


def entry_of(values: dict[str, Any], *, external_id: str) -> Entry:
    """The fields of a request as an entry; NumberInvalid names the field."""
    return Entry(
        external_id=external_id,
        numbers=tuple(numbers_of(values)),
        attributes=values.get("attributes") or {},
        language=values.get("language"),
        time_zone=values.get("time_zone"),
    )


def numbers_of(values: dict[str, Any]) -> list[str]:
    """The preferred number, if there is one, and the others, in E.164."""
    first = [e164(values["number"], "number")] if values.get("number") else []
    return first + [e164(text, "other_numbers") for text in values.get("other_numbers") or ()]


def e164(text: str, param: str) -> str:
    """A number in E.164; NumberInvalid names the field."""
    with about(param):
        return parse_number(text, default_country=settings.SMSGATEWAY_DEFAULT_COUNTRY)
