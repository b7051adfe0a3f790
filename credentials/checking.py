"""What must be right about a credential before it is saved; every problem names its field. Pure but for settings."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from django.conf import settings

from core.addresses import check_url
from core.errors import GatewayError
from core.templating import Missing, Problem, check_text, variables_in
from core.value_paths import compile_expression, path_problem
from credentials.auth.base import FieldProblem
from credentials.building import ALIASES, RequestBuilder
from credentials.building.paths import json_path, xml_path
from credentials.building.url import with_base
from credentials.building.variables import MESSAGE_NAMES
from credentials.payloads import FAULTS, USES
from credentials.rules import status_ranges
from credentials.spec import CredentialSpec, Field, Rule

# Variables the gateway fills in itself; an operator's own names come on top.
VARIABLES: Final = MESSAGE_NAMES | ALIASES.keys()
# What must occur somewhere: (what the problem calls it, names that count).
_RECIPIENT: Final = ("{{toNumber}}", frozenset({"toNumber", "to", "to_no_plus"}))
_TEXT: Final = ("{{message}}", frozenset({"message", "text", "messageParts"}))
_OUR_IDS: Final = frozenset({"messageId", "partReference"})
_NO_OUR_ID: Final = (
    "Put {{messageId}} or {{partReference}} in: what the request gave the provider as its reference is all that is "
    "known of a message whose answer was lost."
)
_SENDER: Final = frozenset({"fromNumber", "from", "from_no_plus"})
_OUTPUT: Final = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,49}")
_LONGEST_RULE_TEXT: Final = 2_000
_LONGEST_PAYLOAD: Final = 100_000
_SAMPLE: Final[dict[str, Any]] = {
    "toNumber": "+14155550123",
    "fromNumber": "+15005550006",
    "message": 'It\'s a "test" & <more>, 100 % €',
    "messageId": "01990000-0000-7000-8000-000000000001",
}


@dataclass
class Findings:
    """Errors that stop a save, and warnings that do not."""

    errors: list[FieldProblem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def check_spec(spec: CredentialSpec) -> Findings:
    """Look at variables, address, rows, payload, headers and answers together.

    Fields are named as in the form; those of rows `<query|fields|headers|variables|rules>-<index>-<column>`.
    """
    found = Findings()
    known = VARIABLES | {variable.name for variable in spec.variables}
    found.errors += _variable_problems(spec)
    found.errors += [FieldProblem("provider_url", text) for text in url_template_problems(spec, known)]
    found.errors += _row_problems("query", spec.request.query, known, _no_name_problem)
    found.errors += _row_problems("fields", spec.request.fields, known, _PLACE_PROBLEMS[spec.request.body])
    found.errors += [FieldProblem("payload", text) for text in payload_problems(spec, known)]
    found.errors += _header_problems(spec, known)
    found.errors += _answer_problems(spec)
    for name, url in (("check_url", spec.check_url), ("lookup_url", spec.lookup_url)):
        problems = url_template_problems(spec, known, url=url) if url else ()
        found.errors += [FieldProblem(name, text) for text in problems]
    found.errors += _lookup_problems(spec)
    if not found.errors:
        _check_use(spec, found)
    if not found.errors:
        _check_by_building(spec, found)
    return found


def _lookup_problems(spec: CredentialSpec) -> Iterator[FieldProblem]:
    """A look-up can only ask for what is known of a message whose answer was lost."""
    if spec.lookup_url and not _OUR_IDS & variables_in(spec.lookup_url):
        yield FieldProblem("lookup_url", _NO_OUR_ID)


def url_problem(url: str) -> str:
    """Why the gateway will not talk to `url`, "" when it will (its name is not resolved here)."""
    try:
        check_url(url, private_hosts=settings.SMSGATEWAY_PRIVATE_HOSTS)
    except GatewayError as error:
        return error.text
    return ""


def url_template_problems(
    spec: CredentialSpec, known: Collection[str], *, url: str | None = None
) -> list[str]:
    """What is wrong with a URL that may hold `{{…}}`."""
    source = spec.request.url if url is None else url
    if "{%" in source:
        return ["A URL can hold {{…}} only, not {% … %}."]
    problems = [str(problem) for problem in check_text(source, known=known)]
    if not problems and (problem := url_problem(_OUTPUT.sub("x", with_base(source, spec.values())))):
        problems.append(problem)
    return problems


def payload_problems(spec: CredentialSpec, known: Collection[str]) -> list[str]:
    """What is wrong with the payload, each with line and column."""
    return [str(problem) for problem in payload_faults(spec, known)]


def payload_faults(spec: CredentialSpec, known: Collection[str]) -> list[Problem]:
    """The same as problems with their place."""
    source, body = spec.request.payload, spec.request.body
    if len(source) > _LONGEST_PAYLOAD:
        return [Problem(f"The payload is longer than {_LONGEST_PAYLOAD:,} characters. Shorten it.", 1, 1)]
    if not source.strip():
        return [] if spec.request.fields or body in {"none", "text", "form"} else [Problem(_EMPTY, 1, 1)]
    return FAULTS[body](source, known)


_EMPTY: Final = "The body is empty: write a payload, or add body fields."


def _no_name_problem(row: Field) -> str:
    return ""


def _json_place(row: Field) -> str:
    return _told(lambda: json_path(row.name))


def _xml_place(row: Field) -> str:
    return _told(lambda: xml_path(row.name))


def _no_place(row: Field) -> str:
    return "There is no body to put it into: choose what the body is, or remove the field."


_PLACE_PROBLEMS: Final[dict[str, Callable[[Field], str]]] = {
    "json": _json_place,
    "form": _no_name_problem,
    "xml": _xml_place,
    "text": _no_name_problem,
    "none": _no_place,
}


def _row_problems(
    group: str, rows: Iterable[Field], known: Collection[str], place: Callable[[Field], str]
) -> Iterator[FieldProblem]:
    for index, row in enumerate(rows):
        if problem := place(row):
            yield FieldProblem(f"{group}-{index}-name", problem)
        faults = _value_faults(row, known)
        if faults:
            yield FieldProblem(f"{group}-{index}-value", str(faults[0]))


def _value_faults(row: Field, known: Collection[str]) -> list[Problem]:
    if row.kind == "json" and row.value.strip():
        return FAULTS["json"](row.value, known)
    return check_text(row.value, known=known)


def _header_problems(spec: CredentialSpec, known: Collection[str]) -> Iterator[FieldProblem]:
    for index, row in enumerate(spec.request.headers):
        for problem in check_text(row.value, known=known)[:1]:
            yield FieldProblem(f"headers-{index}-value", str(problem))


def _variable_problems(spec: CredentialSpec) -> Iterator[FieldProblem]:
    seen: set[str] = set()
    for index, variable in enumerate(spec.variables):
        place = f"variables-{index}-name"
        if not _NAME.fullmatch(variable.name):
            yield FieldProblem(place, "Use a letter first, then letters, digits and underscores.")
        elif variable.name in MESSAGE_NAMES | {"today"}:
            yield FieldProblem(
                place, f"{{{{{variable.name}}}}} is filled in by the gateway; choose another name."
            )
        elif variable.name in seen:
            yield FieldProblem(place, "This variable is there already.")
        if variable.required and not variable.value.strip():
            label = variable.label or variable.name
            yield FieldProblem(f"variables-{index}-value", f"{label} is needed.")
        seen.add(variable.name)


def _answer_problems(spec: CredentialSpec) -> Iterator[FieldProblem]:
    response = spec.response
    paths = {
        "message_id_path": response.id_path,
        "error_code_path": response.code_path,
        "error_text_path": response.text_path,
    }
    for name, path in paths.items():
        if path and (problem := path_problem(path)):
            yield FieldProblem(name, problem)
    names = {variable.name for variable in spec.variables} | VARIABLES
    for index, rule in enumerate(response.rules):
        for column, problem in _rule_problems(rule, names):
            yield FieldProblem(f"rules-{index}-{column}", problem)


def _rule_problems(rule: Rule, names: Collection[str]) -> Iterator[tuple[str, str]]:
    if problem := _told(lambda: status_ranges(rule.statuses)):
        yield "statuses", problem
    if rule.path and (problem := path_problem(rule.path)):
        yield "path", problem
    needs_values = rule.test not in {"always", "present", "absent"}
    if needs_values and not rule.values:
        yield "values", "Type the values this test looks for, one on each line."
    if len("".join(rule.values)) > _LONGEST_RULE_TEXT:
        yield "values", f"These are more than {_LONGEST_RULE_TEXT} characters."
    for value in rule.values if rule.test == "matches" else ():
        if problem := _told(partial(compile_expression, value)):
            yield "values", problem
    for name in rule.again_without:
        if name not in names:
            yield "again_without", f"There is no variable {name}."


def _check_use(spec: CredentialSpec, found: Findings) -> None:
    used = _used(spec)
    for shown, names in (_RECIPIENT, _TEXT):
        if not names & used:
            text = f"{shown} must occur in the payload, the body fields, the query, the Provider URL or a header."
            found.errors.append(FieldProblem("payload", text))
    if not _SENDER & used:
        found.warnings.append("{{fromNumber}} does not occur: the provider chooses the sender.")
    limited = spec.text.max_length or spec.text.max_length_unicode
    if spec.text.split == "together" and limited and "messageParts" not in used:
        text = 'All parts in one request need {{messageParts}} in the payload: {"{% for part in messageParts %}": …}.'
        found.errors.append(FieldProblem("split_mode", text))


def _used(spec: CredentialSpec) -> frozenset[str]:
    request = spec.request
    values = [row.value for row in (*request.query, *request.fields)]
    texts = [request.url, *values, *(row.value for row in request.headers)]
    paths = frozenset().union(*(variables_in(text) for text in texts), USES[request.body](request.payload))
    return frozenset(path.partition(".")[0] for path in paths)


def _check_by_building(spec: CredentialSpec, found: Findings) -> None:
    """Make a request of a sample: what only shows once it is filled in."""
    try:
        RequestBuilder(spec, missing=Missing.BLANK).build(_SAMPLE)
    except GatewayError as error:
        found.errors.append(FieldProblem(_FIELD_OF.get(error.param or "", "payload"), error.text))


_FIELD_OF: Final = {"provider_url": "provider_url", "payload": "payload", "fields": "payload"}


def _told(attempt: Callable[[], object]) -> str:
    try:
        attempt()
    except GatewayError as error:
        return error.text
    return ""
