"""The scripts that run in a page, read from `page_scripts/` and filled in."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from crawl4ai_browser.urls import without_fragment

_TOKEN = "_" + secrets.token_hex(8)
"""Name of the tracker in a page's global object: another one in each process, so that no page can know it."""

_READ = "/*READ*/ null"
_PREDICATE = "/*PREDICATE*/ null"


@cache
def _source(name: str) -> str:
    text = files("crawl4ai_browser.browser.visits").joinpath("page_scripts", name).read_text(encoding="utf-8")
    return text.replace("__TOKEN__", _TOKEN)


def tracker_script() -> str:
    """Runs first in every document of a context."""
    return _source("tracker.js")


def leave_script() -> str:
    """The function that waits for a document that is about to be replaced: at most so many milliseconds.

    True in the one that replaced it. Ends with an error where the replacing ends it.
    """
    pause = "new Promise((resolve) => setTimeout(() => resolve(false), limit))"
    return f"(limit) => window.{_TOKEN}?.isLeaving() ? {pause} : true"


def empty_script(urls: Sequence[str]) -> str:
    """Tells the page that frames that were sent to these addresses will show nothing."""
    return f"window.{_TOKEN}?.empty({json.dumps([without_fragment(url) for url in urls])})"


def forget_script() -> str:
    """The expression after which nothing is under way that the page asked for before. Nothing where no script runs."""
    return f"void window.{_TOKEN}?.forgetAsked()"


def expect_news_script() -> str:
    """The expression after which requests are waited for that the page has made before: an action may ask for more."""
    return f"void window.{_TOKEN}?.finished.clear()"


def list_script() -> str:
    """The function that moves through a list, and gives what it shows."""
    return _source("list.js")


def overlays_script() -> str:
    """The function that finds what lies over the page, and takes it away."""
    return _source("overlays.js")


def read_script() -> str:
    """The function that reads, at once."""
    return _source("read.js")


@cache
def visit_script(predicate: str | None = None) -> str:
    """The function that waits and then reads.

    `predicate` is a JavaScript expression or function. It becomes part of the script itself: evaluating text inside the
    page is what a Content-Security-Policy forbids.
    """
    source = _source("visit.js").replace(_READ, f"({read_script()})")
    return source.replace(_PREDICATE, f"({predicate}\n)") if predicate is not None else source
