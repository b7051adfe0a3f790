"""Whatever is typed into the credential's form: a message at the field, never a broken page, nothing half saved."""

from __future__ import annotations

import string
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from credentials.forms.offers import COLUMNS, write_rows
from credentials.forms.tables import MODEL_FIELDS
from credentials.models import (
    ApiCredential,
    CredentialVariable,
    RequestField,
    RequestHeader,
    ResponseRule,
)
from credentials.vendors import VENDORS
from tests.credentials.screens import ADD, errors_of, posted

LONG = "x" * 100_001
ROWS = (CredentialVariable, RequestField, RequestHeader, ResponseRule)


def filled(rows: dict[str, list[dict[str, Any]]], **values: Any) -> dict[str, Any]:
    data = posted(**values)
    for group, given_rows in rows.items():
        write_rows(data, group, given_rows)
    return data


def rule(**values: Any) -> dict[str, list[dict[str, Any]]]:
    return {"rules": [{"test": "any_of", "outcome": "failed", "values": "1", **values}]}


def row(group: str, name: str, value: str, **more: Any) -> dict[str, list[dict[str, Any]]]:
    return {group: [{"name": name, "value": value, **more}]}


FAULTY: list[tuple[str, dict[str, Any], str, str]] = [
    # A template that does not parse.
    ("payload", filled({}, payload='{\n "to": "{{toNumber}",\n "t": "{{message}}"}'), "payload", "Line 2, column 9"),
    ("url", filled({}, provider_url="https://p.example.com/{{to|}}"), "provider_url", "Line 1, column"),
    ("query row", filled(row("query", "a", "{% if a %}")), "query-0-value", "Line 1, column 1"),
    ("body row", filled(row("fields", "a", "{{ toNumber | downcas }}")), "fields-0-value", "Did you mean downcase?"),
    ("header", filled(row("headers", "X-A", "{{")), "headers-0-value", "Line 1, column 1"),
    ("xml", filled({}, body_kind="xml", payload="<a>\n<b>{{message}}</a>"), "payload", "Line 2, column"),
    # A variable nobody defined.
    ("unknown in payload", filled({}, payload='{"to": "{{tonumber}}", "t": "{{message}}"}'), "payload",
     "There is no variable tonumber. Did you mean toNumber?"),
    ("unknown in a row", filled(row("query", "a", "{{nothing_like_it}}")), "query-0-value", "no variable nothing_"),
    ("unknown in a header", filled(row("headers", "X-A", "{{acount}}")), "headers-0-value", "no variable acount"),
    ("unknown in a rule", filled(rule(again_without="inReply")), "rules-0-again_without", "no variable inReply"),
    # A rule whose path or regex is invalid or explosive.
    ("rule path", filled(rule(path="error-code")), "rules-0-path", 'in double quotes: "error-code"'),
    ("rule xpath", filled(rule(path="/a//b")), "rules-0-path", "is no path"),
    ("rule regex", filled(rule(path="regex:(")), "rules-0-path", "cannot be used"),
    ("backtracking", filled(rule(test="matches", values="(a)\\1")), "rules-0-values", "cannot be used"),
    ("look-ahead", filled(rule(test="matches", values="(?=a)")), "rules-0-values", "cannot be used"),
    ("explosive size", filled(rule(test="matches", values="((a{1000}){1000}){1000}")), "rules-0-values",
     "cannot be used"),
    ("rule status", filled(rule(statuses="9xx")), "rules-0-statuses", "not an HTTP status"),
    ("rule without values", filled(rule(values="", path="a")), "rules-0-values", "Type the values"),
    ("id path", filled({}, message_id_path="$..id"), "message_id_path", "This is no path"),
    ("code path", filled({}, error_code_path="//"), "error_code_path", "is no path"),
    # A value that is too long.
    ("long name", filled({}, name="n" * 101), "name", "at most 100 characters"),
    ("long url", filled({}, provider_url=f"https://p.example.com/{'x' * 1000}"), "provider_url", "at most 1000"),
    ("long payload", filled({}, payload='{"to": "{{toNumber}}{{message}}", "x": "' + LONG + '"}'), "payload",
     "longer than 100,000 characters"),
    ("long path", filled({}, message_id_path="a" * 501), "message_id_path", "at most 500 characters"),
    ("long row name", filled(row("query", "n" * 201, "1")), "query-0-name", "at most 200 characters"),
    ("long row value", filled(row("query", "n", "x" * 10_001)), "query-0-value", "at most 10000 characters"),
    ("long rule values", filled(rule(values="x" * 2_001)), "rules-0-values", "more than 2000 characters"),
    ("long variable", filled(row("variables", "v" * 51, "1")), "variables-0-name", "at most 50 characters"),
    ("huge limit", filled({}, max_length="99999999999999"), "max_length", "At most 20,000 characters"),
    ("no limit at all", filled({}, max_length_unicode="0"), "max_length_unicode", "1 or more"),
    # JSON that is invalid only after filling.
    ("JSON row", filled(row("fields", "a", "{{ message | slice: 0, 2 }}}", kind="json")), "fields-0-value",
     "Line 1, column"),
    ("number row", filled(row("fields", "a", "{{message}}", kind="number")), "payload", "number"),
    ("NUL", filled({}, provider_name="a\0b"), "provider_name", "Null characters are not allowed"),
]  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("data", "field", "words"), [fault[1:] for fault in FAULTY], ids=[f[0] for f in FAULTY]
)
def test_what_is_wrong_is_told_at_its_field_and_nothing_is_saved(
    admin_client: Client, data: dict[str, Any], field: str, words: str
) -> None:
    found = errors_of(admin_client.post(ADD, data))
    assert field in found, found
    assert words in " ".join(found[field])
    assert not ApiCredential.objects.exists()
    assert not any(model.objects.exists() for model in ROWS)  # type: ignore[attr-defined]


@pytest.mark.django_db
def test_a_secret_in_a_place_that_everybody_can_read_is_saved_with_a_warning(admin_client: Client) -> None:
    token = "sk_live_4eC39HqLyjWDarjtT1zdp7dc"
    data = filled({**row("query", "api_key", token), **row("variables", "pin", token)})
    page = admin_client.post(ADD, data, follow=True).content.decode()
    assert "Parameter api_key: its value looks like a secret" in page
    assert "Variable pin: its value looks like a secret" in page
    assert ApiCredential.objects.count() == 1


_SPICE = st.sampled_from(
    ["{{", "}}", "{%", "%}", "{{toNumber}}", "{{message}}", "{% for a in (1..9999999) %}{{a}}{% endfor %}", "\0",
     "\r\n", '"', "'", "<", "&", "\\", "]", "[", "regex:(a+)+$", "$(id)", "../", "https://", "http://[::1", "@", ":",
     "\ud800".encode("utf-16", "surrogatepass").decode("utf-16", "replace"), "💥", "e\u0301", "\u202e", "9" * 30, "-1"]
)  # fmt: skip
_TEXT = st.lists(
    st.one_of(_SPICE, st.text(string.printable, max_size=8), st.text(max_size=4)), max_size=5
).map("".join)
_CHOICES = {
    "vendor": st.sampled_from([*VENDORS, ""]),
    "auth_type": st.sampled_from(["none", "api_key", "basic", "bearer", "oauth", "jwt", "mac"]),
    "body_kind": st.sampled_from(["json", "form", "xml", "text", "none"]),
    "method": st.sampled_from(["GET", "POST"]),
    "when": st.sampled_from(["always", "not_empty", "gsm", "unicode"]),
    "kind": st.sampled_from(["text", "number", "boolean", "json"]),
    "test": st.sampled_from(["always", "present", "any_of", "none_of", "matches"]),
    "outcome": st.sampled_from(["accepted", "failed", "opted_out"]),
}
_FIELDS = st.dictionaries(st.sampled_from(MODEL_FIELDS), _TEXT, max_size=6)
_PICKED = st.fixed_dictionaries({}, optional={name: _CHOICES[name] for name in list(_CHOICES)[:4]})


def _rows(group: str) -> st.SearchStrategy[list[dict[str, Any]]]:
    columns = {name: _CHOICES.get(name, _TEXT) for name in COLUMNS[group]}
    return st.lists(st.fixed_dictionaries(columns), max_size=2)


class GarbageTest(TestCase):
    """Random fields and rows, on top of a form that would be saved."""

    def setup_example(self) -> None:
        """A member of staff who may do everything."""
        super().setup_example()  # type: ignore[no-untyped-call]
        self.client.force_login(get_user_model().objects.create_superuser("root", password="x"))

    @settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        fields=_FIELDS,
        picked=_PICKED,
        rows=st.fixed_dictionaries({}, optional={group: _rows(group) for group in COLUMNS}),
    )
    def test_garbage_is_refused_at_a_field_or_saved_whole(
        self, fields: dict[str, str], picked: dict[str, str], rows: dict[str, list[dict[str, Any]]]
    ) -> None:
        answer = self.client.post(ADD, filled(rows, **{**fields, **picked}))
        saved = ApiCredential.objects.first()
        if answer.status_code == 200:
            assert errors_of(answer)
            assert saved is None
            assert not any(model.objects.exists() for model in ROWS)  # type: ignore[attr-defined]
        else:
            assert answer.status_code == 302
            assert saved is not None
            assert self.client.get(f"{ADD[:-4]}{saved.pk}/change/").status_code == 200
