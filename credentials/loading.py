"""A credential of the database as a spec, and back: rows of a spec as model instances."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from credentials.auth.base import AuthConfig
from credentials.codes import table_for
from credentials.endpoints import readable_tokens, url_of
from credentials.models import ApiCredential, CredentialVariable, RequestField, ResponseRule
from credentials.spec import (
    CredentialSpec,
    Field,
    Header,
    RequestSpec,
    ResponseSpec,
    Rule,
    TextSpec,
    Variable,
)
from credentials.vendors import preset_of


def spec_of(credential: ApiCredential) -> CredentialSpec:
    """The saved credential with all its rows, as the engine takes it."""
    variables = tuple(variable_of(row) for row in credential.variables.all())
    endpoint = credential.endpoints.filter(enabled=True).order_by("created_at").first()
    url = url_of(endpoint) if endpoint else ""
    return CredentialSpec(
        revision=credential.revision,
        vendor=credential.vendor,
        provider_app_id=credential.provider_app_id,
        request=request_of(
            credential,
            fields=credential.request_fields.all(),
            headers=[Header(row.name, row.value, row.secret) for row in credential.headers.all()],
        ),
        text=text_of(credential),
        response=response_of(credential, rules=credential.response_rules.all()),
        variables=variables,
        auth_type=credential.auth_type,
        auth=AuthConfig.of(credential, variables={row.name: row.value for row in variables}),
        check_url=credential.check_url,
        lookup_url=credential.lookup_url,
        status_callback_url=url,
        inbound_callback_url=url,
        webhook=webhook_of(credential, variables),
        further_secrets=tuple(readable_tokens(credential)),
    )


def webhook_of(credential: ApiCredential, variables: Iterable[Variable]) -> Mapping[str, Any]:
    """How its webhooks read unless they say otherwise: the table it was made with, else the vendor's."""
    inputs = {variable.name: variable.value for variable in variables}
    found: Mapping[str, Any] = credential.webhook_preset or preset_of(credential.vendor).webhook(inputs)
    return found


def request_of(
    credential: ApiCredential, *, fields: Iterable[RequestField], headers: Iterable[Header]
) -> RequestSpec:
    """The request part; `fields` in their order, both places mixed."""
    rows = list(fields)
    return RequestSpec(
        url=credential.provider_url,
        method=credential.method,
        body=credential.body_kind,
        payload=credential.payload,
        query=tuple(field_of(row) for row in rows if row.place == "query"),
        fields=tuple(field_of(row) for row in rows if row.place == "body"),
        headers=tuple(headers),
        to_format=credential.to_format,
        from_format=credential.from_format,
    )


def text_of(credential: ApiCredential) -> TextSpec:
    """How texts are written and split."""
    return TextSpec(
        credential.text_encoding, credential.max_length, credential.split_mode, credential.max_length_unicode
    )


def response_of(credential: ApiCredential, *, rules: Iterable[ResponseRule]) -> ResponseSpec:
    """How answers are read, with every error code whose meaning is known."""
    return ResponseSpec(
        id_path=credential.message_id_path,
        ignored_ids=listed(credential.ignored_ids, ","),
        code_path=credential.error_code_path,
        text_path=credential.error_text_path,
        rules=tuple(rule_of(row) for row in rules),
        codes=table_for(credential),
    )


def variable_of(row: CredentialVariable) -> Variable:
    """One credential variable."""
    return Variable(row.name, row.value, row.secret, row.label, row.required, row.help)


def field_of(row: RequestField) -> Field:
    """One query parameter or body field."""
    return Field(row.name, row.value, row.when, row.kind)


def rule_of(row: ResponseRule) -> Rule:
    """One response rule."""
    return Rule(
        statuses=row.statuses,
        path=row.path,
        test=row.test,
        values=listed(row.values, "\n"),
        outcome=row.outcome,
        failure=row.failure,
        again_without=listed(row.again_without, ","),
    )


def listed(text: str, separator: str) -> tuple[str, ...]:
    """The entries of a list typed as text, blanks around them dropped."""
    return tuple(entry.strip() for entry in text.split(separator) if entry.strip())
