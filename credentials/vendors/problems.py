"""What is wrong with a preset: its keys, then its templates, paths, rules and names, each with the key at fault."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Final

from core.errors import GatewayError
from core.templating import Problem, check_text
from core.value_paths import compile_expression, path_problem
from credentials.auth.signing_values import SIGNED_NAMES
from credentials.building.paths import json_path, xml_path
from credentials.building.variables import ALIASES, MESSAGE_NAMES
from credentials.headers import name_problem
from credentials.payloads import FAULTS
from credentials.rules import status_ranges
from credentials.vendors.format import problems_of

_INPUT_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,49}")
_PLACEHOLDER: Final = re.compile(r"\{\{\s*([A-Za-z_]\w*)\s*\}\}")
_ROW_PATHS: Final[Mapping[str, Callable[[str], object]]] = {"json": json_path, "xml": xml_path}
# Texts that may hold parts of the signed request besides.
_SIGNED: Final = frozenset({"mac_string", "mac_value", "mac_extra_headers"})
_SIGNING_NAMES: Final = SIGNED_NAMES | {"signature"}
_WITH_VALUES: Final = frozenset({"any_of", "none_of", "contains", "lacks", "matches"})
_Data = Mapping[str, Any]


def preset_problems(data: Any) -> list[str]:
    """Every fault of a parsed preset as `key: text`; [] when it can be used. Never raises."""
    found = problems_of(data)
    return found or list(_content_problems(data))


def _content_problems(data: _Data) -> Iterator[str]:
    yield from _input_problems(data.get("inputs", {}))
    body = data.get("request", {}).get("body", "json")
    known = _known(data)
    yield from _table_problems(data, "", body, known)
    for index, variant in enumerate(data.get("variants", ())):
        yield from _table_problems(
            variant, f"variants[{index}].", variant.get("request", {}).get("body", body), known
        )


def _known(data: _Data) -> frozenset[str]:
    free = {name for name, row in data.get("inputs", {}).items() if not row.get("field")}
    return MESSAGE_NAMES | ALIASES.keys() | free


def _input_problems(inputs: _Data) -> Iterator[str]:
    for name, row in inputs.items():
        if not _INPUT_NAME.fullmatch(name):
            yield f"inputs.{name}: a name has letters, digits and _ only, and starts with a letter."
        elif name in MESSAGE_NAMES and not row.get("field"):
            yield f"inputs.{name}: this is a variable of every message. Choose another name."


def _table_problems(data: _Data, prefix: str, body: str, known: frozenset[str]) -> Iterator[str]:
    request, response = data.get("request", {}), data.get("response", {})
    yield from _request_problems(request, f"{prefix}request", body, known)
    yield from _response_problems(response, f"{prefix}response", known)
    yield from _auth_problems(data.get("auth", {}), f"{prefix}auth", known)
    yield from _webhook_problems(data.get("webhook", {}), f"{prefix}webhook", known)
    for name in ("check_url", "lookup_url"):
        yield from _placed(f"{prefix}{name}", check_text(data.get(name, ""), known=known))


def _request_problems(request: _Data, place: str, body: str, known: frozenset[str]) -> Iterator[str]:
    if "{%" in request.get("url", ""):
        yield f"{place}.url: only {{{{…}}}} can stand in a URL, not {{% … %}}."
    else:
        yield from _placed(f"{place}.url", check_text(request.get("url", ""), known=known))
    if request.get("payload", "").strip():
        yield from _placed(f"{place}.payload", FAULTS[body](request["payload"], known))
    for list_name in ("query", "fields", "headers"):
        for index, row in enumerate(request.get(list_name, ())):
            where = f"{place}.{list_name}[{index}]"
            check = FAULTS["json"] if row.get("kind") == "json" else FAULTS["text"]
            yield from _placed(f"{where}.value", check(row["value"], known) if row["value"] else [])
            yield from _row_name_problems(row["name"], list_name, body, f"{where}.name")


def _row_name_problems(name: str, list_name: str, body: str, where: str) -> Iterator[str]:
    if not name.strip():
        yield f"{where}: write a name."
    elif list_name == "headers" and (problem := name_problem(name)):
        yield f"{where}: {problem}"
    elif list_name == "fields" and body == "none":
        yield f"{where}: there is no body. Say in request.body what it is."
    elif list_name == "fields" and body in _ROW_PATHS:
        yield from _tried(where, partial(_ROW_PATHS[body], name))


def _response_problems(response: _Data, place: str, known: frozenset[str]) -> Iterator[str]:
    for key in ("id", "code", "text"):
        if (path := response.get(key)) and (problem := path_problem(path)):
            yield f"{place}.{key}: {problem}"
    for index, rule in enumerate(response.get("rules", ())):
        yield from _rule_problems(rule, f"{place}.rules[{index}]", known)


def _rule_problems(rule: _Data, place: str, known: frozenset[str]) -> Iterator[str]:
    if (path := rule.get("path")) and (problem := path_problem(path)):
        yield f"{place}.path: {problem}"
    yield from _tried(f"{place}.status", partial(status_ranges, rule.get("status", "")))
    values = [str(value) for value in rule.get("values", ())]
    yield from _missing_of_rule(rule, place)
    if rule.get("test") == "matches":
        for value in values:
            yield from _tried(f"{place}.values", partial(compile_expression, value))
    else:
        yield from _unknown_names(" ".join(values), f"{place}.values", known)
    for name in rule.get("again_without", ()):
        if name not in known:
            yield f"{place}.again_without: there is no variable {name}."


def _missing_of_rule(rule: _Data, place: str) -> Iterator[str]:
    test = rule.get("test", "")
    if test in _WITH_VALUES and not rule.get("values"):
        yield f"{place}.values: this key is missing; the test {test} looks for them."
    elif not test and rule.get("path") and not rule.get("values"):
        yield (
            f'{place}.test: this key is missing. Say what to look for at the path: values = ["…"], '
            'or test = "present" or "absent".'
        )


def _auth_problems(auth: _Data, place: str, known: frozenset[str]) -> Iterator[str]:
    for name, value in auth.items():
        more = _SIGNING_NAMES if name in _SIGNED else frozenset()
        yield from _unknown_names(value, f"{place}.{name}", known | more)


def _webhook_problems(webhook: _Data, place: str, known: frozenset[str]) -> Iterator[str]:
    """Inputs that no one declared; what the mapping itself says is judged where webhooks are."""
    for kind in ("inbound", "report", "opt_out", "lookup"):
        for index, row in enumerate(webhook.get(kind, {}).get("fields", ())):
            text = " ".join([*row.get("paths", ()), row.get("filters", "")])
            yield from _unknown_names(text, f"{place}.{kind}.fields[{index}]", known)
    for index, rule in enumerate(webhook.get("rules", ())):
        text = " ".join([rule.get("path", ""), *map(str, rule.get("values", ()))])
        yield from _unknown_names(text, f"{place}.rules[{index}]", known)
    for name, value in webhook.get("verification", {}).items():
        yield from _unknown_names(str(value), f"{place}.verification.{name}", known)


def _unknown_names(text: str, place: str, known: frozenset[str]) -> Iterator[str]:
    for name in _PLACEHOLDER.findall(text):
        if name not in known:
            yield f"{place}: there is no variable {name}. Declare it as inputs.{name}."


def _placed(place: str, problems: list[Problem]) -> Iterator[str]:
    for problem in problems:
        yield f"{place}: {problem}"


def _tried(place: str, check: Callable[[], object]) -> Iterator[str]:
    try:
        check()
    except GatewayError as error:
        yield f"{place}: {error.text}"
