"""Collection: the items of a list as they came by, kept for the reading of the page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice


@dataclass
class Collection:
    """What one selector has found so far. A later form of an item takes the place of an earlier one."""

    css: str
    within: str | None
    items: dict[str, str] = field(default_factory=dict[str, str])
    """Each item's html, by its key, in the order in which they came."""

    @property
    def html(self) -> str:
        """All of them, one after the other."""
        return "\n".join(self.items.values())

    def add(self, found: Iterable[tuple[str, str]]) -> bool:
        """Take in keys with their html; whether any of them is new."""
        before = len(self.items)
        self.items.update(found)
        return len(self.items) > before

    def cut(self, count: int) -> None:
        """Leave the first ones alone."""
        self.items = dict(islice(self.items.items(), count))
