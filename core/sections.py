"""A long admin page as sections: what stands in each, in a line, and whether it is open."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Part:
    """A section: fields, groups of rows, and whether it folds; `summary` is shown while it is closed.

    `starts_open`: it folds, but nobody has to look for what is in it.
    """

    slug: str
    title: str = ""
    fields: Sequence[Any] = ()
    groups: tuple[str, ...] = ()
    folds: bool = True
    starts_open: bool = False
    about: str = ""
    summary: Callable[[Section], str] = field(default=lambda section: "")


@dataclass
class Section:
    """A part with what is in it on this page."""

    part: Part
    fieldset: Any = None
    formsets: list[Any] = field(default_factory=list)
    values: Callable[[str], Any] = field(default=lambda name: None)
    wrong: bool = False

    @property
    def open(self) -> bool:
        """Whether it is open from the start."""
        return self.wrong or self.part.starts_open or not self.part.folds

    @property
    def is_rows_only(self) -> bool:
        """Whether its title is that of its rows."""
        return self.fieldset is None

    @property
    def summary(self) -> str:
        """What is set, in a line."""
        return self.part.summary(self)


def fieldsets_of(
    parts: Iterable[Part], *, more: Mapping[str, Sequence[Any]] | None = None, without: Iterable[str] = ()
) -> list[tuple[str | None, dict[str, Any]]]:
    """The fieldsets of the page, a part each, in their order; `more` adds fields to a part by its slug."""
    gone = set(without)
    found = []
    for part in parts:
        rows = [*(row for row in part.fields if row not in gone), *(more or {}).get(part.slug, ())]
        if part.fields:
            found.append((part.title or None, {"fields": rows, "classes": (f"at-{part.slug}",)}))
    return found


def sections_of(parts: Iterable[Part], adminform: Any, inlines: Iterable[Any]) -> dict[str, Section]:
    """Slug -> section with its fieldset and rows."""
    form = adminform.form
    fieldsets = {cls: fieldset for fieldset in adminform for cls in str(fieldset.classes).split()}
    groups: Mapping[str, Any] = {inline.formset.prefix: inline for inline in inlines}
    return {part.slug: _section(part, fieldsets.get(f"at-{part.slug}"), groups, form) for part in parts}


def _section(part: Part, fieldset: Any, groups: Mapping[str, Any], form: Any) -> Section:
    formsets = [groups[name] for name in part.groups if name in groups]
    names = {name for row in part.fields for name in ((row,) if isinstance(row, str) else row)}
    wrong = bool(names & form.errors.keys()) or any(_is_wrong(inline.formset) for inline in formsets)

    def value(name: str) -> Any:
        return form[name].value() if name in form.fields else getattr(form.instance, name, None)

    return Section(part, fieldset, formsets, value, wrong)


def _is_wrong(formset: Any) -> bool:
    return formset.is_bound and (any(formset.errors) or bool(formset.non_form_errors()))
