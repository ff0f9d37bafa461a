"""Extractor: items by an async function of the user's, such as one that asks a language model."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, cast

import anyio
from pydantic import BaseModel, JsonValue, TypeAdapter

from crawl4ai_browser.clock import SYSTEM_CLOCK
from crawl4ai_browser.errors import ConfigError, ExtractError
from crawl4ai_browser.result import CrawlResult, ErrorInfo

if TYPE_CHECKING:
    from crawl4ai_browser.clock import Clock

ExtractFunction: TypeAlias = Callable[[CrawlResult], Awaitable[object]]
"""Given a result, gives what it found: a model or a JSON value, a list or tuple of these for several items, or None."""

_json: TypeAdapter[JsonValue] = TypeAdapter(JsonValue)


@dataclass(frozen=True)
class Extractor:
    """A function that makes items of ok results, before they are given out and written.

    What it raises, or that it takes too long, becomes the error of that result (an `ExtractError` of phase `extract`),
    whose other parts are kept; the crawl goes on. It holds no browser page. The result is the function's to read alone:
    what it returns is added to `items`.
    """

    function: ExtractFunction
    max_at_once: int = 4
    """Calls under way at once, over all pages of a crawler: what a paid service bears."""
    timeout: float = 60.0
    """Seconds for one call."""

    def __post_init__(self) -> None:
        if self.max_at_once < 1 or self.timeout <= 0:
            raise ConfigError("an extractor's max_at_once is at least 1, and its timeout more than 0 seconds")

    @property
    def name(self) -> str:
        """The function's, for messages."""
        return getattr(self.function, "__qualname__", type(self.function).__qualname__)


class Extractors:
    """Runs extractors on results, each within its own limit."""

    def __init__(self, extractors: Sequence[Extractor] = (), *, clock: Clock = SYSTEM_CLOCK) -> None:
        self._limited = [(extractor, anyio.CapacityLimiter(extractor.max_at_once)) for extractor in extractors]
        self._clock = clock

    async def added_to(self, result: CrawlResult) -> CrawlResult:
        """The result with the items of every extractor, one after the other; the first that fails ends them."""
        started = self._clock.monotonic()
        for extractor, limiter in self._limited:
            if not result.ok:
                return result
            async with limiter:
                result = await _extended(result, extractor)
            timings = {**result.timings, "extract": self._clock.monotonic() - started}
            result = result.model_copy(update={"timings": timings})
        return result

    def __repr__(self) -> str:
        """Each with its calls under way."""
        parts = [f"{each.name} {limiter.borrowed_tokens}/{each.max_at_once}" for each, limiter in self._limited]
        return f"<Extractors {', '.join(parts) or 'none'}>"


async def _extended(result: CrawlResult, extractor: Extractor) -> CrawlResult:
    try:
        with anyio.fail_after(extractor.timeout):
            found = await extractor.function(result)
        items = tuple(_item(each) for each in _several(found))
    except Exception as failure:  # noqa: BLE001 - a user's function: its failure is the result's, never the crawl's
        reason = f"{type(failure).__name__}: {failure}".removesuffix(": ")
        error = ExtractError(f"the extractor {extractor.name} failed: {reason}"[:1000], phase="extract")
        return result.model_copy(update={"ok": False, "error": ErrorInfo.from_error(error)})
    return result.model_copy(update={"items": (*result.items, *items)})


def _several(found: object) -> tuple[object, ...]:
    if found is None:
        return ()
    return tuple(cast("list[object]", found)) if isinstance(found, list | tuple) else (found,)


def _item(value: object) -> JsonValue:
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else _json.validate_python(value)
