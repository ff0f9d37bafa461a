"""What a scope takes, and what it refuses to be."""

from __future__ import annotations

import re

import pytest
from pydantic import ValidationError

from crawl4ai_browser.frontier.scope import Scope, TrapLimits


def test_a_compiled_expression_is_kept_as_text_with_its_flags() -> None:
    scope = Scope(include=(re.compile("/docs/", re.IGNORECASE), re.compile("a.b")), exclude=(re.compile("x", re.S),))
    assert scope.include == ("re:(?i)/docs/", "re:a.b")
    assert scope.exclude == ("re:(?s)x",)


def test_a_scope_travels_as_json() -> None:
    scope = Scope(max_depth=2, include=(re.compile("a"), "/b/*"), hosts=("Example.org",), traps=TrapLimits())
    assert Scope.model_validate_json(scope.model_dump_json()) == scope


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"include": ("re:(",)}, "not a regular expression: '\\('"),
        ({"exclude": ("re:(?!no)",)}, "look-around"),
        ({"exclude": ("",)}, "empty pattern"),
        ({"hosts": ("https://example.org/",)}, "not a host"),
        ({"hosts": ("a*.example.org",)}, "not a host"),
        ({"max_depth": -1}, "max_depth"),
        ({"max_pages": 0}, "max_pages"),
        ({"same": "planet"}, "same"),
        ({"depth": 1}, "depth"),
    ],
)
def test_a_wrong_scope_is_refused_with_the_reason(fields: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Scope.model_validate(fields)
