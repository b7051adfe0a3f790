"""What must be right about a request before it is saved: addresses, templates, variables that must occur."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from django.conf import settings

from core.addresses import check_url
from core.errors import GatewayError
from core.templating import JsonTemplate, check_text, variables_in
from core.templating.picker import MESSAGE_VARIABLES
from credentials.auth.base import FieldProblem
from credentials.building import RequestShape
from credentials.headers import CONTENT_TYPE, FORM_TYPE, media_type

VARIABLES: Final = frozenset(item.label for item in MESSAGE_VARIABLES)
REQUIRED: Final = ("toNumber", "message")
_OUTPUT: Final = re.compile(r"\{\{.*?\}\}", re.DOTALL)


@dataclass
class Findings:
    """Errors that stop a save, and warnings that do not."""

    errors: list[FieldProblem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def check_request(shape: RequestShape) -> Findings:
    """Look at URL, headers and payload together."""
    found = Findings()
    found.errors += [FieldProblem("provider_url", text) for text in url_template_problems(shape.url)]
    found.errors += [FieldProblem("payload", text) for text in payload_problems(shape)]
    if not found.errors:
        _check_variables(shape, found)
    return found


def url_problem(url: str) -> str:
    """Why the gateway will not talk to `url`, "" when it will (its name is not resolved here)."""
    try:
        check_url(url, private_hosts=settings.SMSGATEWAY_PRIVATE_HOSTS)
    except GatewayError as error:
        return error.text
    return ""


def url_template_problems(source: str) -> list[str]:
    """What is wrong with a URL that may hold `{{…}}`."""
    if "{%" in source:
        return ["A URL can hold {{…}} only, not {% … %}."]
    problems = [str(problem) for problem in check_text(source, known=VARIABLES)]
    if not problems and (problem := url_problem(_OUTPUT.sub("x", source))):
        problems.append(problem)
    return problems


def payload_problems(shape: RequestShape) -> list[str]:
    """What is wrong with the payload, each with line and column."""
    template = JsonTemplate(shape.payload)
    problems = [str(problem) for problem in template.check(known=VARIABLES)]
    is_form = media_type(shape.header(CONTENT_TYPE)) == FORM_TYPE
    if not problems and is_form and not shape.payload.lstrip().startswith("{"):
        problems.append("Line 1, column 1: a form body needs a JSON object, one member for each form field.")
    return problems


def _check_variables(shape: RequestShape, found: Findings) -> None:
    texts = (shape.url, *(value for _, value in shape.headers))
    used = JsonTemplate(shape.payload).variables.union(*(variables_in(text) for text in texts))
    for name in REQUIRED:
        if name not in used:
            text = f"{{{{{name}}}}} must occur in the payload, the Provider URL or a header."
            found.errors.append(FieldProblem("payload", text))
    if "fromNumber" not in used:
        found.warnings.append("{{fromNumber}} does not occur: the provider chooses the sender.")
