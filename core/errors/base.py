"""The root of all errors."""

from __future__ import annotations

from typing import ClassVar


class GatewayError(Exception):
    """Root of all errors raised on purpose; `text` is safe to show, `param` names the field at fault."""

    code: ClassVar[str] = "gateway_error"
    retryable: ClassVar[bool] = False
    http_status: ClassVar[int] = 400

    def __init__(self, text: str, *, param: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.param = param
