"""The credential a form would save, fields and rows together, judged as a whole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from django import forms
from django.db import models

from credentials.auth.base import AuthConfig
from credentials.checking import Findings, check_spec
from credentials.forms.tables import MODEL_FIELDS
from credentials.header_forms import RequestHeaderForm, RequestHeaderFormSet
from credentials.loading import request_of, response_of, text_of, variable_of
from credentials.models import (
    ApiCredential,
    CredentialVariable,
    RequestField,
    RequestHeader,
    ResponseRule,
)
from credentials.row_forms import (
    BodyFieldForm,
    BodyFieldFormSet,
    QueryForm,
    QueryFormSet,
    RuleForm,
    RuleFormSet,
    VariableForm,
    VariableFormSet,
)
from credentials.spec import CredentialSpec, Header

# Group -> (model, row, rows), in screen order.
GROUPS: Final[Mapping[str, tuple[type[models.Model], type[Any], type[Any]]]] = {
    "variables": (CredentialVariable, VariableForm, VariableFormSet),
    "headers": (RequestHeader, RequestHeaderForm, RequestHeaderFormSet),
    "query": (RequestField, QueryForm, QueryFormSet),
    "fields": (RequestField, BodyFieldForm, BodyFieldFormSet),
    "rules": (ResponseRule, RuleForm, RuleFormSet),
}
_FORMSETS: Final = {
    group: forms.inlineformset_factory(
        ApiCredential, model, form=form, formset=formset, fields=form._meta.fields, extra=0
    )
    for group, (model, form, formset) in GROUPS.items()
}
RowProblems = Mapping[str, list[tuple[int, str, str]]]


@dataclass(frozen=True)
class Rows:
    """Rows that will be in the database: group -> (place in the form, row); None: stored, not in the request."""

    groups: Mapping[str, list[tuple[int | None, Any]]]
    valid: bool

    def of(self, group: str) -> list[Any]:
        """The rows of a group in their order."""
        return [row for _, row in self.groups[group]]


def rows_of_request(data: Mapping[str, Any], instance: ApiCredential) -> Rows:
    """Read the rows of a request that belong to the credential."""
    groups: dict[str, list[tuple[int | None, Any]]] = {}
    valid = True
    for group, factory in _FORMSETS.items():
        formset = factory(data, instance=_bare(instance))
        valid = formset.is_valid() and valid
        groups[group] = list(_rows(formset)) if formset.is_bound and valid else []
    return Rows(groups, valid)


def spec_of_rows(data: Mapping[str, Any], rows: Rows, instance: ApiCredential) -> CredentialSpec:
    """The spec of cleaned fields and their rows."""
    known = {name: data[name] for name in MODEL_FIELDS if name in data and name != "name"}
    credential = ApiCredential(pk=instance.pk, name=instance.name, **known)
    variables = tuple(variable_of(row) for row in rows.of("variables"))
    config = AuthConfig.of(credential, variables={row.name: row.value for row in variables})
    return CredentialSpec(
        vendor=credential.vendor,
        provider_app_id=credential.provider_app_id,
        request=request_of(
            credential,
            fields=[*rows.of("query"), *rows.of("fields")],
            headers=[Header(row.name, row.value, row.secret) for row in rows.of("headers")],
        ),
        text=text_of(credential),
        response=response_of(credential, rules=rows.of("rules")),
        variables=variables,
        auth_type=credential.auth_type,
        auth=replace(config, key=""),
        check_url=credential.check_url,
        lookup_url=credential.lookup_url,
    )


def judged(spec: CredentialSpec, rows: Rows) -> tuple[Findings, RowProblems]:
    """What is wrong with a spec: at fields of the form, and at rows of it."""
    found = check_spec(spec)
    at_fields, at_rows = [], defaultdict(list)
    for problem in found.errors:
        group, _, rest = problem.field.partition("-")
        index, _, column = rest.partition("-")
        place = rows.groups[group][int(index)][0] if rest and group in rows.groups else None
        if place is None:
            at_fields.append(problem)
        else:
            at_rows[group].append((place, column, problem.text))
    return Findings(at_fields, found.warnings), at_rows


def _bare(instance: ApiCredential) -> ApiCredential:
    """The same credential without what an earlier look found wrong with its rows."""
    bare = ApiCredential(pk=instance.pk, vendor=instance.vendor, name=instance.name)
    bare._state.adding, bare._state.db = instance._state.adding, instance._state.db
    return bare


def _rows(formset: Any) -> Iterator[tuple[int | None, Any]]:
    for index, form in formset.kept():
        yield index, form.instance
    shown = {form.instance.pk for form in formset.initial_forms}
    if not formset.instance._state.adding:
        for row in formset.get_queryset():
            if row.pk not in shown:
                yield None, row
