"""The page as a document: PDF and MHTML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.async_api import PdfMargins

if TYPE_CHECKING:
    from crawl4ai_browser.browser.visits.kept_page import KeptPage
    from crawl4ai_browser.capture_config import Paper


async def pdf(page: KeptPage, paper: Paper) -> bytes:
    """The page as it would be printed.

    Raises:
        PlaywrightError: the page is gone, or the browser refuses: a range of pages that there are not, for one.
    """
    margins = paper.margins
    return await page.page.pdf(
        format=paper.size,
        landscape=paper.landscape,
        scale=paper.scale,
        margin=PdfMargins(top=margins.top, right=margins.right, bottom=margins.bottom, left=margins.left),
        print_background=paper.background,
        page_ranges=paper.pages,
        prefer_css_page_size=paper.css_size,
        display_header_footer=bool(paper.header or paper.footer),
        # An empty one would have the browser's own, with date and address, take its place.
        header_template=paper.header or "<span></span>",
        footer_template=paper.footer or "<span></span>",
        outline=paper.outline,
        tagged=paper.tagged or paper.outline,
    )


async def mhtml(page: KeptPage) -> str:
    """The page with all that it shows, as MHTML (RFC 2557), whose lines end in CR LF.

    Raises:
        PlaywrightError: the page is gone.
    """
    answer = await page.devtools.send("Page.captureSnapshot", format="mhtml")
    return str(answer["data"])
