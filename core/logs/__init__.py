"""Log lines: one format for every process, each naming what it is about, none holding a number, a text or a secret."""

from __future__ import annotations

from core.logs.about import about, bound
from core.logs.callback_tokens import MaskCallbackTokens
from core.logs.lines import FORMATS, formatter

__all__ = ["FORMATS", "MaskCallbackTokens", "about", "bound", "formatter"]
