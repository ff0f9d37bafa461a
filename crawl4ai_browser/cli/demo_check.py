"""DemoCheck: whether a crawl of the bundled site found all of it once, with the text that only scripts write."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Self

from crawl4ai_browser.result import CrawlResult
from crawl4ai_browser.testing.site_fixture import ExpectedPage


class DemoCheck:
    """A sink that compares results with what is expected, as they come; it keeps no page."""

    def __init__(self, expected: Iterable[ExpectedPage], origin: str) -> None:
        self._expected = {page.path: page for page in expected}
        self._origin = origin
        self._seen: Counter[str] = Counter()
        self._wrong: list[str] = []

    async def __aenter__(self) -> Self:
        """Itself: there is nothing to open."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Nothing: there is nothing to close."""

    async def write(self, result: CrawlResult) -> None:
        """Compare one result."""
        path = result.url.removeprefix(self._origin)
        self._seen[path] += 1
        page = self._expected.get(path)
        if page is not None:
            self._wrong += [f"{path}: {what}" for what in differences(page, result, self._origin)]

    def problems(self) -> list[str]:
        """All that is wrong, a line each; empty when the crawl is complete."""
        missing = [f"{path}: not found" for path in self._expected if path not in self._seen]
        repeated = [f"{path}: {count} results" for path, count in self._seen.items() if count > 1]
        strange = [f"{path}: not a page of the site" for path in self._seen if path not in self._expected]
        return missing + repeated + strange + self._wrong

    def __repr__(self) -> str:
        """How far it is."""
        return f"<DemoCheck {len(self._seen)} of {len(self._expected)} pages seen, {len(self._wrong)} wrong>"


def differences(page: ExpectedPage, result: CrawlResult, origin: str) -> list[str]:
    """In what a result is not as expected."""
    found: list[str] = []
    if page.status is not None and result.status != page.status:
        found.append(f"status {result.status} instead of {page.status}")
    final_path = result.final_url.removeprefix(origin)
    if page.final_path is not None and final_path != page.final_path:
        found.append(f"ended at {final_path} instead of {page.final_path}")
    if page.text is not None and page.text not in (result.html or ""):
        found.append(f"without the text that its script writes ({page.text})")
    wrong = _wrong_outcome(page, result)
    return [*found, wrong] if wrong else found


def _wrong_outcome(page: ExpectedPage, result: CrawlResult) -> str | None:
    error = result.error.kind if result.error else None
    expected_error = {"redirect-loop": "TooManyRedirects", "robots-denied": "RobotsDenied", "error": "HttpStatusError"}
    if error != expected_error.get(page.kind):
        return f"{result.error or 'no error'} instead of {expected_error.get(page.kind, 'none')}"
    if page.kind == "download" and [download.state for download in result.downloads] != ["complete"]:
        return "the file was not downloaded"
    return None
