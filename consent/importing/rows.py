"""From the cells of one record to a change of consent, or the reason why not; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from email.utils import parsedate_to_datetime
from typing import Any

from core.errors import NumberInvalid
from core.numbers import parse_number, parse_sender

_OUT = frozenset(
    [
        "out",
        "optout",
        "optedout",
        "unsubscribed",
        "unsubscribe",
        "stop",
        "stopped",
        "blocked",
        "block",
        "suppressed",
        "withdrawn",
        "revoked",
        "denied",
        "declined",
        "optoutmessage",
    ]
)
_IN = frozenset(
    [
        "in",
        "optin",
        "optedin",
        "subscribed",
        "subscribe",
        "start",
        "started",
        "active",
        "granted",
        "consented",
        "agreed",
        "confirmed",
        "optinmessage",
    ]
)
_YES = frozenset(["yes", "y", "true", "t", "1", "ja", "oui", "si", "sim"])
_NO = frozenset(["no", "n", "false", "f", "0", "nein", "non", "nao", "nee"])
_ABOUT_OUT = re.compile(r"out|unsub|stop|block|suppress|revok|withdr", re.IGNORECASE)
_PURPOSES = {
    "": "", "all": "all", "everything": "all", "marketingandtransactional": "all", "any": "all",
    "marketing": "marketing", "promotional": "marketing", "promotion": "marketing",
    "transactional": "transactional", "transaction": "transactional", "service": "transactional",
}  # fmt: skip
# A Twilio messaging service stands for several senders: the scope chosen for the file counts.
_SERVICE = re.compile(r"MG[0-9a-fA-F]{32}")
_SHORTENED = re.compile(r"[0-9][.,][0-9]+E\+?[0-9]+", re.IGNORECASE)
_SLASHED = re.compile(r"\d{1,2}[/.]\d{1,2}[/.]\d{2,4}")
_LONGEST_CELL = 2000


@dataclass(frozen=True)
class Plan:
    """How rows are to be read: column index by field, and what counts where no column says it."""

    columns: Mapping[str, int]
    state: str = ""
    scope: str = "all"
    purpose: str = "all"
    country: str = ""
    names: Sequence[str] = ()
    zone: tzinfo = UTC
    keep_rest: bool = True


@dataclass(frozen=True)
class Row:
    """What one record asks for."""

    line: int
    msisdn: str
    kind: str
    scope: str
    purpose: str
    occurred_at: datetime | None = None
    keyword: str = ""
    evidence: dict[str, Any] = field(default_factory=dict)


class RowRefused(Exception):
    """A record that cannot be taken; its text says what to correct."""


def read_row(line: int, cells: Sequence[str], plan: Plan) -> Row:
    """One record as a change; RowRefused when a cell cannot be understood."""

    def cell(name: str) -> str:
        index = plan.columns.get(name)
        text = cells[index].strip() if index is not None and index < len(cells) else ""
        if "\0" in text:
            raise RowRefused(f"The column {_name(plan, name)} holds a NUL character. Remove it.")
        if len(text) > _LONGEST_CELL:
            raise RowRefused(f"The column {_name(plan, name)} has over {_LONGEST_CELL:,} characters.")
        return text

    return Row(
        line=line,
        msisdn=_number(cell("number"), plan.country),
        kind=_kind(cell("state"), plan),
        scope=_scope(cell("scope"), plan),
        purpose=_purpose(cell("purpose"), plan),
        occurred_at=_moment(cell("time"), plan.zone),
        keyword=cell("keyword")[:100],
        evidence=_evidence(line, cells, plan, collected_through=cell("source")),
    )


def _evidence(line: int, cells: Sequence[str], plan: Plan, *, collected_through: str) -> dict[str, Any]:
    """What the file says besides: through what it was collected, and the columns that stand for nothing else."""
    used = set(plan.columns.values())
    rest = {
        plan.names[index]: text[:_LONGEST_CELL].replace("\0", "")
        for index, text in enumerate(cells)
        if plan.keep_rest and index not in used and index < len(plan.names) and text.strip()
    }
    source = {"collected_through": collected_through} if collected_through else {}
    return {"line": line, **source, **({"columns": rest} if rest else {})}


def _number(text: str, country: str) -> str:
    # A leading apostrophe is what spreadsheets (and our own export) put before what must not be a formula.
    bare = text.lstrip("'").strip()
    if not bare:
        raise RowRefused("There is no number in this row.")
    if bare[0] in "=@":
        raise RowRefused("The number is a formula. Write the number itself, like +14155238886.")
    if _SHORTENED.fullmatch(bare):
        raise RowRefused(
            f"The number reads {bare[:20]}: a spreadsheet has rounded it. Export it again with the column as text."
        )
    try:
        return parse_number(bare, default_country=country)
    except NumberInvalid as error:
        raise RowRefused(error.text) from error


def _kind(text: str, plan: Plan) -> str:
    if not text:
        if plan.state:
            return f"opt_{plan.state}"
        raise RowRefused("The row does not say whether the person opted in or out.")
    word = _bare(text)
    if word in _OUT:
        return "opt_out"
    if word in _IN:
        return "opt_in"
    is_about_out = bool(_ABOUT_OUT.search(_name(plan, "state")))
    if word in _YES:
        return "opt_out" if is_about_out else "opt_in"
    if word in _NO and not is_about_out:
        return "opt_out"
    if word in _NO:
        raise RowRefused(f'"{text[:40]}" says that there is no opt-out; that is no opt-in yet.')
    raise RowRefused(f'The state "{text[:40]}" is unknown. Write "in" or "out".')


def _scope(text: str, plan: Plan) -> str:
    bare = text.lstrip("'").strip()
    kind, _, name = bare.partition(":")
    if not bare or _SERVICE.fullmatch(bare) or _bare(bare) in {"all", "allsenders"}:
        return plan.scope if not bare or _SERVICE.fullmatch(bare) else "all"
    if kind.casefold() == "brand" and name.strip():
        return f"brand:{name.strip()}"[:100]
    try:
        sender = parse_sender(name.strip() if kind.casefold() == "sender" else bare)
    except NumberInvalid as error:
        raise RowRefused(f'The sender "{bare[:40]}" cannot be read. {error.text}') from error
    return f"sender:{sender.value}"


def _purpose(text: str, plan: Plan) -> str:
    purpose = _PURPOSES.get(_bare(text))
    if purpose is None:
        raise RowRefused(
            f'The purpose "{text[:40]}" is unknown. Write "all", "marketing" or "transactional".'
        )
    return purpose or plan.purpose


def _moment(text: str, zone: tzinfo) -> datetime | None:
    if not text:
        return None
    try:
        moment = _parsed(text.lstrip("'"))
        moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError, TypeError) as error:
        if _SLASHED.match(text):
            raise RowRefused(
                f'The time "{text[:40]}" may be read in two ways. Write it like 2026-01-31 14:05.'
            ) from error
        raise RowRefused(f'The time "{text[:40]}" cannot be read. Write it like 2026-01-31 14:05.') from error
    if moment.year < 1990:
        raise RowRefused(f'The time "{text[:40]}" lies before there were text messages.')
    return moment


def _parsed(text: str) -> datetime:
    if text.isascii() and text.isdigit() and len(text) in {10, 13}:
        return datetime.fromtimestamp(int(text) / (1000 if len(text) == 13 else 1), UTC)
    if text[:1].isalpha():
        return parsedate_to_datetime(text)
    return datetime.fromisoformat(text.removesuffix(" UTC") + "+00:00" if text.endswith(" UTC") else text)


def _name(plan: Plan, name: str) -> str:
    index = plan.columns.get(name)
    return plan.names[index] if index is not None and index < len(plan.names) else name


def _bare(text: str) -> str:
    return re.sub(r"[\s_\-.]+", "", text.casefold())
