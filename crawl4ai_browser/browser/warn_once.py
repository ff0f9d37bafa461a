"""WarnOnce: warnings that would be the same for every page, told once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawl4ai_browser.events import Warned

if TYPE_CHECKING:
    from crawl4ai_browser.events import Observers


class WarnOnce:
    """Tells the observers of each text once."""

    def __init__(self, observers: Observers) -> None:
        """Nothing is told yet."""
        self._observers = observers
        self._told: set[str] = set()

    def __call__(self, text: str) -> None:
        """Warn, unless that was done before."""
        if text not in self._told:
            self._told.add(text)
            self._observers(Warned(text=text))

    def __repr__(self) -> str:
        """What was told."""
        return f"<WarnOnce {len(self._told)} texts>"
