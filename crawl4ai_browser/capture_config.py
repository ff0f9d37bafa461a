"""CaptureConfig: what is taken of a page beside its html, as values.

Checked where it is written: selectors, patterns and lengths that no browser would take are refused before one starts.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from crawl4ai_browser.frozen import Frozen


def _checked_css(selector: str) -> str:
    import_module("crawl4ai_browser.selector_syntax").check_css(selector)
    return selector


def _checked_pattern(pattern: str) -> str:
    # By name: it brings the regular expressions' engine, which whoever records no answers does without.
    import_module("crawl4ai_browser.url_patterns").compile_pattern(pattern)
    return pattern


CssSelector = Annotated[str, AfterValidator(_checked_css)]
UrlPattern = Annotated[str, AfterValidator(_checked_pattern)]
Length = Annotated[str, StringConstraints(pattern=r"^(0|\d+(\.\d+)?(px|in|cm|mm))$")]
"""As CSS writes it: `1.5cm`, `0`."""


class Element(Frozen):
    """The first element that a selector finds, the whole of it, wherever it stands in the page."""

    css: CssSelector


class Picture(Frozen):
    """How a screenshot is made."""

    format: Literal["png", "jpeg", "webp"] = "png"
    """PNG holds any height. JPEG ends at 65,535 pixels and WebP at 16,383: a taller page is a failed capture."""
    quality: int = Field(default=80, ge=1, le=100)
    """Of JPEG and WebP."""
    masks: tuple[CssSelector, ...] = ()
    """What must not be seen: each element that one of these finds is covered by a box."""
    mask_color: str = "#FF00FF"
    """Any CSS colour."""


class Margins(Frozen):
    """White around the pages of a PDF."""

    top: Length = "0"
    right: Length = "0"
    bottom: Length = "0"
    left: Length = "0"


class Paper(Frozen):
    """How a PDF is laid out."""

    size: Literal["letter", "legal", "tabloid", "ledger", "a0", "a1", "a2", "a3", "a4", "a5", "a6"] = "letter"
    css_size: bool = False
    """Whether a size that the page's own `@page` rules name goes first."""
    landscape: bool = False
    scale: float = Field(default=1.0, ge=0.1, le=2.0)
    margins: Margins = Margins()
    background: bool = True
    """Whether background colours and pictures are printed."""
    pages: Annotated[str, StringConstraints(pattern=r"^[\d\s,-]*$")] = ""
    """Such as `1-5, 8`. Empty: all."""
    header: str = ""
    """Html above each page, in which elements of the classes date, title, url, pageNumber and totalPages are filled
    in. It needs a margin to stand in, and a font size of its own."""
    footer: str = ""
    outline: bool = False
    """Bookmarks of the headings, which needs `tagged`."""
    tagged: bool = False
    """The structure of the text, for screen readers."""


class Traffic(Frozen):
    """What is kept of requests and answers that are recorded."""

    max_body_bytes: int = Field(default=4 * 2**20, ge=0)
    """Of one answer's body. A larger one is left out, and its record says so."""
    secrets: bool = False
    """Whether records show what signs somebody in: cookies and credentials in headers, and the bodies of requests,
    where passwords are. Otherwise headers of that kind read `(masked)`, and no request has its body."""


class CaptureConfig(Frozen):
    """What is taken beside the html. All of it costs, so all of it is off.

    What can't be had is one of the result's `capture_faults`; the page and the other captures are kept.
    """

    screenshot: Literal["none", "viewport", "full_page"] | Element = "none"
    picture: Picture = Picture()
    pdf: bool = False
    paper: Paper = Paper()
    mhtml: bool = False
    """The page with all that it shows, as one file that browsers open (RFC 2557)."""
    console: bool = False
    """Console messages and uncaught page errors."""
    requests: bool = False
    """Every request of the page with its status, type and times."""
    responses: tuple[UrlPattern, ...] | UrlPattern = ()
    """Answers to keep with their bodies, by URL: patterns as in a scope (`**/api/**`, `*.json`, `re:...`). The data
    behind a page that a script renders is in those of its own API calls."""
    har: bool = False
    """The requests as an HTTP Archive 1.2, with the bodies that `responses` names."""
    certificate: bool = False
    """Who vouches for the page's server, and how the connection is encrypted."""
    cookies: bool = False
    """The cookies that the page's address is sent, with their values."""
    traffic: Traffic = Traffic()
    folder: Path | None = None
    """Where screenshots, PDFs, MHTML, HAR and bodies of answers are written, below a folder for each host. The result
    then has their paths in place of them. None: all of it is in the result."""

    @property
    def response_patterns(self) -> tuple[str, ...]:
        """`responses`, also where it is a single one."""
        return (self.responses,) if isinstance(self.responses, str) else self.responses
