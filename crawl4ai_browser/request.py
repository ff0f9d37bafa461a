"""Request: a URL and how to visit it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ConfigDict, Field, JsonValue

from crawl4ai_browser import urls
from crawl4ai_browser.actions import Actions
from crawl4ai_browser.capture_config import CaptureConfig
from crawl4ai_browser.config import VisitConfig
from crawl4ai_browser.frozen import Frozen
from crawl4ai_browser.identity import Headers

if TYPE_CHECKING:
    from collections.abc import Mapping

RAW_HTML_BASE = "https://html.invalid/"
"""Base of raw html given without one. `.invalid` never resolves (RFC 2606)."""


class Request(Frozen):
    """One URL to visit, and what is special about this visit.

    `visit`, `actions` and `capture` replace the crawl's own where given. `html` is shown instead of what the URL would
    answer, which is then only its base. `metadata` travels to the result untouched.
    """

    model_config = ConfigDict(hide_input_in_errors=True)  # headers may sign somebody in

    url: str
    session: str | None = None
    """Name of the session to visit it in. None: the crawl's anonymous one."""
    visit: VisitConfig | None = None
    actions: Actions | None = None
    """What is done on the page before it is read; see `crawl4ai_browser.actions`."""
    capture: CaptureConfig | None = None
    headers: Headers = Field(default={}, repr=False)
    """Sent with the request for the document, beside those of the context; wherever redirects lead, too."""
    priority: float = Field(default=0.0, allow_inf_nan=False)
    """Higher is visited earlier, in every order."""
    metadata: dict[str, JsonValue] = {}
    html: str | None = None
    as_file: bool = False
    """Save what the URL answers instead of showing it, whatever it is; by a plain request where that does."""

    @classmethod
    def parse(cls, url: str | Request) -> Request:
        """A request for a URL as typed, checked and made absolute.

        Raises:
            ConfigError: not an absolute URL.
        """
        if isinstance(url, Request):
            return url.model_copy(update={"url": urls.parse_seed(url.url)})
        return cls(url=urls.parse_seed(url))

    @classmethod
    def from_html(
        cls, html: str, *, base_url: str = RAW_HTML_BASE, metadata: Mapping[str, JsonValue] | None = None
    ) -> Request:
        """A request that shows `html` as if `base_url` had answered it: its scripts run, its links resolve."""
        return cls(url=urls.parse_seed(base_url), html=html, metadata=dict(metadata or {}))

    @property
    def fingerprint(self) -> str:
        """The request's identity: equal for all spellings of its URL within one session, with the same actions."""
        as_file = ("as file",) if self.as_file else ()
        actions = (self.model_dump_json(include={"actions"}),) if self.actions else ()
        return urls.fingerprint(self.url, self.session or "", self.html or "", *as_file, *actions)
