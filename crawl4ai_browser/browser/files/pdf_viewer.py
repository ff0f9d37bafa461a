"""The PDF viewer of a full Chromium: an extension's page in a frame, which shows the file a while later."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Frame

from crawl4ai_browser.clock import SYSTEM_CLOCK

if TYPE_CHECKING:
    from crawl4ai_browser.browser.visits.kept_page import KeptPage

SHOW_SECONDS = 5.0
"""For the viewer to show the first page. It takes 0.5 to 1.5; a screenshot before is refused or empty."""

_CHECK_INTERVAL = 0.05

_VIEWER = "chrome-extension:"

# The toolbar's progress is the viewer's own word (chrome/browser/resources/pdf/elements/viewer_toolbar.ts).
_SHOWN = """async (limit) => {
  const end = performance.now() + limit;
  const toolbar = () => document.querySelector("pdf-viewer")?.shadowRoot?.querySelector("viewer-toolbar");
  const pause = () => new Promise((resolve) => setTimeout(resolve, 50));
  while (toolbar()?.loadProgress !== 100 && performance.now() < end) await pause();
  await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
}"""


async def wait_until_shown(page: KeptPage) -> None:
    """Return when the viewer shows the file, or after a while.

    Raises:
        PlaywrightError: the page is gone.
    """
    with anyio.move_on_after(SHOW_SECONDS):
        viewer = await _viewer_frame(page)
        await viewer.wait_for_load_state("load")
        await viewer.evaluate(_SHOWN, SHOW_SECONDS * 1000)


async def _viewer_frame(page: KeptPage) -> Frame:
    while True:
        for frame in page.page.frames:
            if frame.url.startswith(_VIEWER):
                return frame
        if page.page.is_closed():
            raise PlaywrightError("Target closed")
        await SYSTEM_CLOCK.sleep(_CHECK_INTERVAL)
