"""The sandbox: python-liquid without loaders and HTML, with budgets for steps, loops, values and output."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from io import StringIO
from typing import Any, TextIO

from liquid import BoundTemplate, Environment, Mode, RenderContext, Undefined
from liquid.exceptions import LiquidError
from liquid.output import LimitedStringIO
from liquid.token import Token
from liquid.undefined import UNDEFINED
from liquid.utils import ReadOnlyChainMap

from core.clock import now
from core.errors import TemplateInvalid
from core.templating.absent import Absent, StandIn
from core.templating.filters import KEPT, MAX_OUTPUT, guarded, too_large
from core.templating.helpers import OWN
from core.templating.problems import Missing, Problem, explain, problem_at, refusal

MAX_SOURCE = 20_000  # characters
MAX_STEPS = 10_000  # nodes rendered plus helper functions called, in one rendering
MAX_TURNS = 1_000  # loop turns, in one rendering
_DROPPED_TAGS = ("include", "render", "tablerow", "doc")
_OPENING = re.compile(r"\{\{|\{%")
_TAG_NAME = re.compile(r"-?\s*(\w+)")
_END_OF_RAW = re.compile(r"\{%-?\s*endraw\s*-?%\}")
_LONG_BLANK = re.compile(r"\s{41}")  # the engine's reader takes time cubic in a run of blanks
# What a template may trip over while it runs besides the engine's own errors: arithmetic, dates, nesting.
RUN_ERRORS = (
    LiquidError,
    ArithmeticError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    RecursionError,
)
_PLAIN = frozenset({str, int, float, bool, type(None), dict, list})


class Budget:
    """What a rendering may still use up; the texts of one document share it."""

    __slots__ = ("steps", "turns")

    def __init__(self) -> None:
        self.steps = MAX_STEPS
        self.turns = MAX_TURNS

    def step(self) -> None:
        """Take a step (TemplateInvalid when there are none left)."""
        self.steps -= 1
        if self.steps < 0:
            raise TemplateInvalid(f"The template takes more than {MAX_STEPS} steps. Make it simpler.")

    def turn(self, count: int = 1) -> None:
        """Take turns of a loop (TemplateInvalid when there are not enough left)."""
        self.turns -= count
        if self.turns < 0:
            raise TemplateInvalid(f"The loops take more than {MAX_TURNS} turns in all. Use smaller ones.")


class _Clock(Mapping[str, object]):
    """`now` and `today` where the context has none: by the one clock, in UTC, written as in a request."""

    def __getitem__(self, name: str) -> object:
        return now().strftime(_CLOCK_FORMS[name])

    def __iter__(self) -> Iterator[str]:
        return iter(_CLOCK_FORMS)

    def __len__(self) -> int:
        return len(_CLOCK_FORMS)


_CLOCK_FORMS = {"now": "%Y-%m-%dT%H:%M:%SZ", "today": "%Y-%m-%d"}
_CLOCK = _Clock()


class _Context(RenderContext):
    """A rendering with a budget; every node and every helper function takes a step."""

    __slots__ = ("budget", "filled", "stand_in")

    def __init__(
        self, template: BoundTemplate, *, budget: Budget | None = None, stand_in: str = "", **kwargs: Any
    ) -> None:
        self.budget = budget or Budget()
        self.stand_in = stand_in
        self.filled: list[str] = []
        super().__init__(template, **kwargs)
        self.scope = ReadOnlyChainMap(self.locals, self.globals, _CLOCK, self.counters)

    @property
    def disabled_tags(self) -> list[str]:
        # The engine asks for this before it renders any node: the one place that sees them all.
        self.budget.step()
        return []

    @disabled_tags.setter
    def disabled_tags(self, value: list[str]) -> None:
        pass

    def filter(self, name: str, token: Token | None) -> Any:
        self.budget.step()
        return super().filter(name, token)

    def raise_for_loop_limit(self, length: int = 1) -> None:
        self.budget.turn(length)

    def get_buffer(self, buf: TextIO | None = None) -> StringIO:
        used = buf.size if isinstance(buf, LimitedStringIO) else 0
        return _buffer(self.env.output_stream_limit or 0, used)

    def get(self, path: list[object], *, token: Token | None, default: object = UNDEFINED) -> object:
        """The value at a path; a null counts as no value, since nothing can be written for it."""
        value: object = None
        try:
            value = self.scope[path[0]]  # type: ignore[index]
            for segment in path[1:]:
                value = self.get_item(value, segment)
        except (KeyError, TypeError, IndexError):
            value = None
        if value is not None:
            return value
        if default is not UNDEFINED:
            return default
        return self.env.undefined(".".join(map(str, path)), token=token, obj=self)

    def fill(self, name: str) -> str:
        """The fallback text, for a variable whose name is remembered."""
        self.filled.append(name)
        return self.stand_in


class _Template(BoundTemplate):
    context_class = _Context

    def _get_buffer(self) -> StringIO:
        return _buffer(self.env.output_stream_limit or 0, 0)


def _buffer(limit: int, used: int) -> StringIO:
    # The engine's own would turn every carriage return into a line feed.
    return LimitedStringIO(limit=limit - used, newline="")


class _Sandbox(Environment):
    template_class = _Template
    block_nesting_limit = 20
    context_depth_limit = 30
    local_namespace_limit = 4 * MAX_OUTPUT
    output_stream_limit = 4 * MAX_OUTPUT  # bytes; characters are counted at the end

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        super().setup_tags_and_filters(extra=False)
        for name in _DROPPED_TAGS:
            del self.tags[name]
        kept = {name: function for name, function in self.filters.items() if name in KEPT} | OWN
        self.filters = {name: guarded(name, function) for name, function in kept.items()}


_SANDBOXES = {
    Missing.ERROR: _Sandbox(tolerance=Mode.STRICT, undefined=Absent),
    Missing.BLANK: _Sandbox(tolerance=Mode.STRICT, undefined=Undefined),
    Missing.FALLBACK: _Sandbox(tolerance=Mode.STRICT, undefined=StandIn),
}
FILTER_NAMES = frozenset(_SANDBOXES[Missing.ERROR].filters)


def has_markup(source: str) -> bool:
    """Whether anything in the text needs the engine."""
    return "{{" in source or "{%" in source


def syntax_problem(source: str) -> Problem | None:
    """The first syntax error, if there is one."""
    try:
        compiled(source, Missing.ERROR)
    except TemplateSyntax as error:
        return error.problem
    return None


class TemplateSyntax(TemplateInvalid):
    """A template that does not parse; carries the problem with its place."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


@lru_cache(maxsize=2048)
def compiled(source: str, missing: Missing) -> BoundTemplate:
    """The parsed template (TemplateSyntax when it does not parse)."""
    problem = _preflight(source)
    if problem is not None:
        raise TemplateSyntax(problem)
    try:
        return _SANDBOXES[missing].from_string(source)
    except LiquidError as error:
        index = error.token.start_index if error.token else -1
        raise TemplateSyntax(explain(source, str(error.message), index)) from error


def _preflight(source: str) -> Problem | None:
    """Refuse, in linear time, what the engine's own reader would choke on."""
    if len(source) > MAX_SOURCE:
        return problem_at(source, 0, f"The template is longer than {MAX_SOURCE} characters.")
    position = 0
    while opening := _OPENING.search(source, position):
        start, mark = opening.start(), opening.group()
        closing = "}}" if mark == "{{" else "%}"
        end = source.find(closing, opening.end())
        if end < 0:
            return problem_at(source, start, f"{mark} is not closed.", f"Add {closing}.")
        if _LONG_BLANK.search(source, opening.end(), end):
            return problem_at(source, start, f"There are too many blanks between {mark} and {closing}.")
        position = end + 2
        tag = _TAG_NAME.match(source, opening.end()) if mark == "{%" else None
        if tag and tag.group(1) == "raw":
            raw_end = _END_OF_RAW.search(source, position)
            if raw_end is None:
                return problem_at(source, start, "{% raw %} is not closed.", "Add {% endraw %}.")
            position = raw_end.end()
    return None


def new_context(
    template: BoundTemplate, context: Mapping[str, Any], budget: Budget | None = None, stand_in: str = ""
) -> _Context:
    """A fresh rendering over `context`, which must hold plain data only."""
    for name, value in context.items():
        if type(value) not in _PLAIN and not isinstance(value, str | int | float):
            raise TypeError(f"Template variable {name} must be plain data, not {type(value).__name__}.")
    return _Context(template, budget=budget, stand_in=stand_in, globals=context)


def run(template: BoundTemplate, context: Mapping[str, Any], budget: Budget | None = None) -> str:
    """Render a compiled template; TemplateInvalid (VariableMissing) when it cannot be filled in."""
    return _written(template, new_context(template, context, budget))


def _written(template: BoundTemplate, rendering: _Context) -> str:
    buffer = template._get_buffer()
    try:
        template.render_with_context(rendering, buffer)
    except RUN_ERRORS as error:
        raise failure(error) from error
    text = buffer.getvalue()
    if len(text) > MAX_OUTPUT:
        raise too_large()
    return text


def failure(error: Exception) -> TemplateInvalid:
    """What went wrong while a template ran, in our words."""
    message = str(error.message) if isinstance(error, LiquidError) else str(error)
    if "limit reached" in message:
        return too_large()
    token = error.token if isinstance(error, LiquidError) else None
    if token is not None and token.start_index >= 0:
        return refusal([problem_at(token.source, token.start_index, message + ".")])
    return TemplateInvalid(f"The template could not be filled in: {message or type(error).__name__}.")


def render_text(source: str, context: Mapping[str, Any], *, missing: Missing = Missing.ERROR) -> str:
    """Fill in a text template (TemplateInvalid on a syntax error, VariableMissing when a value is)."""
    if not has_markup(source):
        return source
    return run(compiled(source, missing), context)


def render_filled(source: str, context: Mapping[str, Any], *, stand_in: str) -> tuple[str, tuple[str, ...]]:
    """Fill in a text template with `stand_in` for each missing value; the text, and which were missing."""
    if not has_markup(source):
        return source, ()
    template = compiled(source, Missing.FALLBACK)
    rendering = new_context(template, context, stand_in=stand_in)
    return _written(template, rendering), tuple(dict.fromkeys(rendering.filled))
