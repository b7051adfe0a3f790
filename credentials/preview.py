"""Checking a payload while it is written, and the requests a sample message makes: secrets masked, nothing sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final
from xml.etree import ElementTree

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from django.conf import settings
from requests import PreparedRequest

from core.errors import GatewayError
from core.secrets import MASK
from core.templating import PICKER, Missing, Problem
from credentials.auth import backend_of
from credentials.building import RequestBuilder
from credentials.checking import VARIABLES, check_spec, payload_faults
from credentials.headers import is_secret_name, media_type
from credentials.posted import STAND_IN, spec_of_fields
from credentials.spec import CredentialSpec
from credentials.testing import curl_of

_MESSAGE_ID: Final = "01990000-0000-7000-8000-000000000001"
SAMPLE_PROFILE: Final[Mapping[str, Any]] = {
    "firstName": "Ada",
    "lastName": "Lovelace",
    "email": "ada@example.com",
    "language": "en",
    "city": "London",
}
MOST_PARTS: Final = 10


@dataclass(frozen=True)
class Sample:
    """The message of a preview; `more` are further message variables, such as {"profile": {…}}."""

    to: str = "+14155550123"
    sender: str = "+15005550006"
    text: str = "Hello Ada, your table for 2 is booked: 19:30. “See you!”"
    more: Mapping[str, Any] = field(default_factory=lambda: {"profile": dict(SAMPLE_PROFILE)})


@dataclass(frozen=True)
class Rendered:
    """One request of a message, as it would leave; `problem` says why there is none."""

    part: int
    parts: int
    method: str = ""
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    curl: str = ""
    problem: str = ""


def check_payload(source: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """What the payload editor shows: {"problems": [...], "preview": str, "picker": [...]}."""
    url = fields.get("provider_url") or "https://provider.example.com/messages"
    spec = _spec({**fields, "provider_url": url, "payload": source})
    return {
        "problems": _problems(spec),
        "preview": as_text(requests_of(spec, Sample())[0]),
        "picker": [asdict(group) for group in PICKER],
    }


def preview_fields(fields: Mapping[str, Any], sample: Sample) -> list[Rendered]:
    """The requests that the form as it stands makes of a message, one for each part."""
    return requests_of(_spec(fields), sample)


def as_text(rendered: Rendered) -> str:
    """A request as a person reads it: first line, headers, body."""
    if rendered.problem:
        return rendered.problem
    lines = [f"{rendered.method} {rendered.url}"]
    lines += [f"{name}: {value}" for name, value in rendered.headers.items()]
    return "\n".join([*lines, "", rendered.body]).rstrip() + "\n"


def requests_of(spec: CredentialSpec, sample: Sample) -> list[Rendered]:
    """One request for each part of the sample; at least one, which may be a problem only."""
    text, texts = spec.text.cut(sample.text)
    if spec.text.split == "together":
        return [_rendered(spec, sample, text, texts, part=1, parts=1)]
    return [
        _rendered(spec, sample, piece, [piece], part=number, parts=len(texts))
        for number, piece in enumerate(texts[:MOST_PARTS], start=1)
    ]


def _spec(fields: Mapping[str, Any]) -> CredentialSpec:
    return spec_of_fields(fields, callback_url=f"{settings.SMSGATEWAY_PUBLIC_URL}/hooks/…/")


def _problems(spec: CredentialSpec) -> list[dict[str, Any]]:
    known = VARIABLES | {variable.name for variable in spec.variables}
    if faults := payload_faults(spec, known):
        return [_shown(problem, "error") for problem in faults]
    findings = check_spec(spec)
    errors = [problem.text for problem in findings.errors if problem.field == "payload"]
    return [
        *(_shown(Problem(text, 1, 1), "error") for text in errors),
        *(_shown(Problem(text, 1, 1), "warning") for text in findings.warnings),
    ]


def _shown(problem: Problem, level: str) -> dict[str, Any]:
    return {**asdict(problem), "level": level}


def _rendered(
    spec: CredentialSpec, sample: Sample, text: str, texts: list[str], *, part: int, parts: int
) -> Rendered:
    context = {
        **sample.more,
        "toNumber": sample.to,
        "fromNumber": sample.sender,
        "message": text,
        "messageId": _MESSAGE_ID,
        "part": part,
        "parts": parts,
        "messageParts": texts,
    }
    try:
        builder = RequestBuilder(spec, missing=Missing.BLANK)
        prepared = _signed(spec, builder.build(context))
        record = _record(spec, prepared, builder.charset)
    except GatewayError as error:
        return Rendered(part, parts, problem=error.text)
    shown = {name: value.replace(STAND_IN, MASK) for name, value in record["headers"].items()}
    return Rendered(
        part, parts, record["method"], record["url"].replace(STAND_IN, MASK), shown,
        _pretty(record["body"], record["headers"]).replace(STAND_IN, MASK), curl_of(record),
    )  # fmt: skip


def _signed(spec: CredentialSpec, prepared: PreparedRequest) -> PreparedRequest:
    """Signed as far as that needs neither the network nor a key; what needs one has a stand-in."""
    if scheme := _STAND_IN_SCHEMES.get(spec.auth_type):
        prepared.headers["Authorization"] = f"{scheme} {STAND_IN}"
        return prepared
    return backend_of(spec.auth_type, spec.auth)(prepared)


_STAND_IN_SCHEMES: Final = {"basic": "Basic", "bearer": "Bearer", "oauth": "Bearer", "jwt": "Bearer"}


def _record(spec: CredentialSpec, prepared: PreparedRequest, charset: str) -> dict[str, Any]:
    body = prepared.body or b""
    return {
        "method": prepared.method,
        "url": prepared.url or "",
        "headers": dict(_headers(spec, prepared)),
        "body": body.decode(charset, "replace") if isinstance(body, bytes) else str(body),
    }


def _headers(spec: CredentialSpec, prepared: PreparedRequest) -> Iterator[tuple[str, str]]:
    """Headers as they leave; what carries a secret by its name is masked whatever the form calls it."""
    for name, raw in prepared.headers.items():
        value = str(raw)
        secret = is_secret_name(name) and STAND_IN not in value and spec.auth_type != "mac"
        if name != "Content-Length":
            yield name, STAND_IN if secret else value


def _pretty(body: str, headers: Mapping[str, str]) -> str:
    media = media_type(next((value for name, value in headers.items() if name.lower() == "content-type"), ""))
    write = next((write for kind, write in _WRITERS.items() if media.endswith(kind)), str)
    try:
        return write(body)
    except (ValueError, ElementTree.ParseError, DefusedXmlException, LookupError):
        return body


def _pretty_json(body: str) -> str:
    return json.dumps(json.loads(body), indent=2, ensure_ascii=False)


def _pretty_xml(body: str) -> str:
    first, end, rest = body.partition("?>")
    declaration = f"{first}?>\n" if end and first.lstrip().startswith("<?xml") else ""
    root = fromstring((rest if declaration else body).encode())
    ElementTree.indent(root)
    return declaration + ElementTree.tostring(root, encoding="unicode")


_WRITERS: Final[Mapping[str, Callable[[str], str]]] = {"json": _pretty_json, "xml": _pretty_xml}
