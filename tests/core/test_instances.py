from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import DEFAULT_DB_ALIAS

from consent.models import ConsentState, ConsentSubject
from core import instances
from core.bulk import new

NAMES = ("id", "number_hash", "touched_at", "last_sequence", "head_hash")
VALUES = (7, "a" * 64, datetime(2026, 1, 2, tzinfo=UTC), 3, "b")


def state_of(instance: ConsentSubject) -> dict[str, object]:
    return {
        **{name: value for name, value in vars(instance).items() if name != "_state"},
        "adding": instance._state.adding,
        "db": instance._state.db,
    }


def test_a_stored_instance_is_what_the_model_makes_of_a_row() -> None:
    made = instances.stored(ConsentSubject, NAMES, VALUES)
    assert state_of(made) == state_of(ConsentSubject.from_db(DEFAULT_DB_ALIAS, NAMES, VALUES))


def test_columns_that_are_not_named_are_deferred() -> None:
    made = instances.stored(ConsentSubject, NAMES[:2], VALUES[:2])
    assert made.get_deferred_fields() == set(NAMES[2:])


def test_an_unsaved_instance_is_what_the_model_makes_of_its_columns() -> None:
    assert state_of(instances.unsaved(ConsentSubject, NAMES, VALUES)) == state_of(ConsentSubject(*VALUES))


def test_a_missing_value_is_noticed() -> None:
    with pytest.raises(ValueError, match="shorter"):
        instances.unsaved(ConsentSubject, NAMES, VALUES[:-1])


def test_a_new_instance_takes_related_objects_and_refuses_what_no_model_has() -> None:
    subject = new(ConsentSubject, id=7, number_hash="a" * 64)
    assert (subject.last_sequence, subject.touched_at.tzinfo) == (0, UTC)
    state = new(ConsentState, subject=subject, scope="all")
    assert (state.subject_id, state.subject) == (7, subject)
    with pytest.raises(TypeError, match="nonsense"):
        new(ConsentState, nonsense=1)
