"""Numbers as pages write them."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

_GROUP_SPACES = " \u00a0\u2009\u202f'’"
_BODY = re.compile(
    rf"\d{{1,3}}(?:[{_GROUP_SPACES}]\d{{3}})+(?!\d)(?:[.,]\d+)?"  # 1 299,00
    r"|\d+(?:[.,]\d+)*"  # 1,299.00
    r"|(?<![\w.,])[.,]\d+"  # .5
)
_MINUS_SIGNS = "-−–"
_MAX_DIGITS = 300
"""More digits than any quantity has; a float ends at 308."""


def parse_number(text: str, *, decimal: str = "auto") -> Decimal:
    """The first number in a text. `decimal` is the decimal mark, or `auto`; see `transforms.Number`.

    Raises:
        ValueError: there is none, or its marks don't fit.
    """
    match = _BODY.search(text)
    if match is None:
        raise ValueError("there is no number in it")
    body = match[0].translate(dict.fromkeys(map(ord, _GROUP_SPACES)))
    if len(body) > _MAX_DIGITS:
        raise ValueError("the number is too long")
    mark = _decimal_mark(body) if decimal == "auto" else decimal
    whole, _, fraction = body.partition(mark) if mark else (body, "", "")
    groups = re.split("[.,]", whole)
    if re.search("[.,]", fraction) or any(len(group) != 3 for group in groups[1:]):
        raise ValueError(f"{match[0]!r} is no number" + (f" with the decimal mark {mark!r}" if mark else ""))
    value = Decimal(f"{''.join(groups) or '0'}.{fraction}" if fraction else "".join(groups))
    return -value if _is_negative(text[: match.start()]) else value


def _decimal_mark(body: str) -> str:
    """The decimal mark, by the look of the number; empty where it has none."""
    marks: list[str] = re.findall("[.,]", body)
    if len(set(marks)) == 2:
        return marks[-1]
    if len(marks) != 1 or (marks[0] == "," and re.fullmatch(r"[1-9]\d{0,2},\d{3}", body)):
        return ""
    return marks[0]


def _is_negative(before: str) -> bool:
    """Whether a minus stands before the number, a currency sign between them allowed; a hyphen after a word is none."""
    before = before.rstrip()
    while before and unicodedata.category(before[-1]) == "Sc":
        before = before[:-1].rstrip()
    return before.endswith(tuple(_MINUS_SIGNS)) and not before[:-1].rstrip()[-1:].isalnum()
