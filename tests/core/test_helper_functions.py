from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from core.errors import TemplateInvalid, VariableMissing
from core.templating import Missing, check_text, render_text
from core.templating.engine import FILTER_NAMES
from core.templating.functions import FUNCTIONS
from core.templating.functions.catalogue import EXAMPLE, HELPERS, Helper
from core.templating.functions.page import PAGE, helpers_page

LISTED = [helper for group in HELPERS for helper in group.helpers]


def written(source: str, **values: Any) -> str:
    return render_text("{{ " + source + " }}", {**EXAMPLE, **values})


@pytest.mark.parametrize("helper", LISTED, ids=lambda helper: helper.name)
def test_every_example_of_the_list_writes_what_the_list_says(helper: Helper) -> None:
    text = written(helper.example)

    assert text == helper.shows if helper.shows else text
    assert not check_text(helper.insert)


def test_the_list_has_every_function_for_authors_and_only_known_ones() -> None:
    named = {name for helper in LISTED for name in [helper.name.partition(" ")[0]]}
    also = {word.strip(".,;") for helper in LISTED for word in helper.help.split()}

    assert named <= FILTER_NAMES
    assert FUNCTIONS.keys() - named <= also


def test_the_page_of_helper_functions_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == helpers_page()


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("'x' | isEmpty", "false"), ("empty | isEmpty", "true"), ("profile.none | isNotEmpty", "false"),
        ("profile.none | count", "0"), ("'ab' | substr: 1", "b"), ("'ab' | substr: -1, 9", "ab"),
        ("'123456789' | mask: 5, 2", "12345XX89"), ("'ab' | mask", "XX"), ("'ab' | mask: 9, 9", "ab"),
        ("'a' | concat: 1, true", "a1true"), ("profile.tags | concat: profile.interests | size", "4"),
        ("\"o'neil o’brien\" | titleCase", "O'neil O’brien"), ("'ß' | upper", "SS"),
        ("'a.c' | like: 'a.c'", "true"), ("'abc' | like: 'a.c'", "false"), ("'nobody' | extractEmailDomain", ""),
        ("'12' | equals: 12", "true"),
        ("12 | isIn: profile.amounts", "false"), ("'20' | isIn: profile.amounts", "true"),
        ("-1234.567 | formatCurrency: 'GBP'", "-£1,234.57"),
        ("1234.5 | formatCurrency: 'eur', 'de-AT'", "1.234,50 €"),
        ("1234.5 | formatCurrency: 'CHF'", "CHF 1,234.50"), ("99.5 | formatCurrency: 'JPY'", "¥100"),
        ("1234.5 | formatNumber: '#,##0.00'", "1,234.50"), ("1234.5 | formatNumber: '0.0'", "1234.5"),
        ("1234567 | formatNumber: 0, 'fr'", "1 234 567"), ("2.5 | round", "2"), ("2.5 | toPrecision: 0", "3"),
        ("'1990-11-30' | age", "36"), ("'1990-12-01' | age", "35"), ("now | dateDiff: '2026-12-01'", "1"),
        ("1767225600 | formatDate: 'yyyy'", "2026"), ("1767225600000 | formatDate: 'yy-M-d'", "26-1-1"),
        ("'2026-07-04T09:05:07Z' | formatDate: \"h:m:s a 'o''clock'\"", "9:5:7 AM o'clock"),
        ("'2026-07-04' | formatDate: 'EEEE d MMMM', 'fr-CA'", "samedi 4 juillet"),
        ("'2026-07-04' | formatDate: 'MMM', 'xx'", "Jul"), ("'not a url' | getUrlHost", ""),
        ("profile.address | get: 'street' | default: '-'", "-"), ("profile.tags | lastN: 0 | size", "0"),
    ],
)  # fmt: skip
def test_functions_at_their_edges(source: str, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for asks in ("core.templating.functions.dates.now", "core.templating.engine.now"):
        monkeypatch.setattr(asks, lambda: datetime(2026, 11, 30, 12, 0, tzinfo=UTC))

    assert written(source, empty="") == text


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("'x' | formatDate: 'yyyy'", "is no date"), ("profile.appointment | formatDate: 'QQ'", "means nothing"),
        ("profile.appointment | formatDate: 'HH', 'en', 'Mars/Base'", "no time zone"),
        ("profile.appointment | setDays: 32", "cannot be changed"),
        ("profile.appointment | addDays: 99999999", "too many"), ("'9999-12-31' | addDays: 1", "so far"),
        ("'x' | matches: '('", "no regular expression"), ("'x' | regexGroup: 'x', 3", "no group"),
        ("'x' | replaceAll: 'x', back", "group"), ("'many' | toInt", "no number"), ("1.5 | random", "whole number"),
        ("0 | random", "at least 1"), ("'' | split: ',' | average", "empty list"),
        ("'' | split: ',' | max", "empty list"),
        ("'x' | keys", "need a map"), ("1 | toPrecision: 99", "decimals"), ("'nan' | formatNumber", "no number"),
        ("long | replaceAll: 'x', long", "too much"), ("long | replaceAll: 'x*', many", "too much"),
        ("1 | toHexString | repeat: 3", "repeat"), ("'ab' | charCodeAt: 5", "no character"),
        ("'http://[' | getUrlHost", "no address"),
    ],
)  # fmt: skip
def test_what_a_function_cannot_do_is_said(source: str, words: str) -> None:
    with pytest.raises(TemplateInvalid, match=words):
        written(source, back="\\7", long="x" * 15_000, many="\\0" * 90)


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_a_missing_value_is_refused_unless_it_is_what_is_asked(name: str) -> None:
    source = "profile.nowhere | " + name
    if name in ("isEmpty", "isNotEmpty", "isNull", "isNotNull", "count", "countWithNull"):
        assert written(source)
    else:
        with pytest.raises(VariableMissing):
            written(source)


def test_an_expression_made_to_run_for_ever_does_not() -> None:
    assert written("text | matches: '(a+)+b'", text="a" * 15_000) == "false"
    assert render_text("{{ nowhere | isEmpty }}", {}, missing=Missing.BLANK) == "true"
