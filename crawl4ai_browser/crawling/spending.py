"""Spending: what a crawl has cost so far, held against its limits. Pure."""

from __future__ import annotations

from crawl4ai_browser.config import LimitsConfig
from crawl4ai_browser.result import CrawlResult


class Spending:
    """Adds up results until a limit is reached."""

    def __init__(self, limits: LimitsConfig) -> None:
        self._limits = limits
        self._bytes = 0
        self._failures = 0

    def add(self, result: CrawlResult) -> str | None:
        """Count a result; gives the field of the limit that it reaches, or None."""
        limits = self._limits
        if limits.max_bytes is not None:
            self._bytes += result_bytes(result)
            if self._bytes >= limits.max_bytes:
                return "max_bytes"
        if limits.max_failures is not None and not result.ok and not (result.error and result.error.is_skip):
            self._failures += 1
            if self._failures >= limits.max_failures:
                return "max_failures"
        return None

    def __repr__(self) -> str:
        """What was counted."""
        return f"<Spending {self._bytes} bytes, {self._failures} failures of {self._limits!r}>"


def result_bytes(result: CrawlResult) -> int:
    """The size of what a visit brought: html as UTF-8, captures, files."""
    html = len((result.html or "").encode("utf-8", "surrogatepass"))
    files = sum(download.size_bytes or 0 for download in result.downloads)
    held = (result.screenshot, result.pdf, *(response.body for response in result.responses))
    captures = sum(len(each or b"") for each in held) + len(result.mhtml or "") + len(result.har or "")
    written = sum(file.size_bytes for file in result.capture_files)
    return html + files + captures + written
