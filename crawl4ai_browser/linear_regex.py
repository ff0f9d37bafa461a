"""Regular expressions that take linear time whatever the text: RE2's, as the texts are URLs chosen by strangers.

Python's own engine tries alternatives one after the other, and can be made to take years over 40 characters.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import re2  # pyright: ignore[reportMissingTypeStubs] - it has none

_re2: Any = re2


def compile_search(source: str) -> Callable[[str], bool]:
    """A function that tells whether the expression occurs in a text.

    Raises:
        ValueError: not an expression of RE2 (https://github.com/google/re2/wiki/Syntax).
    """
    options = _re2.Options()
    options.log_errors = False
    try:
        expression = _re2.compile(source, options=options)
    except _re2.error as error:
        reason = error.args[0].decode() if isinstance(error.args[0], bytes) else str(error)
        raise ValueError(
            f"not a regular expression: {source!r} ({reason}; RE2 has neither look-around nor back-references)"
        ) from None
    return lambda text: expression.search(text) is not None
