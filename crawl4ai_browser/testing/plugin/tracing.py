"""Tracing: Playwright's own traces of the sessions of a test, to be looked at with `playwright show-trace`."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from crawl4ai_browser.crawling.session import Session
from crawl4ai_browser.errors import CrawlError
from crawl4ai_browser.testing.plugin.bridge import Bridge


class Tracing:
    """Begins the trace of each session with it, and writes all of them when asked."""

    def __init__(self, bridge: Bridge) -> None:
        """Nothing is traced."""
        self._bridge = bridge
        self._sessions: list[Session] = []

    def begin(self, session: Session) -> None:
        """Trace this session from now on."""

        async def start(page: Any) -> None:  # Playwright's page, which only `browser` knows by name
            await page.context.tracing.start(screenshots=True, snapshots=True)

        self._bridge.wait(session.run, start)
        self._sessions.append(session)

    def discard(self) -> None:
        """End the traces that nobody asked for. Playwright leaves its scratch behind where a context is just closed."""
        sessions, self._sessions = self._sessions, []
        for session in sessions:
            with suppress(CrawlError):  # a browser that died left nothing to end
                self._bridge.wait(session.run, _stop_into(None))

    def write(self, folder: Path) -> Sequence[Path]:
        """The traces, one file for each session; they end here.

        Raises:
            CrawlError: a session or its browser is gone.
        """
        sessions, self._sessions = self._sessions, []
        paths: list[Path] = []
        for number, session in enumerate(sessions, start=1):
            paths.append(folder / ("crawl-trace.zip" if number == 1 else f"crawl-trace-{number}.zip"))
            self._bridge.wait(session.run, _stop_into(paths[-1]))
        return paths


def _stop_into(path: Path | None) -> Any:
    async def stop(page: Any) -> None:
        await page.context.tracing.stop(path=path)

    return stop
