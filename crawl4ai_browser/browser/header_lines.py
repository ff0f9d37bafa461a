"""Header lines as mappings. Pure."""

from __future__ import annotations

from collections.abc import Iterable

HeaderLine = tuple[str, str]
"""Name and value, as sent."""


def joined(lines: Iterable[HeaderLine]) -> dict[str, str]:
    """Header lines as a mapping: names in lower case, equal ones joined as RFC 9110, 5.3 has it."""
    result: dict[str, str] = {}
    for name, value in lines:
        key = name.lower()
        separator = "\n" if key == "set-cookie" else ", "
        result[key] = f"{result[key]}{separator}{value}" if key in result else value
    return result
