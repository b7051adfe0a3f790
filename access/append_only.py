"""Rows that are written once: the ORM refuses to change or delete them, and so do the triggers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, NoReturn, TypeVar

from django.db import models

Row = TypeVar("Row", bound=models.Model)


class AppendOnlyViolation(RuntimeError):
    """Somebody tried to change or delete a row that is kept as evidence."""


class AppendOnlyQuerySet(models.QuerySet[Row]):
    """A query set that reads and inserts, and does nothing else."""

    def update(self, **kwargs: Any) -> NoReturn:
        _refuse(self.model, "changed")

    def delete(self) -> NoReturn:
        _refuse(self.model, "deleted")

    def bulk_update(
        self, objs: Iterable[Any], fields: Iterable[str], batch_size: int | None = None
    ) -> NoReturn:
        _refuse(self.model, "changed")

    def update_or_create(self, *args: Any, **kwargs: Any) -> NoReturn:
        _refuse(self.model, "changed")

    def bulk_create(
        self,
        objs: Iterable[Any],
        batch_size: int | None = None,
        ignore_conflicts: bool = False,
        update_conflicts: bool = False,
        update_fields: Collection[str] | None = None,
        unique_fields: Collection[str] | None = None,
    ) -> list[Any]:
        if update_conflicts:
            _refuse(self.model, "changed")
        return super().bulk_create(objs, batch_size=batch_size, ignore_conflicts=ignore_conflicts)


AppendOnlyManager = models.Manager.from_queryset(AppendOnlyQuerySet)


class AppendOnlyModel(models.Model):
    """Base of evidence rows; pair it with `core.triggers.append_only` on its table."""

    objects = AppendOnlyManager()

    class Meta:
        abstract = True

    def save(self, **kwargs: Any) -> None:
        if not self._state.adding:
            _refuse(type(self), "changed")
        super().save(**{**kwargs, "force_insert": True})

    def delete(self, using: str | None = None, keep_parents: bool = False) -> NoReturn:
        _refuse(type(self), "deleted")


def _refuse(model: type[models.Model], what: str) -> NoReturn:
    raise AppendOnlyViolation(f"{model._meta.verbose_name_plural} are append-only and cannot be {what}.")


__all__: Sequence[str] = ("AppendOnlyModel", "AppendOnlyQuerySet", "AppendOnlyViolation")
