from __future__ import annotations

import io

import pytest

from consent.importing.presets import PRESETS, guess_columns, guess_preset
from consent.importing.rows import Plan, RowRefused, read_row
from core.csv_in import LONGEST_LINE, read_table
from core.errors import ImportUnreadable

TEXT = "number,state,note\n+14155550123,out,Zoë\n"


def read(data):
    table = read_table(io.BytesIO(data))
    return table, [(record.line, record.cells) for record in table.records]


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (TEXT.encode(), "UTF-8"),
        (TEXT.encode("utf-8-sig"), "UTF-8"),
        (TEXT.encode("utf-16"), "UTF-16"),
        (TEXT.encode("utf-16-le"), "UTF-16"),
        (TEXT.encode("utf-16-be"), "UTF-16"),
        (TEXT.encode("utf-32"), "UTF-32"),
        (TEXT.encode("latin-1"), "Windows-1252"),
        (TEXT.replace("\n", "\r\n").encode(), "UTF-8"),
        (TEXT.replace("\n", "\r").encode(), "UTF-8"),
    ],
)
def test_every_encoding_and_line_end_is_read(data, encoding):
    table, records = read(data)
    assert (table.encoding, table.columns) == (encoding, ["number", "state", "note"])
    assert records == [(2, ["+14155550123", "out", "Zoë"])]


@pytest.mark.parametrize(("mark", "name"), [(",", "comma"), (";", "semicolon"), ("\t", "tab"), ("|", "bar")])
def test_the_separator_is_found(mark, name):
    table, records = read(TEXT.replace(",", mark).encode())
    assert (table.separator, records[0][1][1]) == (name, "out")


def test_a_name_of_a_column_can_be_kept_whatever_is_in_it():
    table, _ = read(b"num\x00ber,\x00, state \n+14155550123,a,out\n")
    assert table.columns == ["number", "Column 2", "state"]


def test_quoted_separators_and_line_breaks_stay_in_their_field_and_lines_are_counted():
    _, records = read(b'number,note\n+14155550123,"a, b\nc ""d"""\n\n+14155550124,x\n')
    assert records == [(2, ["+14155550123", 'a, b\nc "d"']), (5, ["+14155550124", "x"])]


def test_a_plain_list_of_numbers_needs_no_names():
    table, records = read(b"+14155550123\n+14155550124\n")
    assert (table.columns, [line for line, _ in records]) == (["Column 1"], [1, 2])


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"PK\x03\x04\x14\x00[Content_Types].xml", "spreadsheet"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "spreadsheet"),
        (b"number,state\n" + b'+14155550123,"out\n' * 3, "quotation mark"),
        (b'number\n"+14155550123"x\n', "Line 2"),
        (b"," * 1_000_000, "too many columns"),
        (b",".join([b"c"] * 5000), "5,000 columns"),
        (b"number\n" + b"1" * (LONGEST_LINE + 1), "Line 2 is over"),
        (b'number,note\n+14155550123,"' + b"a\n" * 500 + b'"\n', "lines 2 to"),
        (b"\xff\xfe" + "number\n+1415".encode("utf-16-le") + b"\x00\xd8\x00\x00", "no text"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_line(data, told):
    with pytest.raises(ImportUnreadable, match=told):
        read(data)


@pytest.mark.parametrize(
    ("header", "preset", "columns"),
    [
        (
            "contact_id,correlation_id,sender_id,status,source,date_of_consent", "twilio",
            {"number": 0, "state": 3, "scope": 2, "time": 5, "source": 4},
        ),
        ("external_id,phone,subscription_group_id,subscription_state", "braze", {"number": 1, "state": 3}),
        (
            "number,state,scope,purpose,source,since", "own",
            {"number": 0, "state": 1, "scope": 2, "purpose": 3, "source": 4, "time": 5},
        ),
        ("Name,Mobile Number,Opted Out,Date", "other", {"number": 1, "state": 2, "time": 3}),
        ("foo,bar", "other", {}),
    ],
)  # fmt: skip
def test_known_exports_are_known_by_their_columns(header, preset, columns):
    names = header.split(",")
    assert guess_preset(names) == preset
    assert guess_columns(names, PRESETS[preset]) == columns


def row(number="+14155550123", state="out", scope="", purpose="", time="", names=("number", "state"), **plan):
    columns = {"number": 0, "state": 1, "scope": 2, "purpose": 3, "time": 4}
    return read_row(7, [number, state, scope, purpose, time], Plan(columns, names=names, **plan))


@pytest.mark.parametrize(
    ("header", "word", "kind"),
    [
        ("status", "opt-out", "opt_out"),
        ("status", "opt-in", "opt_in"),
        ("subscription_state", "unsubscribed", "opt_out"),
        ("subscription_state", "Subscribed", "opt_in"),
        ("opted_out", "TRUE", "opt_out"),
        ("unsubscribed", "1", "opt_out"),
        ("consent", "yes", "opt_in"),
        ("consent", "no", "opt_out"),
    ],
)
def test_states_are_read_in_many_words(header, word, kind):
    assert row(state=word, names=("number", header)).kind == kind


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"number": ""}, "no number"),
        ({"number": "=1+1"}, "formula"),
        ({"number": "@SUM(A1)"}, "formula"),
        ({"number": "1.41556E+10"}, "rounded"),
        ({"number": "abc"}, "not a phone number"),
        ({"number": "+1415\x005550123"}, "NUL"),
        ({"state": "perhaps"}, '"perhaps" is unknown'),
        ({"state": ""}, "does not say"),
        ({"state": "no", "names": ("number", "opted_out")}, "no opt-in yet"),
        ({"purpose": "spam"}, "purpose"),
        ({"scope": "!!"}, "sender"),
        ({"time": "01/02/2026"}, "two ways"),
        ({"time": "soon"}, "cannot be read"),
        ({"time": "1850-01-01"}, "before there were"),
        ({"scope": "x" * 3000}, "over 2,000"),
    ],
)
def test_a_row_that_cannot_be_taken_says_why(values, told):
    with pytest.raises(RowRefused, match=told):
        row(**values)


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2026-01-31", "2026-01-31T00:00:00+00:00"),
        ("2026-01-31 14:05", "2026-01-31T14:05:00+00:00"),
        ("2026-01-31T14:05:00+02:00", "2026-01-31T12:05:00+00:00"),
        ("2026-01-31 14:05:00 UTC", "2026-01-31T14:05:00+00:00"),
        ("1769868300", "2026-01-31T14:05:00+00:00"),
        ("1769868300000", "2026-01-31T14:05:00+00:00"),
        ("Sat, 31 Jan 2026 14:05:00 +0000", "2026-01-31T14:05:00+00:00"),
    ],
)
def test_times_are_read_in_the_usual_ways(text, iso):
    assert row(time=text).occurred_at.isoformat() == iso


@pytest.mark.parametrize(
    ("given", "scope"),
    [
        ("", "sender:ACME"),
        ("MG" + "0" * 32, "sender:ACME"),
        ("all", "all"),
        ("+1 500 555 0006", "sender:+15005550006"),
        ("sender:+15005550006", "sender:+15005550006"),
        ("12345", "sender:12345"),
        ("brand:Acme", "brand:Acme"),
    ],
)
def test_scopes_are_read(given, scope):
    plan = Plan({"number": 0, "state": 1, "scope": 2}, scope="sender:ACME", names=("n", "s", "f"))
    assert read_row(1, ["+14155550123", "out", given], plan).scope == scope


def test_our_own_neutralised_cells_and_other_columns_come_back():
    plan = Plan({"number": 0}, state="out", names=("number", "form", "empty"))
    read_back = read_row(3, ["'+14155550123", "signup", " "], plan)
    assert read_back.msisdn == "+14155550123"
    assert read_back.evidence == {"line": 3, "columns": {"form": "signup"}}
