"""Response rules: "if the answer says … then"."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from credentials.models import ResponseRule
from credentials.row_forms.base import RowForm, RowFormSet
from credentials.widgets import select, text_area, text_input


class RuleForm(RowForm):
    """One line of "if the answer says … then"."""

    noun = "response rule"
    texts = ("statuses", "path", "values")

    class Meta:
        model = ResponseRule
        fields = ("statuses", "path", "test", "values", "outcome", "failure", "again_without")
        widgets: ClassVar = {
            "statuses": text_input(placeholder="any, or 2xx, 400, 500-599"),
            "path": text_input(placeholder="the whole answer"),
            "test": select(),
            "values": text_area(2, placeholder="one value on each line"),
            "outcome": select(),
            "failure": select(),
            "again_without": text_input(placeholder="variable names"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        failure = self.fields["failure"]
        failure.choices = [("", "By the error code"), *failure.choices[1:]]  # type: ignore[attr-defined]
        for name, text in _RULE_LABELS.items():
            self.fields[name].label = text

    def clean_values(self) -> str:
        """One kind of line break."""
        return str(self.cleaned_data["values"]).replace("\r\n", "\n")


_RULE_LABELS: Final = {
    "statuses": "If the HTTP status is",
    "path": "and the value at",
    "test": "Test",
    "values": "Values",
    "outcome": "then the message is",
    "failure": "Because of",
    "again_without": "Send once more without",
}


class RuleFormSet(RowFormSet):
    """Response rules, the first that fits decides."""

    group = "rules"
    add_label = "Add response rule"
