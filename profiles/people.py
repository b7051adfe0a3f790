"""Profiles in memory while entries are applied to them, one after the other; pure.

What is decided here for a thousand rows of a file is decided the same way for one request.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError

from core.errors import ExternalIdTaken, GatewayError, NumberTaken, RequestInvalid
from core.ids import uuid7
from profiles.attributes import check_attributes
from profiles.entries import MOST_NUMBERS, Entry, Key, Outcome, Policy, Verdict, merged


@dataclass(frozen=True, slots=True)
class Content:
    """All that is known of a recipient; `numbers` has the preferred one first."""

    numbers: tuple[str, ...] = ()
    external_id: str = ""
    attributes: dict[str, Any] = field(default_factory=dict)
    language: str = ""
    time_zone: str = ""


@dataclass(slots=True)
class Person:
    """A profile as it stands in the database (None: it is not there yet) and as it will be."""

    id: UUID
    before: Content | None
    now: Content


class People:
    """The profiles that a number of entries are about."""

    def __init__(self, persons: Iterable[Person] = ()) -> None:
        self.persons: list[Person] = []
        self._by_number: dict[str, Person] = {}
        self._by_external_id: dict[str, Person] = {}
        for person in persons:
            self._remember(person)

    def take(self, entry: Entry, *, key: Key, policy: Policy) -> Outcome:
        """Apply one entry; nothing of a refused one is kept."""
        try:
            person = self._find(entry, key)
            if person is not None and policy is Policy.SKIP:
                return Outcome(Verdict.SKIPPED, person.id)
            self._check_free(entry, person)
            after = _applied(entry, person.now if person else Content(), key, policy)
        except GatewayError as error:
            return Outcome(Verdict.REFUSED, error=error)
        if person is None:
            made = Person(uuid7(), None, after)
            self._remember(made)
            return Outcome(Verdict.CREATED, made.id)
        if after == person.now:
            return Outcome(Verdict.UNCHANGED, person.id)
        self._forget(person)
        person.now = after
        self._index(person)
        return Outcome(Verdict.UPDATED, person.id)

    def _find(self, entry: Entry, key: Key) -> Person | None:
        first = self._by_number.get(entry.numbers[0]) if entry.numbers else None
        named = self._by_external_id.get(entry.external_id) if entry.external_id else None
        if key is Key.NUMBER:
            if not entry.numbers:
                raise RequestInvalid("There is no number.", param="number")
            return first
        if not entry.external_id:
            raise RequestInvalid("There is no external ID.", param="external_id")
        if named is None and first is not None and not first.now.external_id:
            return first  # known by its number so far
        return named

    def _check_free(self, entry: Entry, person: Person | None) -> None:
        for number in entry.numbers:
            owner = self._by_number.get(number)
            if owner is not None and owner is not person:
                raise NumberTaken(
                    "The number belongs to another profile. Take it away there first, or correct the number.",
                    param="number",
                )
        if not entry.external_id:
            return
        named = self._by_external_id.get(entry.external_id)
        if named is not None and named is not person:
            raise ExternalIdTaken(
                "The external ID belongs to another profile, with another number.", param="external_id"
            )
        if person is not None and person.now.external_id not in ("", entry.external_id):
            raise ExternalIdTaken(
                "The profile with this number has another external ID.", param="external_id"
            )

    def _remember(self, person: Person) -> None:
        self.persons.append(person)
        self._index(person)

    def _index(self, person: Person) -> None:
        for number in person.now.numbers:
            self._by_number[number] = person
        if person.now.external_id:
            self._by_external_id[person.now.external_id] = person

    def _forget(self, person: Person) -> None:
        for number in person.now.numbers:
            del self._by_number[number]
        self._by_external_id.pop(person.now.external_id, None)


def _applied(entry: Entry, before: Content, key: Key, policy: Policy) -> Content:
    """The content after an entry; RequestInvalid where it cannot be stored."""
    if policy is Policy.REPLACE:
        after = Content(
            numbers=in_order(entry.numbers) or before.numbers,
            external_id=entry.external_id or before.external_id,
            attributes=dict(entry.attributes),
            language=entry.language or "",
            time_zone=entry.time_zone or "",
        )
    else:
        first = () if key is Key.NUMBER and before.numbers else entry.numbers
        after = Content(
            numbers=in_order((*first[:1], *before.numbers, *entry.numbers)),
            external_id=entry.external_id or before.external_id,
            attributes=merged(before.attributes, entry.attributes),
            language=entry.language or before.language,
            time_zone=entry.time_zone or before.time_zone,
        )
    _check(after)
    return after


def _check(after: Content) -> None:
    if not after.numbers:
        raise RequestInvalid("There is no number, and no profile has this external ID.", param="number")
    if len(after.numbers) > MOST_NUMBERS:
        raise RequestInvalid(f"A profile has at most {MOST_NUMBERS} numbers.", param="other_numbers")
    try:
        check_attributes(after.attributes)
    except ValidationError as error:
        raise RequestInvalid(" ".join(error.messages), param="attributes") from error


def in_order(numbers: Iterable[str]) -> tuple[str, ...]:
    """The preferred number, which comes first, then the others, each once, in an order of no meaning."""
    first, *others = (*dict.fromkeys(numbers),) or ("",)
    return (first, *sorted(others)) if first else ()
