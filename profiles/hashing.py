"""The hash of a profile's number, kept beside it: the consent ledger knows numbers by nothing else."""

from __future__ import annotations

from typing import Any

from django.db import models

from core.secrets import number_hash


class NumberHashField(models.CharField):  # type: ignore[type-arg]
    """The keyed hash of the row's `msisdn`, made at every save.

    Writers that pass by `pre_save` (COPY, `update()`) may leave it out: a trigger blanks one that no longer fits, and
    `profiles.hashes.fill_in` makes those that are blank.
    """

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        value: Any = number_hash(str(model_instance.__dict__.get("msisdn", "")))
        setattr(model_instance, self.attname, value)
        return str(value)
