"""Pictures of the page: screenshot and PDF."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crawl4ai_browser.browser.visits.kept_page import KeptPage
    from crawl4ai_browser.config import CaptureConfig


@dataclass(frozen=True)
class Captured:
    """What was taken."""

    screenshot: bytes | None = None
    pdf: bytes | None = None


async def take(page: KeptPage, config: CaptureConfig) -> Captured:
    """What the configuration asks for. PNG, and a PDF with backgrounds."""
    async with page.frames.flowing():
        return await _take(page, config)


async def _take(page: KeptPage, config: CaptureConfig) -> Captured:
    screenshot = None
    if config.screenshot != "none":
        screenshot = await page.page.screenshot(full_page=config.screenshot == "full_page", type="png")
    pdf = await page.page.pdf(print_background=True) if config.pdf else None
    return Captured(screenshot=screenshot, pdf=pdf)
