"""One file, one idea; functions short enough to see whole."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APPS = (
    "access", "campaigns", "consent", "conversations", "core", "credentials", "links", "messaging", "operations",
    "profiles", "reports", "simulator", "smsgateway", "webhooks",
)  # fmt: skip
FILES = [
    path.relative_to(ROOT)
    for app in APPS
    for path in sorted((ROOT / app).rglob("*.py"))
    if "migrations" not in path.parts
]


@pytest.mark.parametrize("file", FILES, ids=str)
def test_files_and_functions_stay_short(file: Path) -> None:
    source = (ROOT / file).read_text(encoding="utf-8")
    assert len(source.splitlines()) <= 300
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno + 1 <= 45, node.name


@pytest.mark.parametrize("file", FILES, ids=str)
def test_public_functions_and_classes_say_what_they_do(file: Path) -> None:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    silent = [
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and ast.get_docstring(node) is None
    ]
    assert silent == []
