"""FileProgress: the files of a crawler so far, gathered from its events, for whoever shows them."""

from __future__ import annotations

from dataclasses import dataclass

from crawl4ai_browser.clock import SYSTEM_CLOCK, Clock
from crawl4ai_browser.events import DownloadFinished, DownloadProgress, DownloadStarted, Event
from crawl4ai_browser.frozen import Frozen


class ArrivingFile(Frozen):
    """A file on its way."""

    url: str
    name: str
    received_bytes: int
    total_bytes: int | None
    """As announced."""
    seconds: float
    """Since it began."""


class FileStatistics(Frozen):
    """The files at one moment."""

    kept: int
    kept_bytes: int
    failed: int
    """Not kept, for whatever reason."""
    arriving: tuple[ArrivingFile, ...]
    """The oldest first."""


@dataclass
class _Arriving:
    started: float
    received_bytes: int = 0
    total_bytes: int | None = None


class FileProgress:
    """An observer that adds up what it hears of files: `Crawler(observers=[files])`."""

    def __init__(self, clock: Clock = SYSTEM_CLOCK) -> None:
        """None yet."""
        self._clock = clock
        self._kept = 0
        self._kept_bytes = 0
        self._failed = 0
        # By address and name: two of the same at once are shown as one.
        self._arriving: dict[tuple[str, str], _Arriving] = {}

    def __call__(self, event: Event) -> None:
        """Take note of an event."""
        match event:
            case DownloadStarted():
                started = _Arriving(self._clock.monotonic(), total_bytes=event.total_bytes)
                self._arriving[event.url, event.name] = started
            case DownloadProgress():
                arriving = self._arriving.get((event.url, event.name))
                if arriving is not None:
                    arriving.received_bytes, arriving.total_bytes = event.received_bytes, event.total_bytes
            case DownloadFinished():
                self._finish(event)
            case _:
                pass

    def _finish(self, event: DownloadFinished) -> None:
        record = event.download
        self._arriving.pop((record.url, record.suggested_name), None)
        if record.state == "complete":
            self._kept += 1
            self._kept_bytes += record.size_bytes or 0
        else:
            self._failed += 1

    def statistics(self) -> FileStatistics:
        """How things stand now."""
        now = self._clock.monotonic()
        return FileStatistics(
            kept=self._kept,
            kept_bytes=self._kept_bytes,
            failed=self._failed,
            arriving=tuple(
                ArrivingFile(
                    url=url,
                    name=name,
                    received_bytes=arriving.received_bytes,
                    total_bytes=arriving.total_bytes,
                    seconds=now - arriving.started,
                )
                for (url, name), arriving in self._arriving.items()
            ),
        )
