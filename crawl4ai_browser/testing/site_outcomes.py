"""What a crawl owes for each misbehaviour of the test site: who is blamed, what is kept, how often it is tried.

    for outcome in fault_outcomes():
        result = await crawler.fetch(outcome.request(site))
        assert outcome.breaches(result) == []

The routes are those of `site_faults`, `site_hostile_pages` and `site_downloads`. What hangs has a short deadline of its
own. Downloads are expected to be given `DOWNLOAD_SECONDS`, renderers `MEMORY_ARGS`.
"""

from __future__ import annotations

from typing import Final

from crawl4ai_browser.config import VisitConfig
from crawl4ai_browser.errors import Blame
from crawl4ai_browser.frozen import Frozen
from crawl4ai_browser.ready import Quiet
from crawl4ai_browser.request import Request
from crawl4ai_browser.result import CrawlResult
from crawl4ai_browser.testing.site_server import SiteServer

DOWNLOAD_SECONDS = 4.0
"""For files that never come to an end: `DownloadConfig.timeout`."""

MEMORY_ARGS = ("--js-flags=--max-old-space-size=192",)
"""A renderer whose script runs out of memory soon: `BrowserConfig.args`. By default it takes 4 GB first."""

_WITHOUT_END = VisitConfig(timeout=20, navigation_timeout=2)
"""For what never arrives whole."""

_IN_A_LOOP = VisitConfig(timeout=3)
"""For what never gives its renderer back."""

_NEVER_QUIET = VisitConfig(ready=Quiet(cap=1))
"""For what is there and never rests."""

_AT_MOST = 2_000_000
"""Characters of html where a page goes beyond."""

TIMEOUTS: Final = ("FetchTimeout", "NavigationTimeout", "ReadyTimeout")
"""Which of them it is depends on how far the page got on a busy machine."""


class Outcome(Frozen):
    """What is to become of one path. As it stands: a page that is had whole, at once."""

    path: str
    ok: bool = True
    status: int | None = 200
    """None: there was no answer."""
    errors: tuple[str, ...] = ()
    """The name of its class; one of these, where chance decides."""
    blame: Blame = "site"
    attempts: int | None = 1
    """None: depends on which of the errors it was."""
    html: str | None = None
    """Text that the html holds; empty: there is no html; None: there may be."""
    download: str | None = None
    """The state of the one file that is had."""
    visit: VisitConfig | None = None

    def request(self, site: SiteServer) -> Request:
        """The request for it."""
        url = self.path if "://" in self.path else site.url(self.path)
        return Request(url=url, visit=self.visit)

    def breaches(self, result: CrawlResult) -> list[str]:
        """How the result differs from what is owed, a line each; empty when it does not."""
        html, error = result.html, result.error
        charged = sum(attempt.charged for attempt in result.attempts)
        checks = {
            f"ok is {result.ok}: {error}": result.ok == self.ok,
            f"status is {result.status}, not {self.status}": result.status == self.status,
            f"error is {error}": (error is None) if self.ok else error is not None and error.kind in self.errors,
            f"blame is {error and error.blame}, not {self.blame}": error is None or error.blame == self.blame,
            f"{charged} attempts were charged, not {self.attempts}": self.attempts in (None, charged),
            f"html lacks {self.html!r}": not self.html or self.html in (html or ""),
            f"html is there: {len(html or '')} characters": self.html != "" or html is None,
            f"downloads are {[file.state for file in result.downloads]}": self.download is None
            or [file.state for file in result.downloads] == [self.download],
        }
        return [f"{self.path}: {text}" for text, holds in checks.items() if not holds]


def fault_outcomes() -> tuple[Outcome, ...]:
    """Of every route whose outcome does not hang on how fast the machine is: all are part of a soak."""
    return (*_transfers(), *_redirects(), *_hanging(), *_scripts(), *_sizes(), *_files())


def _transfers() -> tuple[Outcome, ...]:
    """Answers that break off, or are not what they say."""
    broken = {"ok": False, "attempts": 3, "html": ""}
    refused = Outcome(path="", status=None, errors=("ConnectionFailed",)).model_copy(update=broken)
    no_http = refused.model_copy(update={"errors": ("NavigationError",)})
    cut = Outcome(path="", errors=("NavigationError",)).model_copy(update=broken)
    return (
        *(refused.model_copy(update={"path": path}) for path in ("/drop", "/reset")),
        *(no_http.model_copy(update={"path": path}) for path in ("/bad-status-line", "/huge-header")),
        *(cut.model_copy(update={"path": path}) for path in ("/reset-body", "/truncated", "/cut-chunk", "/bad-gzip")),
        # A browser takes what was announced, and shows what it could unpack: neither can be seen from outside.
        Outcome(path="/overlong", html="A line of text"),
        Outcome(path="/cut-gzip", html="A line of text"),
        Outcome(path="/wrong-charset"),
        Outcome(path="/drop-then-200", attempts=None),
        Outcome(path="http://name.invalid/", ok=False, status=None, errors=("NameNotResolved",), attempts=2, html=""),
        Outcome(path="/204", status=204, html=""),
        Outcome(path="/empty", html="<html"),
        Outcome(path="/status/404", ok=False, status=404, errors=("HttpStatusError",), html="status 404"),
        Outcome(path="/status/500", ok=False, status=500, errors=("HttpStatusError",), attempts=3, html="status 500"),
    )


def _redirects() -> tuple[Outcome, ...]:
    loop = Outcome(path="", ok=False, errors=("TooManyRedirects",))
    return (
        loop.model_copy(update={"path": "/redirect-loop", "status": 302}),
        *(loop.model_copy(update={"path": path}) for path in ("/meta-refresh-loop", "/script-redirect-loop")),
        Outcome(path="/redirect-chain?hops=5", html="redirect-chain"),
    )


def _hanging() -> tuple[Outcome, ...]:
    late = Outcome(path="", ok=False, errors=TIMEOUTS, attempts=None, visit=_WITHOUT_END)
    # Nothing more can be had of a page that never gives its renderer back.
    loop = Outcome(path="", ok=False, errors=TIMEOUTS, attempts=None, html="", visit=_IN_A_LOOP)
    return (
        late.model_copy(update={"path": "/hang-headers", "status": None, "html": ""}),
        late.model_copy(update={"path": "/hang-body", "html": "A line of text"}),
        late.model_copy(update={"path": "/endless-body", "html": "One more paragraph"}),
        late.model_copy(update={"path": "/drip?bytes=200&interval=1.5", "html": "drip"}),
        loop.model_copy(update={"path": "/busy-loop"}),
        loop.model_copy(update={"path": "/write-loop"}),
        Outcome(path="/drip?bytes=100&interval=0.02", html="A line of text"),
        Outcome(path="/slow?seconds=0.3", html="A line of text"),
    )


def _scripts() -> tuple[Outcome, ...]:
    written = "written by the script of "
    harmless = ("before-unload", "print-loop", "window-open-storm", "history-storm", "service-worker", "dialogs")
    looping = ("unload-loop", "before-unload-loop")
    restless = ("never-quiet", "never-idle", "fetch-forever", "write-forever", "event-source", "socket")
    return (
        *(Outcome(path=f"/{name}", html=written + name) for name in (*harmless, *looping)),
        *(Outcome(path=f"/{name}", visit=_NEVER_QUIET) for name in restless),
        Outcome(path="/alert-loop", ok=False, errors=("FetchTimeout",)),
        Outcome(path="/memory-loop", ok=False, errors=("PageCrashed",), blame="renderer", attempts=3, html=""),
    )


def _sizes() -> tuple[Outcome, ...]:
    too_large = Outcome(
        path="", ok=False, errors=("PageTooLarge",), html="", visit=VisitConfig(max_html_bytes=_AT_MOST)
    )
    return (
        Outcome(path="/big?bytes=1000000", html="One more paragraph"),
        too_large.model_copy(update={"path": "/big?bytes=100000000"}),
        too_large.model_copy(update={"path": "/flood"}),
        Outcome(path="/many-links?count=5000", html="/leaf/4999"),
        Outcome(path="/many-nodes?count=20000", html="</i>"),
        Outcome(path="/nested?levels=5000", html="the innermost"),
        # Chromium itself has not the stack to lay that out.
        Outcome(
            path="/nested-by-script?levels=5000",
            ok=False,
            errors=("PageCrashed",),
            blame="renderer",
            attempts=3,
            html="",
        ),
    )


def _files() -> tuple[Outcome, ...]:
    saved = Outcome(path="", html="", download="complete")
    failed = Outcome(path="", ok=False, errors=("DownloadError",), attempts=2, html="")
    return (
        *(
            saved.model_copy(update={"path": path})
            for path in ("/page-as-file", "/page-as-bytes", "/download/attachment", "/download/pdf")
        ),
        failed.model_copy(update={"path": "/download/truncated", "download": "truncated"}),
        failed.model_copy(update={"path": "/download/endless", "download": "timed_out"}),
        failed.model_copy(
            update={
                "path": "/download/missing",
                "status": 404,
                "errors": ("HttpStatusError",),
                "attempts": 1,
                "download": "http_error",
            }
        ),
    )
