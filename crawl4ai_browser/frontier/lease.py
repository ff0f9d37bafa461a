"""What the frontier gives out: leases and counts, as values."""

from __future__ import annotations

from typing import Literal

from crawl4ai_browser.frozen import Frozen
from crawl4ai_browser.request import Request
from crawl4ai_browser.result import Attempt

Outcome = Literal["done", "failed", "skipped"]
"""What became of a request. `skipped`: it was not visited, on purpose (robots.txt), and does not count as a page."""


class Lease(Frozen):
    """A request to be visited now. It ends with `Frontier.complete`, `retry` or `release`, or with the process."""

    id: int
    request: Request
    depth: int
    """Hops from the seed."""
    parent: str | None
    """The page on which the URL was found; None for a seed."""
    attempts: int
    """Attempts charged so far; 0 at first."""
    browser_deaths: int
    """Browsers that died while visiting it."""
    host: str
    """The URL's origin, the unit of politeness."""
    host_number: int
    """That of the host in this frontier."""
    attempt_records: tuple[Attempt, ...]
    """Earlier attempts, those of earlier runs included."""


class FrontierCounts(Frozen):
    """How far the crawl is, over all its runs. `queued + leased + done + failed + skipped == discovered`, always."""

    discovered: int
    """Different requests taken in, seeds included."""
    queued: int
    """To be visited, those waiting for another attempt included."""
    leased: int
    """Being visited."""
    done: int
    failed: int
    """Visited, and given up."""
    skipped: int
    """Not visited, on purpose; they do not count against the page budget."""
    refused: int
    """Links and seeds out of scope, counted each time they were found."""
