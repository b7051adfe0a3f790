"""A webhook's mapping as plain data: the one shape that database, presets, forms and the reading engine share.

The same keys stand in the `[webhook]` table of a preset, in `Webhook.mapping` and in these classes. A section that
`Webhook.mapping` leaves out is the vendor preset's own. Texts may hold {{variables}} of the credential
(`filled`), samples excepted: there {{…}} marks a place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeVar

from core.templating.filters import MAX_OUTPUT

_PLACEHOLDER: Final = re.compile(r"\{\{\s*([A-Za-z_]\w*)\s*\}\}")
SECTIONS: Final = (
    "body", "rules", "inbound", "report", "opt_out", "lookup", "statuses", "answers", "verification",
)  # fmt: skip


@dataclass(frozen=True)
class BodySpec:
    """How bytes become values. `kind`: auto (by Content-Type and first sign), json, form, xml, text.

    `charset` is for bodies that name none; `charset_field` is a form or query field that names it.
    """

    kind: str = "auto"
    charset: str = ""
    charset_field: str = ""


@dataclass(frozen=True)
class CallbackRule:
    """One line of "what is this": the first that fits decides for a callback, or for each element of its list.

    `role`: what the URL must end with ("delivered" for /hooks/<token>/delivered/), "" for any; `path` and `test`
    as in `credentials.rules` (always, present, absent, any_of, none_of, contains, lacks, matches).
    `take`: message, report, opt_out, ignore, refuse. `status` is for reports: it stands instead of the word.
    """

    take: str
    role: str = ""
    path: str = ""
    test: str = "always"
    values: tuple[str, ...] = ()
    status: str = ""


@dataclass(frozen=True)
class FieldRow:
    """Where one variable stands: `paths` in order of preference, then `filters` ("plus_lost | required").

    Of the paths the first with a value counts. A row without paths lays its filters on the sample's place; a row
    with paths takes the place of the sample's. `name` is a variable such as profileNumber, see `reading.VARIABLES`.
    """

    name: str
    paths: tuple[str, ...] = ()
    filters: str = ""


@dataclass(frozen=True)
class MappingSpec:
    """What one kind of callback holds: a sample with {{variables}} (JSON, form, query or XML), rows, or both.

    `only_ours`: messages to a number that is no sender of ours are refused.
    """

    sample: str = ""
    fields: tuple[FieldRow, ...] = ()
    only_ours: bool = False

    @property
    def given(self) -> bool:
        """Whether there is anything to read by."""
        return bool(self.sample.strip() or self.fields)


@dataclass(frozen=True)
class StatusSpec:
    """`words`: the provider's status word -> sent, delivered, read, undelivered, expired, failed, temporary,
    ignore, or "" for no progress. `default` is for all other words: one of these, or "unknown" (staff map it).

    `only_these`: the words everybody uses are not known besides.
    """

    words: Mapping[str, str] = field(default_factory=dict)
    default: str = "unknown"
    only_these: bool = False


@dataclass(frozen=True)
class AnswerSpec:
    """What the provider gets back. `when`: always, message, report, opt_out, error (unreadable), refused (not genuine).

    The most special one that fits is given. `body` is a template; it may use what was read.
    """

    when: str = "always"
    status: int = 200
    content_type: str = "text/plain; charset=utf-8"
    body: str = ""


@dataclass(frozen=True)
class WebhookSpec:
    """Everything the engine needs to read and answer the callbacks of one webhook.

    `inbound`, `report`, `opt_out` are three kinds of callback; without `rules` the one that fits best is taken,
    and a message wins a tie, since it may be a STOP. `lookup`: what the provider answers when it is asked about a
    message (ApiCredential.lookup_url); without one the answer is read like a report. `verification`: what a new
    webhook starts with, the settings of `webhooks.verification.VerificationSpec` and its `secret`.
    """

    body: BodySpec = BodySpec()
    rules: tuple[CallbackRule, ...] = ()
    inbound: MappingSpec = MappingSpec()
    report: MappingSpec = MappingSpec()
    opt_out: MappingSpec = MappingSpec()
    lookup: MappingSpec = MappingSpec()
    statuses: StatusSpec = field(default_factory=StatusSpec)
    answers: tuple[AnswerSpec, ...] = ()
    verification: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, table: Mapping[str, Any]) -> WebhookSpec:
        """The spec of a `[webhook]` table whose keys have been checked (credentials.vendors.format)."""
        return cls(
            body=BodySpec(**table.get("body", {})),
            rules=tuple(_rule(row) for row in table.get("rules", ())),
            inbound=_mapping(table.get("inbound", {})),
            report=_mapping(table.get("report", {})),
            opt_out=_mapping(table.get("opt_out", {})),
            lookup=_mapping(table.get("lookup", {})),
            statuses=StatusSpec(**table.get("statuses", {})),
            answers=tuple(AnswerSpec(**row) for row in table.get("answers", ())),
            verification=dict(table.get("verification", {})),
        )

    def table(self) -> dict[str, Any]:
        """The `[webhook]` table that makes this spec again; what is as it would be anyway is left out."""
        found = {
            "body": _changed(self.body, BodySpec()),
            "rules": [_rule_table(row) for row in self.rules],
            "inbound": _mapping_table(self.inbound),
            "report": _mapping_table(self.report),
            "opt_out": _mapping_table(self.opt_out),
            "lookup": _mapping_table(self.lookup),
            "statuses": _changed(self.statuses, StatusSpec()),
            "answers": [_changed(row, AnswerSpec()) for row in self.answers],
            "verification": dict(self.verification),
        }
        return {name: section for name, section in found.items() if section}

    def filled(self, variables: Mapping[str, str]) -> WebhookSpec:
        """The same with the credential's {{variables}} put in, samples apart; blank paths and values drop out."""
        fill = _Filling(variables)
        return replace(
            self,
            body=fill.texts(self.body),
            rules=tuple(replace(fill.texts(row), values=fill.listed(row.values)) for row in self.rules),
            inbound=fill.mapping(self.inbound),
            report=fill.mapping(self.report),
            opt_out=fill.mapping(self.opt_out),
            lookup=fill.mapping(self.lookup),
            answers=tuple(fill.texts(row) for row in self.answers),
            verification=fill.settings(self.verification),
        )


_Part = TypeVar("_Part", bound=Any)


class _Filling:
    """Puts values in the place of {{names}}; a name that is no variable stays as it is."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables

    def text(self, source: str) -> str:
        """One text."""
        if "{{" not in source:
            return source
        return _PLACEHOLDER.sub(lambda found: self._variables.get(found[1], found[0]), source)[:MAX_OUTPUT]

    def listed(self, sources: tuple[str, ...]) -> tuple[str, ...]:
        """Several texts; one that holds several lines or commas by its variable becomes several."""
        found = (piece for source in sources for piece in self._pieces(source))
        return tuple(piece for piece in found if piece.strip())

    def texts(self, part: _Part) -> _Part:
        """A dataclass with all its texts filled in."""
        texts = {name: value for name, value in vars(part).items() if isinstance(value, str)}
        return replace(part, **{name: self.text(value) for name, value in texts.items()})

    def mapping(self, spec: MappingSpec) -> MappingSpec:
        """The rows of a mapping; the sample keeps its marks."""
        rows = (
            replace(row, paths=self.listed(row.paths), filters=self._unquoted.text(row.filters))
            for row in spec.fields
        )
        return replace(spec, fields=tuple(rows))

    @property
    def _unquoted(self) -> _Filling:
        """For values that stand in quotes already."""
        return _Filling({name: value.replace('"', "") for name, value in self._variables.items()})

    def settings(self, value: Any) -> Any:
        """Every text of a nested table."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {name: self.settings(item) for name, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.settings(item) for item in value]
        return value

    def _pieces(self, source: str) -> list[str]:
        only = _PLACEHOLDER.fullmatch(source.strip())
        if only is None:
            return [self.text(source)]
        return [piece.strip() for piece in re.split(r"[\n,]", self.text(source))]


def _rule(row: Mapping[str, Any]) -> CallbackRule:
    rest = dict(row)
    rest["values"] = tuple(str(value) for value in row.get("values", ()))
    if "test" not in row:
        rest["test"] = "any_of" if rest["values"] else "present" if row.get("path") else "always"
    return CallbackRule(**rest)


def _mapping(table: Mapping[str, Any]) -> MappingSpec:
    rows = tuple(
        FieldRow(row["name"], tuple(row.get("paths", ())), row.get("filters", ""))
        for row in table.get("fields", ())
    )
    return MappingSpec(table.get("sample", ""), rows, table.get("only_ours", False))


def _rule_table(row: CallbackRule) -> dict[str, Any]:
    return {"take": row.take, "test": row.test, **_changed(row, CallbackRule(row.take, test=row.test))}


def _mapping_table(spec: MappingSpec) -> dict[str, Any]:
    found = _changed(replace(spec, fields=()), MappingSpec())
    rows = [{"name": row.name, **_changed(row, FieldRow(row.name))} for row in spec.fields]
    return {**found, "fields": rows} if rows else found


def _changed(given: Any, default: Any) -> dict[str, Any]:
    """Name -> value of those attributes that are not as they would be anyway, lists for tuples."""
    found = {name: value for name, value in vars(given).items() if value != getattr(default, name)}
    return {
        name: list(value)
        if isinstance(value, tuple)
        else dict(value)
        if isinstance(value, Mapping)
        else value
        for name, value in found.items()
    }
