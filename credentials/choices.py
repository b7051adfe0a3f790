"""What the choices of a credential's fields are called, in the database and on the screen."""

from __future__ import annotations

from django.db import models

from core.vocabulary import FailureClass, Outcome

RULE_OUTCOMES = [
    (Outcome.ACCEPTED.value, "Accepted"),
    (Outcome.TEMPORARY.value, "Try again later"),
    (Outcome.FAILED.value, "Failed for good"),
    (Outcome.OPTED_OUT.value, "Recipient has opted out"),
    (Outcome.UNKNOWN.value, "Unknown: do not send again"),
]
# Failure class -> what staff read.
FAILURE_LABELS = {
    FailureClass.INVALID_NUMBER: "Invalid number",
    FailureClass.UNREACHABLE: "Unreachable",
    FailureClass.BLOCKED: "Blocked",
    FailureClass.OPTED_OUT: "Opted out",
    FailureClass.CONTENT: "Content or spam",
    FailureClass.RATE: "Too many messages",
    FailureClass.CREDIT: "No credit",
    FailureClass.AUTH: "Credential refused",
    FailureClass.SENDER: "Sender not allowed",
    FailureClass.EXPIRED: "Expired",
    FailureClass.DUPLICATE: "Duplicate",
    FailureClass.CONFIGURATION: "Configuration",
    FailureClass.UNKNOWN: "Something else",
}
FAILURES = [(failure.value, label) for failure, label in FAILURE_LABELS.items()]


class Method(models.TextChoices):
    """HTTP method of a send."""

    GET = "GET", "GET"
    POST = "POST", "POST"
    PUT = "PUT", "PUT"
    PATCH = "PATCH", "PATCH"


class KeyLocation(models.TextChoices):
    """Where an API key travels."""

    HEADER = "header", "Header"
    QUERY = "query", "Query parameter"
    BODY = "body", "Body field"


class ClientAuth(models.TextChoices):
    """How the token request says who asks."""

    BODY = "body", "In the body"
    BASIC = "basic", "HTTP Basic (RFC 6749)"
    BASIC_RAW = "basic_raw", "HTTP Basic, not encoded first"


class MacLayout(models.TextChoices):
    """What a MAC covers and where it stands."""

    TS_NONCE = "ts-nonce", "HTTP MAC (id, ts, nonce, mac)"
    AGE_NONCE = "age-nonce", "HTTP MAC draft 00, with body hash"
    BODY = "body", "HMAC of the body, in a header"
    TEMPLATE = "template", "HMAC of a string to sign, in a header"


class SecretEncoding(models.TextChoices):
    """How the secret key is written."""

    TEXT = "text", "Text"
    BASE64 = "base64", "Base64"
    HEX = "hex", "Hexadecimal"


class TimestampFormat(models.TextChoices):
    """How {{timestamp}} of a signature is written."""

    UNIX = "unix", "Seconds (1767225600)"
    UNIX_MS = "unix_ms", "Milliseconds (1767225600000)"
    RFC1123 = "rfc1123", "HTTP date (Thu, 01 Jan 2026 00:00:00 GMT)"
    ISO8601 = "iso8601", "ISO 8601 (2026-01-01T00:00:00Z)"


class TokenEncoding(models.TextChoices):
    """How an OAuth token request carries its body."""

    FORM = "form", "Form (RFC 6749)"
    JSON = "json", "JSON"


class BodyKind(models.TextChoices):
    """What the request's body is."""

    JSON = "json", "JSON"
    FORM = "form", "Form"
    XML = "xml", "XML"
    TEXT = "text", "Text"
    NONE = "none", "No body"


class NumberFormat(models.TextChoices):
    """How a phone number is written; names and short codes stay as they are."""

    INTERNATIONAL = "international", "+14155550123"
    NO_PLUS = "no_plus", "14155550123 (no plus)"
    NATIONAL = "national", "4155550123 (no country code)"


class TextEncoding(models.TextChoices):
    """What happens to typographic characters before a text is sent."""

    AS_IS = "as_is", "Send as written"
    SMART = "smart", "Replace curly quotes and dashes when that saves Unicode"


class SplitMode(models.TextChoices):
    """How a text longer than one request travels."""

    REQUESTS = "requests", "One request for each part"
    TOGETHER = "together", "All parts in one request"


class Place(models.TextChoices):
    """Where a request field travels."""

    QUERY = "query", "Query"
    BODY = "body", "Body"


class When(models.TextChoices):
    """When a request field is sent."""

    ALWAYS = "always", "Always"
    NOT_EMPTY = "not_empty", "Only when not empty"
    GSM = "gsm", "Only for GSM-7 texts"
    UNICODE = "unicode", "Only for Unicode texts"


class FieldKind(models.TextChoices):
    """What a JSON field's value is written as."""

    TEXT = "text", "Text"
    NUMBER = "number", "Number"
    BOOLEAN = "boolean", "True or false"
    JSON = "json", "JSON"


class Test(models.TextChoices):
    """What a response rule asks about the value it finds."""

    __test__ = False  # not a test class

    ALWAYS = "always", "whatever it is (the status alone)"
    PRESENT = "present", "is there"
    ABSENT = "absent", "is missing or empty"
    ANY_OF = "any_of", "is one of"
    NONE_OF = "none_of", "is none of"
    CONTAINS = "contains", "contains"
    LACKS = "lacks", "does not contain"
    MATCHES = "matches", "matches the expression"
