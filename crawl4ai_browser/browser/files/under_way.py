"""UnderWay: what a page has asked the browser for and what shows only when its answer begins. Pure.

A script that clicks a download link, or goes to a file, is done long before the server answers; the page is quiet
meanwhile. So the page is asked, when it is read, what is still under way, and the visit waits for that.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from crawl4ai_browser.browser.files.rules import is_saved
from crawl4ai_browser.browser.visits.document_watch import NO_CONTENT, Hop
from crawl4ai_browser.urls import without_fragment

WINDOW_SECONDS = 5.0
"""For what a window was opened for. Most show a page nobody waits for."""

FRAME_SECONDS = 1.0
"""For what comes in a frame that cannot be seen: a file, by an old trick, but mostly something for adverts."""

BEGIN_SECONDS = 5.0
"""Between an answer that is a file and the browser's news that it is saving it: 10 ms, 80 under load."""


@dataclass(frozen=True)
class UnderWay:
    """What was asked for."""

    files: tuple[str, ...] = ()
    """By `<a download>`."""
    leaving: str | None = None
    """Another document, or a file, in the page's own place."""
    windows: int = 0
    """Opened."""
    frames: tuple[str, ...] = ()
    """Hidden ones that show nothing yet."""

    @property
    def is_nothing(self) -> bool:
        """Whether there is nothing to wait for."""
        return not (self.files or self.leaving or self.windows or self.frames)


class Seen(NamedTuple):
    """What has come so far."""

    hops: Sequence[Hop]
    """Of the page's own place, since its document."""
    frame_hops: Sequence[Hop]
    begun: Collection[str]
    """Addresses of the files that have begun, in their order."""
    window_count: int
    lost: Collection[str]
    """Addresses that gave no answer."""


def waiting_seconds(asked: UnderWay, seen: Seen, *, answer_seconds: float) -> float:
    """How long to wait for what has not come yet, from the start of waiting; 0 where all of it has.

    `answer_seconds` is how long a server may take to answer.
    """
    limits = [0.0]
    if any(url not in seen.lost for url in missing_files(asked, seen)):
        limits.append(answer_seconds)
    if asked.leaving is not None and not has_lost_page(asked, seen.lost):
        limits.append(_seconds_for(seen.hops, seen.begun, answer_seconds))
    if seen.window_count + len(seen.begun) < asked.windows:
        limits.append(WINDOW_SECONDS)
    if any(will_be_file(hop) and hop.url not in seen.begun for hop in seen.frame_hops):
        limits.append(BEGIN_SECONDS)
    for url in asked.frames:
        chain = [hop for hop in seen.frame_hops if without_fragment(hop.url) == without_fragment(url)]
        last = [hop for hop in seen.frame_hops if chain and hop.network_id == chain[-1].network_id]
        limits.append(0.0 if url in seen.begun else _seconds_for(last, seen.begun, FRAME_SECONDS))
    return max(limits)


def _seconds_for(hops: Sequence[Hop], begun: Collection[str], answer_seconds: float) -> float:
    if not hops or hops[-1].is_redirect:
        return answer_seconds
    return BEGIN_SECONDS if will_be_file(hops[-1]) and hops[-1].url not in begun else 0.0


def has_lost_page(asked: UnderWay, lost: Collection[str]) -> bool:
    """Whether there was no answer from where the page was leaving to; a redirect may have given it another address."""
    return asked.leaving is not None and any(url not in asked.files for url in lost)


def missing_files(asked: UnderWay, seen: Seen) -> tuple[str, ...]:
    """Addresses of `<a download>` for which no file has begun. A redirected one is known by its coming at all."""
    missing = [url for url in asked.files if url not in seen.begun]
    strangers = sum(url not in asked.files for url in seen.begun)
    return tuple(missing[strangers:])


def will_be_file(hop: Hop) -> bool:
    """Whether the browser saves this answer."""
    return hop.status < 400 and hop.status not in NO_CONTENT and not hop.is_redirect and is_saved(hop.headers)


def leads_on(hops: Sequence[Hop]) -> bool:
    """Whether the page's own place has been given to another document."""
    return any(not (hop.is_redirect or hop.status in NO_CONTENT or will_be_file(hop)) for hop in hops)
