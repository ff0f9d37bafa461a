"""Candidate: a URL that was found and is not yet decided about."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Candidate:
    """What an order may look at. A plain class, as one is made for every link of every page."""

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
