"""What can be wrong with a mapping, and with a value that is read by one."""

from __future__ import annotations

from core.errors import MappingInvalid, PayloadUnreadable


class SampleFault(MappingInvalid):
    """A sample cannot be used; `index` is the character where its author should look."""

    def __init__(self, text: str, *, index: int = 0) -> None:
        super().__init__(text)
        self.index = index


class FieldFault(PayloadUnreadable):
    """A value is missing or not what its filters ask for."""
