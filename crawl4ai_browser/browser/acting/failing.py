"""CannotAct: why an action is given up, before it is known which one of how many it is."""

from __future__ import annotations

from crawl4ai_browser.errors import Blame


class CannotAct(Exception):
    """An action can't be done. The performer says which, and adds the state of the page."""

    def __init__(self, reason: str, *, blame: Blame = "site") -> None:
        super().__init__(reason)
        self.reason = reason
        self.blame: Blame = blame
