"""The README's table of faults is the one that is tested."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from crawl4ai_browser.errors import error_classes
from crawl4ai_browser.testing.site_outcomes import Outcome, fault_outcomes
from tests.faults.table import ROWS, Row, table

TESTS = Path(__file__).parents[1]
README = (TESTS.parent / "README.md").read_text(encoding="utf-8")
OUTCOMES = {outcome.path: outcome for outcome in fault_outcomes()}

UNREMARKABLE = (
    *("/drop-then-200", "/empty", "/status/404", "/status/500", "/redirect-chain?hops=5", "/slow?seconds=0.3"),
    *("/drip?bytes=100&interval=0.02", "/history-storm", "/big?bytes=1000000", "/download/attachment", "/download/pdf"),
)
"""Of what is owed, what breaks nothing, or what another table says."""


def test_the_readme_has_the_table() -> None:
    section = README[README.index("## When something breaks") :]
    lines = section[: section.index("\n## ", 1)].splitlines()
    assert "\n".join(line for line in lines if line.startswith("|")) == table()


def functions(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.fault)
def test_a_row_has_its_tests(row: Row) -> None:
    assert row.tests
    for test in row.tests:
        name, _, function = test.partition("::")
        file = TESTS / name if "/" in name else TESTS / "faults" / name
        assert function in functions(file), test


def named_errors(row: Row) -> set[str]:
    return {name for name in re.findall(r"`(\w+)`", row.seen) if name in error_classes()}


@pytest.mark.parametrize("row", [row for row in ROWS if row.routes], ids=lambda row: row.fault)
def test_a_row_says_what_its_routes_owe(row: Row) -> None:
    owed: list[Outcome] = [OUTCOMES[route] for route in row.routes]
    for outcome in owed:
        assert outcome.ok or set(outcome.errors) & named_errors(row)
        assert outcome.ok or f"({outcome.blame})" in row.seen


def test_every_outcome_is_in_a_row() -> None:
    assert {route for row in ROWS for route in row.routes} == set(OUTCOMES) - set(UNREMARKABLE)
