"""What the tests of visits share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from crawl4ai_browser.snapshot import Snapshot
from crawl4ai_browser.testing.site import Response

Fetch = Callable[..., Awaitable[Snapshot]]
"""The fixture `fetch`."""

ADD = "const add = (text) => { const p = document.createElement('p'); p.textContent = text; document.body.append(p) };"
"""A function for the scripts of pages."""


def html_of(snapshot: Snapshot | None) -> str:
    assert snapshot is not None
    assert snapshot.html is not None
    return snapshot.html


def page(script: str, body: str = "<p>shell</p>") -> Response:
    return Response.html(f"<!doctype html><title>page</title><body>{body}<script>{script}</script></body>")
