"""What all rows of the credential's form have in common."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Final

from django import forms
from unfold.widgets import UnfoldBooleanSwitchWidget

from core.forms import SecretField, SecretInput
from core.secrets import MASK
from credentials.widgets import PositionField, text_input

LONGEST_VALUE: Final = 10_000
TRUE: Final = frozenset({"on", "true", "True", "1"})


class RowForm(forms.ModelForm):  # type: ignore[type-arg]
    """One row; a new one in which none of `texts` was filled in counts for nothing."""

    position = PositionField()
    texts: ClassVar[tuple[str, ...]] = ("name", "value")
    # What a screen reader calls the row.
    noun: ClassVar[str] = "row"

    @property
    def is_new(self) -> bool:
        """Whether the row is not in the database."""
        return bool(self.instance._state.adding)

    @property
    def can_go(self) -> bool:
        """Whether the row may be deleted."""
        return True

    def has_changed(self) -> bool:
        """A new row has when something was typed."""
        if self.is_new and self.is_bound:
            return any(self.posted(name).strip() for name in self.texts)
        return super().has_changed()

    def posted(self, name: str) -> str:
        """What the request says about one column."""
        return str(self.data.get(self.add_prefix(name)) or "")

    def shown(self) -> list[tuple[str, str]]:
        """(column, text) for staff who may only look; secrets as dots."""
        hidden = {"value"} if getattr(self.instance, "secret", False) else set()
        names = [name for name in self._meta.fields or () if name != "label"]
        return [(name, MASK if name in hidden else _told(self.instance, name)) for name in names]

    def cells(self) -> list[tuple[str, forms.BoundField, str]]:
        """(column, field, why it was guessed) of what is shown, in order."""
        guessed = self.initial.get("guessed") or {}
        return [(name, self[name], guessed.get(name, "")) for name in self._meta.fields or ()]


class SecretRowForm(RowForm):
    """A row with a value that may be a secret: then it is write-only, and blank keeps what is stored."""

    value = forms.CharField(label="Value", max_length=LONGEST_VALUE, required=False, strip=False)
    secret = forms.BooleanField(
        label="Secret",
        required=False,
        widget=UnfoldBooleanSwitchWidget(attrs={"aria-label": "Secret: not shown again"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stored = "" if self.is_new else self.instance.value
        self.keeps_secret = bool(self.instance.secret and self.stored)
        named = {"aria-label": f"{self.noun.capitalize()} value"}
        self.fields["value"].widget = text_input(**named)
        if self.keeps_secret or self.says_secret:
            self.fields["value"] = SecretField(label="Value", strip=False, widget=SecretInput(attrs=named))

    @property
    def says_secret(self) -> bool:
        """Whether the row as posted or offered is a secret."""
        return (self.posted("secret") in TRUE) if self.is_bound else bool(self.initial.get("secret"))

    def clean(self) -> dict[str, Any]:
        """The value: typed, or the secret kept."""
        data = super().clean() or self.cleaned_data
        if not data.get("value") and self.keeps_secret:
            if data.get("secret"):
                data["value"] = self.stored
            else:
                self.add_error("value", "Type the value again to have it shown from now on.")
        return data


class RowFormSet(forms.BaseInlineFormSet):  # type: ignore[type-arg]
    """Rows of one kind in their order; what is wrong with them as part of the request is told at their fields."""

    group: ClassVar[str] = ""
    add_label: ClassVar[str] = ""
    ordered: ClassVar[bool] = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.is_bound:
            self.extra = len(self.initial_extra or ())

    @classmethod
    def get_default_prefix(cls) -> str:
        return cls.group

    @property
    def listed(self) -> list[Any]:
        """Rows of the section, in their order."""
        return self.forms

    @property
    def headings(self) -> list[str]:
        """What stands above the columns."""
        form: Any = self.empty_form
        return [str(form.fields[name].label) for name in form._meta.fields if not form[name].is_hidden]

    def add_fields(self, form: Any, index: int | None) -> None:
        """Rows that stay have no delete box."""
        super().add_fields(form, index)
        if not form.can_go:
            form.fields.pop("DELETE", None)

    def kept(self) -> list[tuple[int, Any]]:
        """(index, form) of the rows that count, in the order of the page."""
        numbered = [(index, form) for index, form in enumerate(self.forms) if self._counts(form)]
        return sorted(numbered, key=lambda row: (_place(row[1], row[0]), row[0]))

    def clean(self) -> None:
        """The problems that only the whole request shows, at their rows."""
        super().clean()
        for index, column, text in getattr(self.instance, "row_problems", {}).get(self.prefix, ()):
            if index < len(self.forms):
                form = self.forms[index]
                form.add_error(column if column in form.fields else None, text)

    def save(self, commit: bool = True) -> Any:
        """Save, each row with its place in the order."""
        moved = list(self._number())
        saved = super().save(commit)
        for row in moved if commit else ():
            type(row)._default_manager.filter(pk=row.pk).update(position=row.position)
        return saved

    def _number(self) -> Iterator[Any]:
        """Give each row its position; yields the stored rows that moved."""
        if not self.ordered:
            return
        for rank, (_, form) in enumerate(self.kept()):
            before, form.instance.position = form.instance.position, rank
            if not form.is_new and before != rank:
                yield form.instance

    def _counts(self, form: Any) -> bool:
        gone = self.can_delete and self._should_delete_form(form)
        return not gone and (not form.is_new or form.has_changed())

    def _should_delete_form(self, form: Any) -> bool:
        return bool(form.can_go and super()._should_delete_form(form))  # type: ignore[misc]


def _told(row: Any, name: str) -> str:
    display = getattr(row, f"get_{name}_display", None)
    value = display() if display else getattr(row, name)
    return {True: "Yes", False: ""}[value] if isinstance(value, bool) else str(value)


def _place(form: Any, index: int) -> int:
    typed = getattr(form, "cleaned_data", {}).get("position")
    return index if typed is None else int(typed)
