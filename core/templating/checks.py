"""Looking at a template without filling it in: faults, unknown names, variables used."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache

from core.templating.engine import FILTER_NAMES, TemplateSyntax, compiled, has_markup, syntax_problem
from core.templating.problems import Missing, Problem, problem_at, suggestion

_ALWAYS_THERE = frozenset({"now", "today"})
_FREE_PREFIX = "profile"


def check_text(source: str, *, known: Collection[str] | None = None) -> list[Problem]:
    """Faults found without rendering; with `known`, unknown variables too ("profile.…" is free)."""
    syntax = syntax_problem(source) if has_markup(source) else None
    if syntax is not None:
        return [syntax]
    uses, functions = _uses(source)
    problems = [
        problem_at(source, index, f"There is no helper function {name}.", function_hint(name))
        for name, index in functions
        if name not in FILTER_NAMES
    ]
    if known is not None:
        problems += [
            _unknown(source, path, index, known) for path, index in uses if not _is_known(path, known)
        ]
    return sorted(problems, key=lambda problem: (problem.line, problem.column))


def function_hint(name: str) -> str:
    """The helper function that is meant: of the same purpose elsewhere, else of nearly the same name."""
    ours = _ELSEWHERE.get(name.lower())
    return f"Did you mean {ours}?" if ours else suggestion(name, FILTER_NAMES)


# What other template languages call our functions.
_ELSEWHERE = {
    "strftime": "date", "format_date": "date", "date_format": "date", "lowercase": "downcase",
    "uppercase": "upcase", "len": "size", "contains": "includes", "in": "isIn", "count": "size",
    "substr": "slice", "substring": "slice", "urlescape": "urlencode", "escape_url": "urlencode",
    "encodeuricomponent": "urlencode", "tojson": "json", "to_json": "json", "b64encode": "base64",
    "to_base64": "base64", "hexencode": "hex", "to_hex": "hex", "concatenate": "append", "escape": "xml",
    "sha_256": "sha256", "hmac": "hmac_sha256", "number": "toNumber", "int": "toInt",
}  # fmt: skip


def variables_in(source: str) -> frozenset[str]:
    """Dotted paths of the variables read, e.g. {"toNumber", "profile.firstName"}; empty if it is faulty."""
    try:
        uses, _ = _uses(source)
    except TemplateSyntax:
        return frozenset()
    return frozenset(path for path, _ in uses)


def variable_places(source: str) -> tuple[tuple[str, int], ...]:
    """(dotted path, character index) of every variable read; TemplateSyntax when it does not parse."""
    return _uses(source)[0]


@lru_cache(maxsize=512)
def _uses(source: str) -> tuple[tuple[tuple[str, int], ...], tuple[tuple[str, int], ...]]:
    """(variable path, index) and (helper function, index) for each use in the source."""
    if not has_markup(source):
        return (), ()
    analysis = compiled(source, Missing.ERROR).analyze(include_partials=False)
    variables = tuple(
        (_dotted(use.segments), use.span.index)
        for root, found in analysis.globals.items()
        if root not in _ALWAYS_THERE
        for use in found
    )
    functions = tuple((name, span.index) for name, spans in analysis.filters.items() for span in spans)
    return variables, functions


def _dotted(segments: Sequence[object]) -> str:
    return ".".join(_leading_names(segments))


def _leading_names(segments: Sequence[object]) -> Iterator[str]:
    for segment in segments:
        if not isinstance(segment, str):
            return
        yield segment


def _is_known(path: str, known: Collection[str]) -> bool:
    root = path.partition(".")[0]
    return root == _FREE_PREFIX or root in known or path in known


def _unknown(source: str, path: str, index: int, known: Collection[str]) -> Problem:
    root, _, rest = path.partition(".")
    if rest and suggestion(root, [_FREE_PREFIX]):
        hint = suggestion(path, [f"{_FREE_PREFIX}.{rest}"])
    else:
        hint = suggestion(path, known) or f"A profile attribute is written {_FREE_PREFIX}.{path}."
    return problem_at(source, index, f"There is no variable {path}.", hint)
