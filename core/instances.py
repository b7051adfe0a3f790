"""Instances of models made from columns at once, where a model's own way would set one field after the other."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, models
from django.db.models.base import ModelState

Model = TypeVar("Model", bound=models.Model)


def stored(model: type[Model], names: Iterable[str], values: Iterable[Any]) -> Model:
    """What `Model.from_db` gives for columns by attname; those that are not named are read when they are asked for."""
    instance = _made(model, names, values)
    instance._state.adding, instance._state.db = False, DEFAULT_DB_ALIAS
    return instance


def unsaved(model: type[Model], names: Iterable[str], values: Iterable[Any]) -> Model:
    """What `Model(…)` gives for all its columns by attname."""
    return _made(model, names, values)


def _made(model: type[Model], names: Iterable[str], values: Iterable[Any]) -> Model:
    """As `Model.__init__` leaves it, without its signals; a model with an `__init__` of its own is not for this."""
    instance = model.__new__(model)
    instance._state = ModelState()
    instance.__dict__.update(zip(names, values, strict=True))
    return instance
