"""Candidate: a URL that was found and is not yet queued."""

from __future__ import annotations

from typing import NamedTuple


class Candidate(NamedTuple):
    """What an order looks at. A tuple, as one is made for every new URL: a frozen model takes five times as long."""

    url: str
    """As it would be requested."""
    depth: int
    """Hops from the seed."""
    parent: str | None = None
    """The page it was found on; None for a seed."""
    text: str = ""
    """Of the link."""
    title: str = ""
    rel: tuple[str, ...] = ()
    """The words of the link's `rel`."""
