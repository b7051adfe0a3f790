"""Writing credentials: the headers every credential keeps, and what stands in the way of deleting one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from django.db import models

from credentials.headers import DEFAULT_HEADERS
from credentials.models import ApiCredential, CallbackEndpoint, RequestHeader

_NAMED_USES = 20


def ensure_default_headers(
    *, credential: ApiCredential, preferred: Mapping[str, str] | None = None, but_for: Collection[str] = ()
) -> None:
    """Give the credential each fixed header it lacks, save those a form is about to write (`but_for`)."""
    present = {name.lower() for name in credential.headers.values_list("name", flat=True)}
    present |= {name.lower() for name in but_for}
    for name, value in DEFAULT_HEADERS.items():
        if name.lower() not in present:
            RequestHeader.objects.create(
                credential=credential, name=name, value=(preferred or {}).get(name, value)
            )


@dataclass(frozen=True)
class Use:
    """Something that needs a credential; `row` is None for records that are kept, such as messages."""

    kind: str
    row: models.Model | None = None

    def __str__(self) -> str:
        return f"{self.kind}: {self.row}" if self.row is not None else f"{self.kind} sent or received with it"


def uses_of(credential: ApiCredential) -> list[Use]:
    """What forbids deleting the credential; [] when nothing does.

    Looks at the reverse relations that exist at run time: this app knows nothing of those above it.
    """
    return [use for path, model in _protecting() for use in _uses(path, model, credential)]


def _protecting() -> Iterator[tuple[str, type[models.Model]]]:
    """(lookup of the credential, model) for every relation that protects it or an endpoint of it."""
    for suffix, target in (("", ApiCredential), ("__credential", CallbackEndpoint)):
        for relation in target._meta.related_objects:
            if relation.on_delete in {models.PROTECT, models.RESTRICT}:
                yield f"{relation.field.name}{suffix}", relation.related_model


def _uses(path: str, model: type[models.Model], credential: ApiCredential) -> Iterator[Use]:
    rows = model._base_manager.filter(**{path: credential})
    kind = str(model._meta.verbose_name)
    if not any(field.name == "name" for field in model._meta.concrete_fields):
        if rows.exists():
            plural = str(model._meta.verbose_name_plural)
            yield Use(plural[:1].upper() + plural[1:])
        return
    yield from (Use(kind[:1].upper() + kind[1:], row) for row in rows[:_NAMED_USES])
