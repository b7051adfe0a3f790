"""What the lines of a thread are about while it works on one thing: a message, a webhook, a request."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import wraps
from typing import ParamSpec, TypeVar

from structlog.contextvars import bind_contextvars, bound_contextvars, reset_contextvars

Given = ParamSpec("Given")
Result = TypeVar("Result")


def bound(**names: object) -> AbstractContextManager[None]:
    """Every line of this thread says so until the block ends: `with bound(message=message.id):`."""
    return bound_contextvars(**{name: str(value) for name, value in names.items()})


def about(
    name: str, of: Callable[Given, object]
) -> Callable[[Callable[Given, Result]], Callable[Given, Result]]:
    """The same for a whole function; `of` finds the id among its arguments."""

    def decorate(function: Callable[Given, Result]) -> Callable[Given, Result]:
        @wraps(function)
        def decorated(*args: Given.args, **kwargs: Given.kwargs) -> Result:
            # What `bound` does, less the block: this stands around every message.
            before = bind_contextvars(**{name: str(of(*args, **kwargs))})
            try:
                return function(*args, **kwargs)
            finally:
                reset_contextvars(**before)

        return decorated

    return decorate
