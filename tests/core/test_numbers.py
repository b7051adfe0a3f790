from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.errors import NumberInvalid
from core.numbers import (
    Sender,
    SenderKind,
    country_of,
    mask_number,
    parse_number,
    parse_sender,
    search_forms,
)

VECTORS = json.loads((Path(__file__).parent.parent / "data" / "numbers.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "vector", VECTORS, ids=[f"{row['input']}|{row['default_country']}" for row in VECTORS]
)
def test_reads_numbers_as_libphonenumber_does(vector: dict[str, Any]) -> None:
    if vector["e164"] is None:
        with pytest.raises(NumberInvalid):
            parse_number(vector["input"], default_country=vector["default_country"])
        return

    number = parse_number(vector["input"], default_country=vector["default_country"])

    assert number == vector["e164"]
    assert country_of(number) == vector["country"]


@pytest.mark.parametrize(
    "text",
    [
        "tel:+1-415-523-8886",
        "whatsapp:+14155238886",
        " sms:+1 415 523 8886",
        "\u202a+1\u00a0415\u2011523\u20118886\u202c",
        "+\u0661\u0664\u0661\u0665\u0665\u0662\u0663\u0668\u0668\u0668\u0666",
        "\ufeff+1415\u200b5238886",
    ],
)
def test_reads_a_number_however_it_was_pasted(text: str) -> None:
    assert parse_number(text) == "+14155238886"


@pytest.mark.parametrize(
    ("text", "country", "advice"),
    [
        ("415 523 8886", "", "default country"),
        ("+999 123 4567", "", "country code"),
        ("+1 415 523 888", "", "missing digits"),
        ("+1 415 523 88867", "", "extra digits"),
        ("523-8886", "US", "area code"),
        ("hello", "US", "not a phone number"),
        ("   ", "US", "empty"),
        ("+1" + "4" * 80, "", "too long"),
        ("+14155238886, +14155238887", "", "not a phone number"),
    ],
)
def test_says_how_to_mend_a_number(text: str, country: str, advice: str) -> None:
    with pytest.raises(NumberInvalid, match=advice):
        parse_number(text, default_country=country)


def test_errors_never_repeat_the_number() -> None:
    with pytest.raises(NumberInvalid) as caught:
        parse_number("+1 415 523 888")

    assert "523" not in caught.value.text


@pytest.mark.parametrize(
    ("text", "sender"),
    [
        ("+1 (415) 523-8886", Sender("+14155238886", SenderKind.LONG_CODE)),
        ("415-523-8886", Sender("+14155238886", SenderKind.LONG_CODE)),
        ("32665", Sender("32665", SenderKind.SHORT_CODE)),
        ("12345678", Sender("12345678", SenderKind.SHORT_CODE)),
        ("Kannel", Sender("Kannel", SenderKind.ALPHANUMERIC)),
        ("3 Mobile", Sender("3 Mobile", SenderKind.ALPHANUMERIC)),
        ("1-800-FLOWERS", Sender("+18003569377", SenderKind.LONG_CODE)),
    ],
)
def test_tells_kinds_of_sender_apart(text: str, sender: Sender) -> None:
    assert parse_sender(text, default_country="US") == sender


@pytest.mark.parametrize("text", ["", "12", "TwelveLetters", "Ünïcode", "+1415"])
def test_refuses_what_no_provider_takes_as_sender(text: str) -> None:
    with pytest.raises(NumberInvalid, match="at most 11 letters"):
        parse_sender(text, default_country="US")


@pytest.mark.parametrize(
    ("msisdn", "masked"),
    [
        ("+14155238886", "+1415•••8886"),
        ("+3725012", "•••12"),
        ("32665", "•••65"),
        ("123", "•••"),
        ("", "•••"),
    ],
)
def test_masks_the_middle(msisdn: str, masked: str) -> None:
    assert mask_number(msisdn) == masked


@pytest.mark.parametrize(
    ("text", "forms"),
    [
        ("415 523 8886", ["+14155238886"]),
        ("14155238886", ["+14155238886"]),
        ("0044 7700 900123", ["+447700900123"]),
        ("447700900123", ["+447700900123"]),
        ("6912345678", ["+16912345678"]),
        ("Ann", []),
        ("", []),
    ],
)
def test_search_finds_a_number_in_any_form(text: str, forms: list[str]) -> None:
    assert search_forms(text, default_country="US")[: len(forms) or None] == forms
