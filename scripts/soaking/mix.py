"""What a soak visits: routes of the fault site and pages of the bundled one, in an order that only the seed decides."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

from crawl4ai_browser.testing.site import expected_pages
from crawl4ai_browser.testing.site_outcomes import Outcome, fault_outcomes

FAULT_SHARE = 0.4
"""Of the pages. A third or so of these hang until their deadline, so that it is more than half of the time."""

UNTIMELY = ("/station/event-stream.html",)
"""What comes over an event stream is not waited for: on a busy machine the page may be read before."""


def ordinary_outcomes(site_folder: Path) -> tuple[Outcome, ...]:
    """Of the pages of the bundled site whose text only their script could have written."""
    pages = [page for page in expected_pages(site_folder) if page.kind == "page" and page.text is not None]
    pages = [page for page in pages if page.path not in UNTIMELY]
    return tuple(Outcome(path=page.path, html=page.text) for page in pages)


def mixed(seed: int, ordinary: tuple[Outcome, ...], faults: tuple[Outcome, ...] | None = None) -> Iterator[Outcome]:
    """Outcomes without an end, each with an address of its own. First every fault comes once, then they come by chance.

    The same seed gives the same ones.
    """
    random = Random(seed)
    known = list(faults if faults is not None else fault_outcomes())
    first = list(known)
    random.shuffle(first)
    number = 0
    while True:
        is_fault = random.random() < FAULT_SHARE
        chosen = (first.pop() if first else random.choice(known)) if is_fault else random.choice(ordinary)
        yield numbered(chosen, number)
        number += 1


def numbered(outcome: Outcome, number: int) -> Outcome:
    """The same at an address that differs by a query parameter of no meaning: a crawl visits no address twice."""
    separator = "&" if "?" in outcome.path else "?"
    return outcome.model_copy(update={"path": f"{outcome.path}{separator}soak={number}"})
