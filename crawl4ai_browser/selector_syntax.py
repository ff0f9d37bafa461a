"""Whether selectors and expressions are well formed, asked of the engines that will run them.

`schema` loads this when the first selector is made, so that a wrong one is refused where it was written, and whoever
has none does not load the engines.
"""

from __future__ import annotations

from typing import Any

import re2  # pyright: ignore[reportMissingTypeStubs] - it has none
from lxml import etree
from selectolax.lexbor import LexborHTMLParser, SelectolaxError

_re2: Any = re2
_EMPTY = LexborHTMLParser("")

SELF = ":scope"
"""The one selector that we add to lexbor's: the element in which is looked."""


def check_css(selector: str) -> None:
    """Nothing, where lexbor knows the selector.

    Raises:
        ValueError: it doesn't.
    """
    if selector == SELF:
        return
    try:
        _EMPTY.css(selector)
    except SelectolaxError:
        raise ValueError(f"not a CSS selector: {selector!r}") from None


def check_xpath(expression: str) -> None:
    """Nothing, where it is an XPath 1.0 expression.

    Raises:
        ValueError: it is not.
    """
    try:
        etree.XPath(expression)
    except etree.XPathError as error:
        raise ValueError(f"not an XPath expression: {expression!r} ({error})") from None


def compiled_regex(source: str) -> Any:
    """The expression as RE2 has it: linear time whatever the text, as the texts are strangers'.

    Raises:
        ValueError: not an expression of RE2.
    """
    options = _re2.Options()
    options.log_errors = False
    try:
        return _re2.compile(source, options=options)
    except _re2.error as error:
        reason = error.args[0].decode() if isinstance(error.args[0], bytes) else str(error)
        raise ValueError(
            f"not a regular expression: {source!r} ({reason}; RE2 has neither look-around nor back-references)"
        ) from None
