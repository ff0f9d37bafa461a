"""What a page is waited for around its actions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawl4ai_browser.browser.acting.stage import SETTLE_SECONDS
from crawl4ai_browser.ready import Delay, DomContentLoaded, Predicate, Quiet, Ready, Selector

if TYPE_CHECKING:
    from crawl4ai_browser.browser.visits.document_watch import Hop


def quiet_between(ready: Ready) -> Quiet:
    """How still a page has to be before its next action."""
    if isinstance(ready, Quiet):
        return ready.model_copy(update={"cap": min(ready.cap, SETTLE_SECONDS)})
    return Quiet(cap=SETTLE_SECONDS)


def ready_afterwards(ready: Ready, *, failed: bool) -> Ready:
    """When a page is read after its actions.

    What the page was to show at first, its actions may have taken away. After one that failed there may be no time.
    """
    if failed:
        return DomContentLoaded()
    return Quiet() if isinstance(ready, Selector | Predicate | Delay) else ready


def is_fit_for_actions(document: Hop | None) -> bool:
    """Whether the page is what was asked for, and not the site's word for why it is not there."""
    return document is None or document.status < 400
