"""Writing a credential from a preset and its inputs: fields, variables, rows and rules, checked as the form checks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from core.errors import GatewayError
from credentials.auth import backend_of
from credentials.auth.base import FieldProblem
from credentials.checking import check_spec
from credentials.models import (
    ApiCredential,
    CredentialVariable,
    RequestField,
    RequestHeader,
    ResponseRule,
)
from credentials.services import ensure_default_headers
from credentials.spec import CredentialSpec, Field
from credentials.vendors import VENDORS, Preset


def problems_of(preset: Preset, inputs: Mapping[str, Any]) -> list[FieldProblem]:
    """What stops the credential these inputs make from being saved; "name" and the like are judged by `store`."""
    spec = preset.spec(inputs)
    missing = [
        FieldProblem(item.name, f"{item.label or item.name} is needed.")
        for item in preset.inputs
        if item.required and item.field and not inputs.get(item.name, item.default)
    ]
    return [*missing, *check_spec(spec).errors, *_auth_problems(spec)]


def kept_secrets(preset: Preset, credential: ApiCredential | None) -> dict[str, str]:
    """The preset's secret inputs as the credential has them stored; blank where it has none."""
    stored = {row.name: row.value for row in credential.variables.all()} if credential else {}
    return {
        item.name: str(getattr(credential, item.field, "") or "")
        if credential and item.field
        else stored.get(item.name, "")
        for item in preset.inputs
        if item.secret
    }


def _auth_problems(spec: CredentialSpec) -> list[FieldProblem]:
    try:
        backend = backend_of(spec.auth_type, spec.auth)
        lacking = [
            name for name in backend.fields if name in backend.required and not getattr(spec.auth, name, "")
        ]
        return [
            FieldProblem(name, f"{backend.label} needs {name}.") for name in lacking
        ] or backend.problems()
    except GatewayError as error:
        return [FieldProblem("auth_type", error.text)]


@transaction.atomic
def store(
    *, credential: ApiCredential, name: str, preset: Preset, inputs: Mapping[str, Any], **values: Any
) -> ApiCredential:
    """Save a new or existing credential as the preset makes it; ValidationError when a field cannot take its value.

    `values` are further model fields, such as provider_name.
    """
    credential.name = name
    credential.vendor = preset.slug
    credential.webhook_preset = _webhook_of(preset, inputs)
    for field, value in {**preset.raw_values(inputs), **values}.items():
        setattr(credential, field, value)
    credential.full_clean()
    credential.save()
    _replace_rows(credential, preset.spec(inputs))
    return credential


def _webhook_of(preset: Preset, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The `[webhook]` table to keep; {} when the shipped preset says the same, which then stays up to date."""
    table, shipped = preset.webhook(inputs), VENDORS.get(preset.slug)
    return {} if shipped is not None and shipped.webhook(inputs) == table else table


def _replace_rows(credential: ApiCredential, spec: CredentialSpec) -> None:
    for rows in (
        credential.variables,
        credential.request_fields,
        credential.response_rules,
        credential.headers,
    ):
        rows.all().delete()
    for position, variable in enumerate(spec.variables):
        CredentialVariable.objects.create(
            credential=credential, position=position, name=variable.name, label=variable.label,
            value=variable.value, secret=variable.secret, required=variable.required, help=variable.help,
        )  # fmt: skip
    _store_fields(credential, "query", spec.request.query)
    _store_fields(credential, "body", spec.request.fields)
    for header in spec.request.headers:
        row = RequestHeader(credential=credential, name=header.name, value=header.value, secret=header.secret)
        row.save()
    ensure_default_headers(credential=credential)
    for position, rule in enumerate(spec.response.rules):
        ResponseRule.objects.create(
            credential=credential, position=position, statuses=rule.statuses, path=rule.path, test=rule.test,
            values="\n".join(rule.values), outcome=rule.outcome, failure=rule.failure,
            again_without=", ".join(rule.again_without),
        )  # fmt: skip


def _store_fields(credential: ApiCredential, place: str, rows: Iterable[Field]) -> None:
    for position, row in enumerate(rows):
        RequestField.objects.create(
            credential=credential, place=place, position=position, name=row.name, value=row.value,
            when=row.when, kind=row.kind,
        )  # fmt: skip


def told(error: ValidationError) -> list[str]:
    """A ValidationError as lines `field: text`."""
    if hasattr(error, "message_dict"):
        return [f"{field}: {text}" for field, texts in error.message_dict.items() for text in texts]
    return list(error.messages)
