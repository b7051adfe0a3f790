"""JSON payloads: parsed first, then the texts are filled in, so no value can break out of its place."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from liquid import BoundTemplate
from liquid.builtin.expressions import FilteredExpression, Path
from liquid.builtin.output import OutputNode
from liquid.expression import Expression

from core.errors import TemplateInvalid
from core.templating.checks import check_text, variables_in
from core.templating.engine import RUN_ERRORS, Budget, compiled, failure, has_markup, new_context, run
from core.templating.filters import MAX_OUTPUT, MAX_RANGE, too_large
from core.templating.json_source import Each, JsonFault, Leaf, Tree, parse
from core.templating.problems import Missing, Problem, problem_at, refusal

_Part = Callable[["_Run"], Any]


class JsonTemplate:
    """A JSON document whose text values are templates; names are constant.

    A text that is exactly one {{ … }} keeps the type of its value (number, list, object); others give a text.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self._plans: dict[Missing, _Part] = {}
        self._tree: Tree = None
        self._fault: Problem | None = None
        try:
            self._tree = parse(source)
        except JsonFault as fault:
            self._fault = fault.problem
        self._leaves = tuple(_leaves(self._tree))
        self.problems: list[Problem] = self.check()

    @property
    def variables(self) -> frozenset[str]:
        """Dotted paths of all variables used in the document."""
        return frozenset(
            path
            for leaf, bound in self._leaves
            for path in variables_in(leaf.text)
            if _root(path) not in bound
        )

    def check(self, *, known: Collection[str] | None = None) -> list[Problem]:
        """Faults with their place in the document; with `known`, unknown variables too (see `check_text`)."""
        if self._fault is not None:
            return [self._fault]
        return [
            self._moved(leaf, problem)
            for leaf, bound in self._leaves
            for problem in check_text(leaf.text, known=known if known is None else {*known, *bound})
        ]

    def render(self, context: Mapping[str, Any], *, missing: Missing = Missing.ERROR) -> Any:
        """The filled-in document as JSON-able objects, fresh each time (TemplateInvalid, VariableMissing)."""
        if self.problems:
            raise refusal(self.problems)
        plan = self._plans.get(missing)
        if plan is None:
            plan = self._plans[missing] = _plan(self._tree, missing)
        return plan(_Run(context))

    def _moved(self, leaf: Leaf, problem: Problem) -> Problem:
        lines = leaf.text.split("\n")
        index = sum(len(line) + 1 for line in lines[: problem.line - 1]) + problem.column - 1
        return problem_at(self.source, leaf.place(self.source, index), problem.message, problem.hint)


class _Run:
    """One rendering of a document: context and budget, and the engine's view of them, made at most once."""

    __slots__ = ("budget", "context", "shared")

    def __init__(self, context: Mapping[str, Any], budget: Budget | None = None) -> None:
        self.context = context
        self.budget = budget or Budget()
        self.shared: Any = None

    def each(self, name: str, items: Any) -> Iterator[_Run]:
        """A rendering for each item, bound to `name`; a single value is a list of one, a blank one of none."""
        for item in items if isinstance(items, list) else [] if items in ("", None) else [items]:
            self.budget.turn()
            yield _Run({**self.context, name: item}, self.budget)

    def named(self, name: str, template: BoundTemplate, expression: Expression) -> Any:
        """The same for a mere variable, which nearly all are: a text or a number needs no engine."""
        value = self.context.get(name)
        if type(value) is int or (type(value) is str and len(value) <= MAX_OUTPUT):
            return value
        return self.value_of(template, expression)

    def value_of(self, template: BoundTemplate, expression: Expression) -> Any:
        if self.shared is None:
            self.shared = new_context(template, self.context, self.budget)
        try:
            value = expression.evaluate(self.shared)
        except RUN_ERRORS as error:
            raise failure(error) from error
        return value if type(value) in _AS_THEY_ARE else _json_able(value)


_AS_THEY_ARE = frozenset({int, bool})


def _json_able(value: Any, depth: int = 0) -> Any:
    if isinstance(value, str):
        if len(value) > MAX_OUTPUT:
            raise too_large()
        return value
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if depth > 20:
        raise TemplateInvalid("A value in the payload is nested too deeply.")
    if isinstance(value, range) and len(value) > MAX_RANGE:
        raise TemplateInvalid(f"A range may have at most {MAX_RANGE} numbers. Use a smaller one.")
    if isinstance(value, list | tuple | range):
        return [_json_able(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {str(name): _json_able(item, depth + 1) for name, item in value.items()}
    return str(value)  # a missing value says so here, or is blank


def _plan(tree: Tree, missing: Missing) -> _Part:
    """The document as nested functions, so that a rendering only runs what differs."""
    if isinstance(tree, dict):
        members = tuple((name, _plan(branch, missing)) for name, branch in tree.items())
        return lambda run_: {name: part(run_) for name, part in members}
    if isinstance(tree, list):
        parts = tuple(_plan(branch, missing) for branch in tree)
        return lambda run_: [part(run_) for part in parts]
    if isinstance(tree, Leaf):
        return _leaf_plan(tree.text, missing)
    if isinstance(tree, Each):
        return _each_plan(tree, missing)
    return lambda run_: tree


def _each_plan(each: Each, missing: Missing) -> _Part:
    items, body = _leaf_plan(each.items.text, missing), _plan(each.body, missing)
    return lambda run_: [body(turn) for turn in run_.each(each.name, items(run_))]


@lru_cache(maxsize=2048)
def _value_plan(source: str, missing: Missing) -> _Part:
    return _leaf_plan(source, missing)


def render_value(source: str, context: Mapping[str, Any], *, missing: Missing = Missing.ERROR) -> Any:
    """A text filled in; one that is exactly one {{ … }} keeps the type of its value, as in a JSON document."""
    return _value_plan(source, missing)(_Run(context))


def _leaf_plan(text: str, missing: Missing) -> _Part:
    if not has_markup(text):
        return lambda run_: text
    template = compiled(text, missing)
    nodes = template.nodes
    if len(nodes) == 1 and isinstance(nodes[0], OutputNode):
        expression = nodes[0].expression
        name = _only_name(expression)
        if name is not None:
            return lambda run_: run_.named(name, template, expression)
        return lambda run_: run_.value_of(template, expression)
    return lambda run_: run(template, run_.context, run_.budget)


def _only_name(expression: Expression) -> str | None:
    """The variable, where the expression is just that: no path into it, no helper function."""
    if not isinstance(expression, FilteredExpression) or expression.filters:
        return None
    path = expression.left.path if isinstance(expression.left, Path) else []
    return path[0] if len(path) == 1 and isinstance(path[0], str) else None


def _leaves(tree: Tree, bound: frozenset[str] = frozenset()) -> Iterator[tuple[Leaf, frozenset[str]]]:
    """(text, names that loops around it define) of every text of the document."""
    if isinstance(tree, Leaf):
        yield tree, bound
    elif isinstance(tree, Each):
        yield tree.items, bound
        yield from _leaves(tree.body, bound | {tree.name})
    elif isinstance(tree, dict | list):
        for branch in tree.values() if isinstance(tree, dict) else tree:
            yield from _leaves(branch, bound)


def _root(path: str) -> str:
    return path.partition(".")[0]
