from __future__ import annotations

from typing import Any

import pytest

from profiles.entries import Entry, Key
from profiles.importing.columns import Column, Target, Type, clash_of, guess, path_problem
from profiles.importing.rows import Plan, RowRefused, read_row

N = Column(Target.NUMBER)
E = Column(Target.EXTERNAL_ID)
NAMES = ("id", "phone", "city", "more")


def attribute(path: str = "city", kind: str = Type.TEXT) -> Column:
    return Column(Target.ATTRIBUTE, path, kind)


def row(*cells: str, columns: Any = None, key: Key = Key.EXTERNAL_ID, country: str = "US") -> Entry:
    return read_row(cells, Plan(columns or (E, N, attribute(), Column()), NAMES, key=key, country=country))


@pytest.mark.parametrize(
    ("header", "first", "guessed"),
    [
        ("external_id", "c-1", "external_id"),
        ("Customer ID", "17", "external_id"),
        ("Mobile Phone", "+14155550101", "number"),
        ("other_numbers", "+14155550101", "number"),
        ("lang", "en", "language"),
        ("Time Zone", "Europe/Berlin", "time_zone"),
        ("First Name", "Ada", "attribute firstName text"),
        ("City", "London", "attribute city text"),
        ("address.city", "London", "attribute address.city text"),
        ("points", "120", "attribute points number"),
        ("balance", "-3.50", "attribute balance number"),
        ("ZIP", "94110", "attribute ZIP text"),
        ("ticket", "007", "attribute ticket text"),
        ("vip", "TRUE", "attribute vip yes_no"),
        ("birthday", "1990-01-31", "attribute birthday date"),
        ("tags", '["a"]', "attribute tags json"),
        ("created_at", "2026-01-01", ""),
        ("¿?", "x", ""),
        ("1st", "x", ""),
    ],
)
def test_a_column_is_guessed_by_its_name_and_first_value(header: str, first: str, guessed: str) -> None:
    (column,) = guess([header], [[first], [""]])
    parts = [column.target, column.path, column.type] if column.path else [column.target]
    assert " ".join(parts) == guessed


def test_two_columns_of_one_meaning_are_not_both_guessed() -> None:
    targets = [one.target for one in guess(["id", "customer_id", "phone", "mobile", "a b", "aB"], [])]
    assert targets == ["external_id", "attribute", "number", "number", "attribute", ""]


@pytest.mark.parametrize(
    ("path", "good"),
    [
        ("city", True), ("address.city", True), ("a.b.c.d.e", True), ("a.b.c.d.e.f", False), ("", False),
        ("a..b", False), ("1st", False), ("first name", False), (".".join(["a" * 64] * 4), False),
    ],
)  # fmt: skip
def test_names_of_attributes(path: str, good: bool) -> None:
    assert (path_problem(path) == "") is good


@pytest.mark.parametrize(
    ("paths", "clash"),
    [
        (["a", "b"], ""), (["a", "a"], "a"), (["a", "a.b"], "a.b"), (["a.b", "a"], "a"), (["a.b", "a.c"], ""),
        (["a.b.c", "a.b"], "a.b"), (["ab", "a"], ""),
    ],
)  # fmt: skip
def test_a_name_is_a_value_or_an_object(paths: list[str], clash: str) -> None:
    assert clash_of(paths) == clash


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Type.TEXT, " 007 ", "007"),
        (Type.TEXT, "@ada", "@ada"),
        (Type.TEXT, "- none -", "- none -"),
        (Type.TEXT, "'=1+1", "=1+1"),
        (Type.TEXT, "'n Roll", "'n Roll"),
        (Type.NUMBER, "12", 12),
        (Type.NUMBER, "-3,5", -3.5),
        (Type.NUMBER, "1 200", 1200),
        (Type.YES_NO, "Yes", True),
        (Type.YES_NO, "0", False),
        (Type.DATE, "2026-01-31", "2026-01-31"),
        (Type.DATE, "31.1.2026", "2026-01-31"),
        (Type.DATE, "2026-01-31T10:00:00+01:00", "2026-01-31T10:00:00+01:00"),
        (Type.LIST, "a; b;;c", ["a", "b", "c"]),
        (Type.JSON, '{"a": [1, null]}', {"a": [1, None]}),
    ],
)
def test_cells_are_read_by_the_type_of_their_column(kind: str, text: str, value: Any) -> None:
    assert row("c-1", "", text, columns=(E, N, attribute(kind=kind))).attributes == {"city": value}


def test_dotted_names_make_objects_and_blank_cells_say_nothing() -> None:
    columns = (E, attribute("a.b"), attribute("a.c", Type.NUMBER), attribute("d"))
    assert row("c-1", "x", "1", "", columns=columns).attributes == {"a": {"b": "x", "c": 1}}
    assert row("c-1", "", "", "", columns=columns) == Entry("c-1")


def test_numbers_come_from_several_columns_and_several_to_a_cell() -> None:
    columns = (E, N, N)
    entry = row("c-1", "(415) 555-0101", "+1 415 555 0102; '+14155550103", columns=columns)
    assert entry.numbers == ("+14155550101", "+14155550102", "+14155550103")


def test_languages_and_time_zones_are_written_one_way() -> None:
    columns = (E, Column(Target.LANGUAGE), Column(Target.TIME_ZONE))
    entry = row("c-1", "pt_BR", "europe/berlin", columns=columns)
    assert (entry.language, entry.time_zone) == ("pt-BR", "Europe/Berlin")


@pytest.mark.parametrize(
    ("cells", "more", "told"),
    [
        (("", "+14155550101"), {}, "no external ID"),
        (("c-1", ""), {"key": Key.NUMBER}, "no number"),
        (("c-1", "abc"), {}, "column phone: This is not a phone number"),
        (("c-1", "030 901820"), {"country": ""}, "no default country"),
        (("c-1", "1.41556E+10"), {}, "rounded"),
        (("1.2E+11", "+14155550101"), {}, "rounded"),
        (("c" * 101, "+14155550101"), {}, "longer than 100"),
        (("c-1", "+1415\x005550101"), {}, "NUL"),
        (("c-1", "", "x" * 2001), {}, "over 2,000"),
        (("c-1", "", "=HYPERLINK(1)"), {}, "city holds a formula"),
        (("c-1", "", "=1+1"), {}, "formula"),
        (("c-1", "", "@SUM(A1)"), {}, "formula"),
        (("c-1", "", "+CMD(1)"), {}, "formula"),
        (("=A1", ""), {}, "formula"),
        (("c-1", "", "a", "b", "c"), {}, "5 cells and the file 4 columns"),
        (("c-1", "x"), {"columns": (E, Column(Target.LANGUAGE))}, "language tag"),
        (("c-1", "Mars/Base"), {"columns": (E, Column(Target.TIME_ZONE))}, "no time zone 'Mars/Base'"),
        (("c-1", "many"), {"columns": (E, attribute(kind=Type.NUMBER))}, "no number"),
        (("c-1", "1" * 30), {"columns": (E, attribute(kind=Type.NUMBER))}, "no number"),
        (("c-1", "perhaps"), {"columns": (E, attribute(kind=Type.YES_NO))}, "neither yes nor no"),
        (("c-1", "01/02/2026"), {"columns": (E, attribute(kind=Type.DATE))}, "two ways"),
        (("c-1", "31.2.2026"), {"columns": (E, attribute(kind=Type.DATE))}, "is no date"),
        (("c-1", "{"), {"columns": (E, attribute(kind=Type.JSON))}, "no JSON"),
        (("c-1", "[" * 1500), {"columns": (E, attribute(kind=Type.JSON))}, "no JSON"),
    ],
)
def test_a_row_that_cannot_be_taken_says_why(cells: Any, more: Any, told: str) -> None:
    with pytest.raises(RowRefused, match=told):
        row(*cells, **more)


def test_blank_cells_beyond_the_last_column_and_missing_ones_are_nothing() -> None:
    assert row("c-1", "", "x", "", "", " ").attributes == {"city": "x"}
    assert row("c-1") == Entry("c-1")
