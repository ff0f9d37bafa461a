"""ScriptedPlainGet: plain requests whose answers are written down: robots.txt, sitemaps, files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from crawl4ai_browser.clock import SYSTEM_CLOCK, Clock
from crawl4ai_browser.errors import FetchError, PageTooLarge
from crawl4ai_browser.fetcher import MAX_PLAIN_BYTES, NO_HEADERS, PlainResponse

PlainAnswer = PlainResponse | FetchError | str | int
"""What one request brings: a response, an error that is raised, the text of a 200, or a status with an empty body."""

PlainScript = Mapping[str, PlainAnswer | Sequence[PlainAnswer]] | Callable[[str], PlainAnswer | Sequence[PlainAnswer]]
"""What each URL answers. Of a sequence the first request gets the first answer and so on; the last one stays."""


class ScriptedPlainGet:
    """A `PlainGet` that answers from a script and remembers what was asked, and through which session.

    A URL that a mapping lacks is answered with status 404. `delay` is in seconds on `clock`, for all or for each URL.
    """

    def __init__(
        self, script: PlainScript, *, clock: Clock = SYSTEM_CLOCK, delay: float | Callable[[str], float] = 0.0
    ) -> None:
        self._script = script
        self._clock = clock
        self._delay = delay
        self._counts: Counter[str] = Counter()
        self.requests: list[tuple[str, str | None]] = []
        """URL and session of each request, cancelled ones included, in order."""
        self.headers: list[dict[str, str]] = []
        """What each of them had besides."""
        self.starts: list[float] = []
        """The monotonic time of each of them."""

    async def get(
        self,
        url: str,
        *,
        session: str | None = None,
        timeout: float = 30.0,
        headers: Mapping[str, str] = NO_HEADERS,
        max_bytes: int = MAX_PLAIN_BYTES,
    ) -> PlainResponse:
        """What the script says, after the delay.

        Raises:
            FetchError: where the answer is one.
        """
        self.requests.append((url, session))
        self.headers.append(dict(headers))
        self.starts.append(self._clock.monotonic())
        self._counts[url] += 1
        scripted = self._script(url) if callable(self._script) else self._script.get(url, 404)
        if isinstance(scripted, Sequence) and not isinstance(scripted, str):
            scripted = scripted[min(self._counts[url], len(scripted)) - 1]
        delay = self._delay(url) if callable(self._delay) else self._delay
        await self._clock.sleep(min(delay, timeout))
        if isinstance(scripted, FetchError):
            raise scripted.with_traceback(None)
        response = _response(url, scripted)
        if len(response.body) > max_bytes:
            raise PageTooLarge(f"{len(response.body)} bytes, at most {max_bytes}", phase="goto")
        return response

    def __repr__(self) -> str:
        """How many requests there were."""
        return f"<ScriptedPlainGet {len(self.requests)} requests>"


def _response(url: str, scripted: PlainResponse | str | int) -> PlainResponse:
    if isinstance(scripted, PlainResponse):
        return scripted
    if isinstance(scripted, int):
        return PlainResponse(url=url, status=scripted, headers={}, body=b"")
    return PlainResponse(url=url, status=200, headers={"content-type": "text/plain"}, body=scripted.encode())
