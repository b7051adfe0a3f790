"""Limits and prices as data: those of a credential are part of its file, spend limits have files of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.forms import ModelForm, modelform_factory

from access.models import ApiKey
from core.errors import ConfigurationInvalid
from credentials.forms.tables import LIMIT_FIELDS
from credentials.models import ApiCredential
from messaging.admin.sender_limits import SenderLimitForm
from messaging.limits import rules
from messaging.models import ChannelConfiguration, SegmentPrice, SenderLimit, SpendLimit
from messaging.spending import limits as spend_limits
from messaging.spending import prices
from messaging.spending.forms import SegmentPriceForm, SpendLimitForm
from operations.configuration.checked import insist

SPEND_LIMIT_KEYS: Final = (
    "active", "scope", "channel", "country", "api_key", "amount", "unit", "period",
)  # fmt: skip
CREDENTIAL_LIMIT_KEYS: Final = (*LIMIT_FIELDS, "sender_limits", "prices")


@dataclass(frozen=True)
class Table:
    """Rows that belong to a credential: what tells them apart, what else they hold, and the form that checks them."""

    model: Any
    form: type[ModelForm[Any]]
    key: str
    value: str


_TABLES: Final[Mapping[str, Table]] = {
    "sender_limits": Table(SenderLimit, SenderLimitForm, "sender", "messages_per_second"),
    "prices": Table(SegmentPrice, SegmentPriceForm, "country", "price"),
}
_LimitsForm: Final = modelform_factory(ApiCredential, fields=LIMIT_FIELDS)


def limits_of(credential: ApiCredential) -> dict[str, Any]:
    """What a credential's file says about limits and prices; nothing where there are none."""
    said: dict[str, Any] = {name: getattr(credential, name) for name in LIMIT_FIELDS}
    for name, table in _TABLES.items():
        rows = table.model.objects.filter(credential=credential).order_by(table.key)
        said[name] = [_plain({key: getattr(row, key) for key in (table.key, table.value)}) for row in rows]
    return {name: value for name, value in said.items() if value not in (None, [])}


def apply_limits(credential: ApiCredential, values: Mapping[str, Any]) -> None:
    """Make the credential's limits and prices be those of its file: what it does not name is not limited."""
    form = _LimitsForm({name: values.get(name) for name in LIMIT_FIELDS}, instance=credential)
    insist(form)
    ApiCredential.objects.filter(pk=credential.pk).update(**form.cleaned_data)
    for name, table in _TABLES.items():
        _replace(credential, table, _rows(values.get(name, []), name, table), name)
    rules.forget()
    prices.forget()


def _rows(rows: Any, name: str, table: Table) -> list[Mapping[str, Any]]:
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ConfigurationInvalid(f"{name}: write each as a table, [[{name}]].")
    for row in rows:
        if unknown := set(row) - {table.key, table.value}:
            raise ConfigurationInvalid(
                f"{name}: there is no key {min(unknown)}. Known: {table.key}, {table.value}."
            )
    return rows


def _replace(credential: ApiCredential, table: Table, rows: Iterable[Mapping[str, Any]], name: str) -> None:
    """Rows that stay the same keep their identity: what they have counted stays with them."""
    stored = {getattr(row, table.key): row for row in table.model.objects.filter(credential=credential)}
    kept = set()
    for row in rows:
        known = stored.get(row.get(table.key, ""))
        form = table.form({**row, "credential": credential.pk}, instance=known)
        insist(form, f"{name}, {row.get(table.key) or 'the one without a country'}")
        kept.add(form.save().pk)
    table.model.objects.filter(credential=credential).exclude(pk__in=kept).delete()


def spend_limit_values(row: SpendLimit) -> dict[str, Any]:
    """What the file of a spend limit says; its target by name."""
    named = {"channel": row.channel and row.channel.name, "api_key": row.api_key and row.api_key.name}
    values = {name: getattr(row, name) for name in SPEND_LIMIT_KEYS} | named
    return {name: value for name, value in _plain(values).items() if value not in ("", None)}


def apply_spend_limit(name: str, values: Mapping[str, Any]) -> SpendLimit:
    """Make or change the spend limit of that name."""
    usual = SpendLimit()
    posted = {key: values.get(key, getattr(usual, key)) for key in SPEND_LIMIT_KEYS if key not in _TARGETS}
    posted |= {key: find(values[key]) if values.get(key) else None for key, find in _TARGETS.items()}
    form = SpendLimitForm({**posted, "name": name}, instance=SpendLimit.objects.filter(name=name).first())
    insist(form)
    limit: SpendLimit = form.save()
    spend_limits.forget()
    return limit


def _channel(name: Any) -> Any:
    found = ChannelConfiguration.objects.filter(name=name).first()
    if found is None:
        raise ConfigurationInvalid(f"channel: there is no channel configuration named {name!r}.")
    return found.pk


def _api_key(name: Any) -> Any:
    found = list(ApiKey.objects.filter(name=name)[:2])
    if len(found) != 1:
        told = "there is no API key" if not found else "there are several API keys"
        raise ConfigurationInvalid(f"api_key: {told} named {name!r}. Keys are made and renamed in the admin.")
    return found[0].pk


_TARGETS: Final[Mapping[str, Callable[[Any], Any]]] = {"channel": _channel, "api_key": _api_key}


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """As TOML takes it: money as text, so that no digit is lost."""
    return {
        name: f"{value.normalize():f}" if isinstance(value, Decimal) else value
        for name, value in values.items()
    }
