"""`srcset`: image candidates, parsed as the HTML Standard has it (4.8.4.2.2, "parse a srcset attribute")."""

from __future__ import annotations

import re
from typing import NamedTuple

_LEADING = re.compile(r"[ \t\n\f\r,]*")
_URL = re.compile(r"[^ \t\n\f\r]+")
_DESCRIPTORS = re.compile(r"(?:\([^)]*\)?|[^,(])*")  # commas in parentheses do not end a candidate
_NUMBER = re.compile(r"(\d+(?:\.\d+)?)([wxh])")


class Candidate(NamedTuple):
    """One URL and its descriptor (`2x`, `640w`, empty)."""

    url: str
    descriptor: str

    @property
    def size(self) -> float:
        """To order candidates by: the width, or the density; 1 without descriptor."""
        match = _NUMBER.match(self.descriptor)
        return float(match[1]) if match else 1.0


def parse_srcset(text: str) -> list[Candidate]:
    """The candidates in order. URLs may hold commas, as those of `data:` do: white space or a last comma ends one."""
    candidates: list[Candidate] = []
    position = 0
    while True:
        position = _skip(text, position)
        found = _URL.match(text, position)
        if found is None:
            return candidates
        url, position = found[0], found.end()
        descriptor = ""
        if url.endswith(","):
            url = url.rstrip(",")
        else:
            rest = _DESCRIPTORS.match(text, position)
            if rest is not None:
                descriptor, position = " ".join(rest[0].split()), rest.end()
        if url:
            candidates.append(Candidate(url, descriptor))


def _skip(text: str, position: int) -> int:
    found = _LEADING.match(text, position)
    return found.end() if found else position


def largest(candidates: list[Candidate]) -> Candidate | None:
    """The one with the most pixels."""
    return max(candidates, key=lambda candidate: candidate.size, default=None)
