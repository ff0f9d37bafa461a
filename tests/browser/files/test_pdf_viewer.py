"""PDFs as pictures of the browser's viewer, where it has one."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from crawl4ai_browser.browser.browser_fetcher import BrowserFetcher
from crawl4ai_browser.browser.provisioning.discovery import BrowserKind
from crawl4ai_browser.capture_config import CaptureConfig
from crawl4ai_browser.events import Event, Warned
from crawl4ai_browser.request import Request
from crawl4ai_browser.testing.site import SiteServer
from tests.browser.downloading import config_for, is_there, opened_pool


@pytest.mark.parametrize("pdf", ["render", "both"])
@pytest.mark.parametrize("kind", ["full", "headless_shell"])
async def test_a_pdf_is_shown_where_there_is_a_viewer(
    kind: BrowserKind, pdf: Literal["render", "both"], site: SiteServer, tmp_path: Path
) -> None:
    if not is_there(kind):
        pytest.skip(f"no browser of kind {kind} here")
    config = config_for(tmp_path / "files", pdf=pdf).model_copy(
        update={"capture": CaptureConfig(screenshot="viewport")}
    )
    events: list[Event] = []
    async with opened_pool(kind, config) as pool:
        pool.observers.add(events.append)
        snapshot = await BrowserFetcher(pool, config).fetch(Request(url=site.url("/download/pdf")))
    assert (snapshot.status, snapshot.html) == (200, None)
    states = [download.state for download in snapshot.downloads]
    warnings = [event.text for event in events if isinstance(event, Warned)]
    if kind == "full":
        assert snapshot.screenshot is not None
        assert len(snapshot.screenshot) > 5000  # an empty viewer is half of that
        assert snapshot.content_type == "application/pdf"
        assert states == (["complete"] if pdf == "both" else [])
    else:
        assert snapshot.screenshot is None
        assert states == ["complete"]
        assert "PDFs are saved, not shown: the headless shell has no viewer, a full Chromium has" in warnings
