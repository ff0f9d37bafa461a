"""Tape: the exchanges of a cassette, found again by their requests. Pure."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from urllib.parse import parse_qsl, urlsplit

from crawl4ai_browser.testing.cassettes.exchange import Answer, Asked, Exchange
from crawl4ai_browser.testing.site_behaviours import byte_span

_LIKE_ENOUGH = 0.5
"""Of `difflib`'s ratio, below which a request is no near match."""


_FROM_THE_START = "bytes=0-"
_SPAN = re.compile(r"bytes=(\d*)-(\d*)")

_TIMES = frozenset({"date", "age", "expires", "last-modified"})
"""Headers that differ between two answers that say the same."""


class Tape:
    """Exchanges by request. Equal requests have a row of answers: the nth gets the nth, later ones the last."""

    def __init__(self, recorded_at: datetime) -> None:
        """An empty one. `recorded_at` is what pages take for the present."""
        self.recorded_at = recorded_at
        self.unreachable: dict[str, str] = {}
        """Hosts with their ports to which there was no way, and why."""
        self._rows: dict[tuple[str, str, str, str], list[Exchange]] = {}
        self._taken: Counter[tuple[str, str, str, str]] = Counter()

    def add(self, exchange: Exchange) -> None:
        """Another answer for this request, behind those that are there. It counts as taken."""
        key = exchange.asked.key
        self._rows.setdefault(key, []).append(exchange)
        self._taken[key] += 1

    def load(self, exchanges: Iterable[Exchange]) -> None:
        """Have these, none of them taken."""
        for exchange in exchanges:
            self._rows.setdefault(exchange.asked.key, []).append(exchange)

    def take(self, asked: Asked) -> Answer | None:
        """The next answer for this request; None: there is none at all."""
        row = self._rows.get(asked.key)
        if row is None:
            return self._from_whole(asked)
        index = min(self._taken[asked.key], len(row) - 1)
        self._taken[asked.key] += 1
        return row[index].answer

    def _from_whole(self, asked: Asked) -> Answer | None:
        """A part of what was recorded whole, or the whole of what was recorded as a part from its start to its end.

        Browsers ask for parts of media as they like: another run asks for others.
        """
        for span in ("", _FROM_THE_START):
            row = self._rows.get(replace(asked, span=span).key)
            answer = row[-1].answer if row else None
            if answer is not None and answer.ending == "whole" and answer.status in (200, 206):
                return cut(answer, asked.span)
        return None

    def exchanges(self) -> list[Exchange]:
        """All of them, ordered by request and not by time, so that a second recording differs where the site does."""
        rows = sorted(self._rows.values(), key=lambda row: (row[0].asked.url, row[0].asked.method, row[0].asked.key))
        return [exchange for row in rows for exchange in _without_repeats(row)]

    def knows_host(self, origin: str) -> bool:
        """Whether anything of this origin (scheme, host and port) is on it."""
        return any(row[0].asked.url.startswith(f"{origin}/") for row in self._rows.values())

    def nearest(self, asked: Asked) -> str:
        """The most similar request that is on it, with how it differs; empty where none is similar."""
        by_text = {str(row[0].asked): row[0].asked for row in self._rows.values()}
        if str(asked) in by_text:
            return f"{asked}, with another body"
        found = difflib.get_close_matches(str(asked), by_text, n=1, cutoff=_LIKE_ENOUGH)
        if not found:
            return ""
        return found[0] + _query_difference(asked.url, by_text[found[0]].url)

    def __repr__(self) -> str:
        """How much is on it."""
        return f"<Tape of {self.recorded_at:%Y-%m-%d}, {sum(map(len, self._rows.values()))} exchanges>"


def cut(answer: Answer, span: str) -> Answer:
    """The part of a whole answer that a Range header asks for (RFC 9110, 14.2); the whole where it asks for none."""
    headers = tuple(header for header in answer.headers if header[0].lower() not in ("content-range", "content-length"))
    size = len(answer.body)
    asked = _SPAN.fullmatch(span)
    found = byte_span(asked[1], asked[2], size) if asked is not None else None
    if found is None:
        return replace(answer, status=200, reason="OK", headers=(*headers, ("Content-Length", str(size))))
    first, end = found
    told = (("Content-Range", f"bytes {first}-{end - 1}/{size}"), ("Content-Length", str(end - first)))
    return replace(answer, status=206, reason="Partial Content", headers=(*headers, *told), body=answer.body[first:end])


def _without_repeats(row: list[Exchange]) -> list[Exchange]:
    """The row without those at its end that say the same as the one before: the last one is given again and again."""
    end = len(row)
    while end > 1 and _meaning(row[end - 1].answer) == _meaning(row[end - 2].answer):
        end -= 1
    return row[:end]


def _meaning(answer: Answer) -> Answer:
    kept = tuple(header for header in answer.headers if header[0].lower() not in _TIMES)
    return replace(answer, headers=kept)


def _query_difference(asked: str, known: str) -> str:
    """Which parameters differ, where nothing else does."""
    ours, theirs = urlsplit(asked), urlsplit(known)
    if (ours.netloc, ours.path) != (theirs.netloc, theirs.path):
        return ""
    wanted, had = dict(parse_qsl(ours.query)), dict(parse_qsl(theirs.query))
    changed = sorted(name for name in wanted.keys() | had.keys() if wanted.get(name) != had.get(name))
    parts = [f"{name}={had.get(name)!r}, asked {wanted.get(name)!r}" for name in changed]
    return f" (its {'; '.join(parts)})" if parts else ""
