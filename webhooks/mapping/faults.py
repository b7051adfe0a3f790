"""What can be wrong with a mapping, and with a value that is read by one."""

from __future__ import annotations

from core.errors import MappingInvalid, PayloadUnreadable
from core.text import clean


class SampleFault(MappingInvalid):
    """A sample cannot be used; `index` is the character where its author should look."""

    def __init__(self, text: str, *, index: int = 0) -> None:
        super().__init__(text)
        self.index = index


class FieldFault(PayloadUnreadable):
    """A value is missing or not what its filters ask for; what is quoted of it can be kept."""

    def __init__(self, text: str) -> None:
        super().__init__(clean(text))
