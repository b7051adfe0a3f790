"""Rows of the credential's form: variables, query parameters, body fields, response rules."""

from __future__ import annotations

from credentials.row_forms.base import RowForm, RowFormSet, SecretRowForm
from credentials.row_forms.request_fields import BodyFieldForm, BodyFieldFormSet, QueryForm, QueryFormSet
from credentials.row_forms.rules import RuleForm, RuleFormSet
from credentials.row_forms.variables import VariableForm, VariableFormSet

__all__ = [
    "BodyFieldForm",
    "BodyFieldFormSet",
    "QueryForm",
    "QueryFormSet",
    "RowForm",
    "RowFormSet",
    "RuleForm",
    "RuleFormSet",
    "SecretRowForm",
    "VariableForm",
    "VariableFormSet",
]
