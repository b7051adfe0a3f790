"""From a sample request to the draft of a credential, with every guess named."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from credentials.building import ALIASES
from credentials.building.variables import MESSAGE_NAMES
from credentials.curl.bodies import GONE, Body, bare, form_pairs, read_body
from credentials.curl.command import Command, read_command
from credentials.curl.names import (
    FROM,
    KEY,
    SECRET,
    TEXT,
    TO,
    USER,
    VARIABLE_OF,
    WHAT,
    Leaf,
    is_placeholder,
    looks_secret,
    number_format,
    number_template,
    roles_of,
)
from credentials.curl.signing import is_key_header, key_parameter, signing_of
from credentials.headers import is_secret_name, name_problem

_NAME: Final = re.compile(r"\{\{\s*([A-Za-z]\w*)\s*\}\}")
_PATH_HOLE: Final = re.compile(r"(?<!\{)\{([A-Za-z]\w*)\}(?!\})|<([A-Za-z][\w -]*)>|(?<=/):([A-Za-z]\w+)")
# Headers that cURL or the gateway write themselves.
_NOT_KEPT: Final = frozenset(
    {"content-length", "host", "accept-encoding", "connection", "cookie", "expect", "transfer-encoding", "te"}
)
_CONTENT_TYPES: Final = {
    "json": "application/json", "form": "application/x-www-form-urlencoded", "xml": "text/xml", "text": "text/plain",
}  # fmt: skip
_GATEWAYS_OWN: Final = MESSAGE_NAMES | ALIASES.keys()
_SHORTEST_ACCOUNT: Final = 8


@dataclass(frozen=True)
class Draft:
    """What fills the form of a new credential; `guessed` says why, by field, rows as "query-0-value"."""

    fields: dict[str, Any] = field(default_factory=dict, repr=False)
    headers: list[dict[str, Any]] = field(default_factory=list, repr=False)
    query: list[dict[str, Any]] = field(default_factory=list, repr=False)
    body_fields: list[dict[str, Any]] = field(default_factory=list, repr=False)
    variables: list[dict[str, Any]] = field(default_factory=list, repr=False)
    rules: list[dict[str, Any]] = field(default_factory=list)
    guessed: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def parse_curl(source: str) -> Draft:
    """The draft of a pasted command; CurlInvalid with line and column when it cannot be taken over."""
    return draft_of(read_command(source))


def draft_of(command: Command) -> Draft:
    """The draft of a command."""
    return _Drafting(command).run()


class _Drafting:
    """Collects what the command tells, part by part."""

    def __init__(self, command: Command) -> None:
        self.command = command
        self.draft = Draft(notes=command.notes)
        self.parts = _url_parts(command)
        user = self.parts.netloc.rpartition("@")[0]
        self.signing = signing_of(command, user)

    def run(self) -> Draft:
        command, draft = self.command, self.draft
        content_type = next((value for name, value in command.headers if name.lower() == "content-type"), "")
        pairs = list(form_pairs("&".join([self.parts.query, *command.query])))
        body = Body()
        if command.as_query:
            pairs += form_pairs(command.body.text)
        else:
            media = content_type or ("application/json" if command.is_json else "")
            body, why = read_body(command.body, content_type=media, shell=command.shell)
            if why:
                draft.guessed["body_kind"] = why
        self.take_leaves(pairs, body)
        self.take_headers(content_type, body.kind)
        self.take_url()
        draft.fields.update(
            vendor="custom", method=command.method, body_kind=body.kind, **self.signing.fields
        )
        draft.guessed.update(self.signing.guessed)
        draft.notes.extend(self.signing.notes)
        self.take_shell_names()
        self.say_what_is_missing()
        return draft

    def take_leaves(self, pairs: list[tuple[str, str]], body: Body) -> None:
        """Query and body, judged together: recipient, sender and text may stand in either."""
        leaves = [*(Leaf(name, value) for name, value in pairs), *body.leaves]
        self.roles = roles_of(leaves)
        self.leaves = leaves
        self._numbers_as(leaves)
        self._keys_as(leaves, len(pairs), body)
        self._rows("query", pairs, 0, self.draft.query)
        if body.kind == "form":
            self._rows("fields", body.pairs, len(pairs), self.draft.body_fields)
        recipients = {index for index, role in self.roles.items() if role == TO}
        typed = body.kind == "json"
        payload = body.written(lambda index, value: self._value(index, value, typed), len(pairs), recipients)
        self.draft.fields["payload"] = "" if body.kind == "form" else payload
        self._tell(len(pairs), body.kind)

    def _numbers_as(self, leaves: list[Leaf]) -> None:
        for role, name in ((TO, "to_format"), (FROM, "from_format")):
            values = [leaves[index].value for index, found in self.roles.items() if found == role]
            found = next(filter(None, map(number_format, values)), "")
            if found:
                self.draft.fields[name] = found
                self.draft.guessed[name] = f"The sample writes {WHAT[role]} as {str(values[0])[:40]}."

    def _keys_as(self, leaves: list[Leaf], query: int, body: Body) -> None:
        """The first parameter named like a key signs the request, when nothing else does."""
        self.removed: set[int] = set()
        for index, role in self.roles.items():
            leaf = leaves[index]
            if role == KEY and not self.signing.found and _can_sign(leaf, body, in_query=index < query):
                place = "query" if index < query else "body"
                why = f"The parameter {leaf.name} looks like an API key."
                self.signing.take(key_parameter(place, leaf.name, str(leaf.value)), why)
                self.removed.add(index)

    def _rows(self, group: str, pairs: list[tuple[str, str]], first: int, rows: list[dict[str, Any]]) -> None:
        for index, (name, value) in enumerate(pairs, start=first):
            if index in self.removed:
                continue
            role = self.roles.get(index, "")
            if role in WHAT:
                self.draft.guessed[f"{group}-{len(rows)}-value"] = f"{name} looks like {WHAT[role]}."
            shown = str(self._value(index, value, typed=False))
            rows.append({"name": name, "value": shown, "when": "always", "kind": "text"})

    def _value(self, index: int, value: Any, typed: bool) -> Any:
        """What stands in the draft in place of a sample value."""
        role = self.roles.get(index, "")
        if index in self.removed:
            return GONE
        if role in VARIABLE_OF:
            variable = VARIABLE_OF[role]
            if typed and isinstance(value, int) and not isinstance(value, bool):
                return bare(f"{variable.strip('{}')} | plus: 0")
            return number_template(value, variable) if role in {TO, FROM} else variable
        if role in {KEY, SECRET, USER} and "{{" not in str(self.leaves[index].value):
            return self._variable(self.leaves[index].name, str(value), secret=role != USER)
        return value

    def _variable(self, name: str, value: str, *, secret: bool) -> str:
        """Put a value into a variable and give its mention; a name of the gateway's own gets another."""
        clean = re.sub(r"\W+", "_", name).strip("_0123456789")[:50] or "value"
        clean = f"provider_{clean}"[:50] if clean in _GATEWAYS_OWN else clean
        rows = self.draft.variables
        if all(row["name"] != clean for row in rows):
            kept = "" if is_placeholder(value) else value
            rows.append(_variable_row(clean, name, kept, secret=secret))
            if not kept:
                self.draft.guessed[f"variables-{len(rows) - 1}-value"] = (
                    "The sample has a placeholder here; type yours."
                )
        return f"{{{{{clean}}}}}"

    def _tell(self, query: int, kind: str) -> None:
        told = [
            f"{self.leaves[index].name or 'the body'} looks like {WHAT[role]}"
            for index, role in sorted(self.roles.items())
            if index >= query and role in WHAT
        ]
        if told and kind not in {"form", "none"}:
            self.draft.guessed["payload"] = "; ".join(dict.fromkeys(told)) + "."

    def take_headers(self, content_type: str, kind: str) -> None:
        """The rows that go along; keys among them are secret."""
        rows = self.draft.headers
        if kind != "none":
            media = content_type.partition(";")[0].strip() or _CONTENT_TYPES[kind]
            rows.append({"name": "Content-Type", "value": media, "secret": False})
        for index, (name, value) in enumerate(self.command.headers):
            lower = name.lower()
            if index in self.signing.used or lower in _NOT_KEPT or lower == "content-type":
                continue
            if lower == "user-agent" and value.lower().startswith(("mozilla", "curl")):
                continue
            if problem := name_problem(name):
                self.draft.notes.append(f"Header {name[:40]} was left out. {problem}")
                continue
            secret = is_key_header(name) or is_secret_name(name)
            hidden = self._variable(name, value, secret=True) if secret and "{{" not in value else value
            rows.append({"name": name, "value": hidden, "secret": False})

    def take_url(self) -> None:
        """The address, holes of the documentation turned into variables, the account put where it belongs."""
        parts, fields = self.parts, self.draft.fields
        path = _PATH_HOLE.sub(self._hole, parts.path)
        account = self.signing.fields.get("auth_username", "")
        if len(account) >= _SHORTEST_ACCOUNT and "{{" not in account and account in path.split("/"):
            path = "/".join("{{providerAppId}}" if step == account else step for step in path.split("/"))
            fields["provider_app_id"] = account
            self.signing.fields["auth_username"] = "{{providerAppId}}"
            self.draft.guessed["provider_app_id"] = "The user name stands in the address too."
        host = _PATH_HOLE.sub(self._hole, parts.netloc.rpartition("@")[2])
        fields["provider_url"] = urlunsplit((parts.scheme, host, path, "", ""))
        words = [word for word in host.partition(":")[0].split(".") if word]
        fields["provider_name"] = words[-2].capitalize() if len(words) > 1 and "{" not in host else ""
        if "://" not in self.command.url:
            self.draft.guessed["provider_url"] = "The sample names no scheme; https was added."

    def _hole(self, match: re.Match[str]) -> str:
        name = next(filter(None, match.groups()))
        return self._variable(name, "", secret=looks_secret(name))

    def take_shell_names(self) -> None:
        """$NAME of the shell, as far as it is still used somewhere."""
        written = list(
            _texts([self.draft.fields, self.draft.headers, self.draft.query, self.draft.body_fields])
        )
        used = dict.fromkeys(name for text in written for name in _NAME.findall(text))
        known = {row["name"] for row in self.draft.variables}
        for name in used:
            if name not in known and name not in _GATEWAYS_OWN:
                self.draft.variables.append(_variable_row(name, name, "", secret=looks_secret(name)))

    def say_what_is_missing(self) -> None:
        """What the sample did not show."""
        found = set(self.roles.values())
        for role in (TO, TEXT):
            if role not in found and not any(
                VARIABLE_OF[role] in text for text in _texts([self.draft.fields])
            ):
                self.draft.notes.append(
                    f"Nothing here looks like {WHAT[role]}: put {VARIABLE_OF[role]} where it belongs."
                )


def _can_sign(leaf: Leaf, body: Body, *, in_query: bool) -> bool:
    """Whether the signer can put a key back: a query parameter, a form field, a member of the top object."""
    if in_query or body.kind == "form":
        return True
    return isinstance(body.content, dict) and leaf.name in body.content


def _url_parts(command: Command) -> Any:
    url = command.url if "://" in command.url or command.url.startswith("{{") else f"https://{command.url}"
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise command.shell.problem("This is not a URL that can be read.", command.url_place) from error
    if parts.scheme not in {"http", "https"} and not url.startswith("{{"):
        raise command.shell.problem("The URL must start with https:// or http://.", command.url_place)
    return parts


def _variable_row(name: str, label: str, value: str, *, secret: bool) -> dict[str, Any]:
    return {"name": name, "label": label, "value": value, "secret": secret, "required": True}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
