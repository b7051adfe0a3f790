"""Phone numbers and senders as people write them, read into one form (E.164)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, ValidationResult

from core.errors import NumberInvalid

_PREFIXES = re.compile(r"^\s*(?:tel|sms|whatsapp|callto):", re.IGNORECASE)
# Direction marks, zero-width characters and soft hyphens come along when a number is pasted.
_INVISIBLE = re.compile("[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_LONGEST_INPUT = 64
_NOWHERE = "ZZ"  # what phonenumbers calls a calling code without a country
_SHORT_CODE = re.compile(r"[0-9]{3,8}")
_NAME = re.compile(r"(?=[^A-Za-z]*[A-Za-z])[A-Za-z0-9 &'+._-]{1,11}")

_ADVICE = {
    NumberParseException.INVALID_COUNTRY_CODE: "The number has no country code that exists. "
    "Write it with + and the country code, like +14155238886.",
    NumberParseException.NOT_A_NUMBER: "This is not a phone number. Write it like +14155238886.",
    NumberParseException.TOO_SHORT_AFTER_IDD: "The number stops after the international prefix. Complete it.",
    NumberParseException.TOO_SHORT_NSN: "The number is too short. Check for missing digits.",
    NumberParseException.TOO_LONG: "The number is too long. Check for extra digits.",
}
_LENGTH_ADVICE = {
    ValidationResult.TOO_SHORT: "The number is too short for its country. Check for missing digits.",
    ValidationResult.TOO_LONG: "The number is too long for its country. Check for extra digits.",
    ValidationResult.INVALID_LENGTH: "The number has the wrong length for its country. Check its digits.",
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "The number lacks its area code. Write it with the area code.",
    ValidationResult.INVALID_COUNTRY_CODE: _ADVICE[NumberParseException.INVALID_COUNTRY_CODE],
}
_NO_DEFAULT = (
    "The number has no country code, and no default country is set. "
    "Write it with + and the country code, like +14155238886, or set a default country."
)


class SenderKind(StrEnum):
    """What a message may be sent from."""

    LONG_CODE = "long_code"
    SHORT_CODE = "short_code"
    ALPHANUMERIC = "alphanumeric"


@dataclass(frozen=True)
class Sender:
    """A sender in its canonical form: E.164, the digits of a short code, or a name."""

    value: str
    kind: SenderKind


@lru_cache(maxsize=16_384)
def parse_number(text: str, *, default_country: str = "") -> str:
    """The number in E.164 (NumberInvalid says what is wrong); `default_country` is for numbers without +."""
    cleaned = _clean(text)
    if not cleaned:
        raise NumberInvalid("The number is empty. Write it like +14155238886.")
    if len(cleaned) > _LONGEST_INPUT:
        raise NumberInvalid("This is too long for a phone number. Write it like +14155238886.")
    try:
        number = _parsed(cleaned, "" if cleaned.startswith("+") else default_country.upper())
    except NumberParseException as error:
        raise NumberInvalid(_parse_advice(error, cleaned, default_country)) from error
    result = phonenumbers.is_possible_number_with_reason(number)
    if result != ValidationResult.IS_POSSIBLE:
        raise NumberInvalid(_LENGTH_ADVICE.get(result, _LENGTH_ADVICE[ValidationResult.INVALID_LENGTH]))
    return str(phonenumbers.format_number(number, PhoneNumberFormat.E164))


def parse_sender(text: str, *, default_country: str = "") -> Sender:
    """A sender: 3 to 8 digits are a short code, up to 11 characters with a letter a name, else a number."""
    cleaned = _clean(text)
    if _SHORT_CODE.fullmatch(cleaned):
        return Sender(cleaned, SenderKind.SHORT_CODE)
    if _NAME.fullmatch(cleaned):
        return Sender(cleaned, SenderKind.ALPHANUMERIC)
    try:
        return Sender(parse_number(cleaned, default_country=default_country), SenderKind.LONG_CODE)
    except NumberInvalid as error:
        raise NumberInvalid(
            "The sender is neither a phone number with country code (+14155238886), nor a short code "
            f"(3 to 8 digits), nor a name of at most 11 letters and digits. {error.text}"
        ) from error


def mask_number(msisdn: str) -> str:
    """The number with its middle hidden: "+1415•••8886"; a short one shows only its last two digits."""
    if len(msisdn) < 10:
        return f"•••{msisdn[-2:]}" if len(msisdn) > 4 else "•••"
    return f"{msisdn[:5]}•••{msisdn[-4:]}"


@lru_cache(maxsize=16_384)
def country_of(msisdn: str) -> str:
    """Country of an E.164 number ("US"), or "" when the numbering plan does not tell."""
    try:
        number = _parsed(msisdn, "")
    except NumberParseException:
        return ""
    return _country(phonenumbers.region_code_for_number(number))


def _country(region: str | None) -> str:
    """Satellite phones, freephone numbers and the like (+881, +800, …) belong to "001", the world: to no country."""
    return region if region and region.isalpha() else ""


@lru_cache(maxsize=16_384)
def country_or_main(msisdn: str) -> str:
    """The country of an E.164 number; of one that no numbering plan knows, the main country of its calling code."""
    found = country_of(msisdn)
    if found:
        return found
    try:
        number = phonenumbers.parse(msisdn, None)
    except NumberParseException:
        return ""
    main = str(phonenumbers.region_code_for_country_code(number.country_code or 0))
    return "" if main == _NOWHERE else main


def search_forms(text: str, *, default_country: str = "") -> list[str]:
    """E.164 numbers somebody may mean who types a number in any form; the likeliest first."""
    cleaned = _clean(text)
    digits = "".join(phonenumbers.normalize_digits_only(cleaned))
    attempts = ((cleaned, default_country), (f"+{digits}", ""), (f"+{digits.lstrip('0')}", ""))
    found: list[str] = []
    for attempt, country in attempts:
        try:
            found.append(parse_number(attempt, default_country=country))
        except NumberInvalid:
            continue
    return list(dict.fromkeys(found))


@lru_cache(maxsize=4096)
def _parsed(text: str, country: str) -> phonenumbers.PhoneNumber:
    """Shared: one message asks for the form, the sender and the country of the same number."""
    return phonenumbers.parse(text, country or None)


def _clean(text: str) -> str:
    return _PREFIXES.sub("", _INVISIBLE.sub("", text)).strip()


def _parse_advice(error: NumberParseException, cleaned: str, default_country: str) -> str:
    kind = error.error_type
    if (
        kind == NumberParseException.INVALID_COUNTRY_CODE
        and not default_country
        and not cleaned.startswith("+")
    ):
        return _NO_DEFAULT
    return _ADVICE.get(kind, _ADVICE[NumberParseException.NOT_A_NUMBER])
