"""Helper functions for people who write messages, one module a group; the list with examples is `catalogue`.

The names are those of Adobe Journey Optimizer's editor where it has such a function, so that texts can be moved.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from core.templating.functions import dates, lists, numbers, texts, urls

# These are asked about a value that may be missing; all others refuse one.
TAKE_ABSENT: Final = frozenset({"default", *texts.TAKE_ABSENT, *lists.TAKE_ABSENT})

FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {
    **texts.FUNCTIONS,
    **numbers.FUNCTIONS,
    **dates.FUNCTIONS,
    **lists.FUNCTIONS,
    **urls.FUNCTIONS,
}
