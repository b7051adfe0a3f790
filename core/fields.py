"""A text field whose value is sealed in the database and plain in Python."""

from __future__ import annotations

from typing import Any, NoReturn

from django.core.exceptions import FieldError
from django.db import models
from django.db.models.query_utils import DeferredAttribute

from core.secrets import seal, unseal


class Sealed(str):
    """Text as it stands in the database, not opened yet."""

    __slots__ = ()


class _OpensOnAccess(DeferredAttribute):
    """Attribute that keeps the sealed text until somebody reads it; a deferred one is loaded first."""

    field: EncryptedTextField

    def __get__(self, instance: models.Model | None, cls: type[models.Model] | None = None) -> Any:
        if instance is None:
            return self
        value = super().__get__(instance, cls)
        if isinstance(value, Sealed) and value:
            return unseal(value, aad=self.field.place_of(instance)).decode("utf-8")
        return value

    def __set__(self, instance: models.Model, value: Any) -> None:
        instance.__dict__[self.field.attname] = value


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]
    """Text sealed with the master key, bound to model, row and field; it cannot be searched.

    The row's primary key must be known before the first save (a UUID default), since the seal is bound to it.
    Values go in by `save()` or `bulk_create()` only: `update()` and `bulk_update()` do not know the row.
    """

    description = "Encrypted text"
    descriptor_class = _OpensOnAccess

    def place_of(self, instance: models.Model) -> str:
        """The place a value is bound to: "<app>.<model>:<primary key>:<field>"."""
        if instance.pk is None:
            raise FieldError(f"{self.name} is encrypted: its row needs a primary key before the first save.")
        key = instance._meta.pk.to_python(instance.pk)
        return f"{self.model._meta.label_lower}:{key}:{self.attname}"

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        return None if value is None else Sealed(value)

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = model_instance.__dict__.get(self.attname, "")
        if not value or isinstance(value, Sealed):
            return value
        return Sealed(seal(str(value).encode("utf-8"), aad=self.place_of(model_instance)))

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        if isinstance(value, str) and value and not isinstance(value, Sealed):
            raise FieldError(f"{self.name} is encrypted: set it on the object and save it.")
        return super().get_db_prep_save(value, connection)

    def get_prep_value(self, value: Any) -> Any:
        return value if value is None else str(value)

    def value_to_string(self, obj: models.Model) -> str:
        """For dumps: the sealed text, never the plain one."""
        return str(self.pre_save(obj, False) or "")

    def get_lookup(self, lookup: str) -> Any:
        if lookup == "isnull":
            return super().get_lookup(lookup)
        self._refuse(lookup)

    def _refuse(self, lookup: str) -> NoReturn:
        raise FieldError(f"{self.name} is encrypted and cannot be searched by {lookup!r}.")
