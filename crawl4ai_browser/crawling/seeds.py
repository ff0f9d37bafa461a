"""Seeds: what a user hands in to be visited, read one by one and checked."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Iterable

from crawl4ai_browser import urls
from crawl4ai_browser.errors import ConfigError
from crawl4ai_browser.request import Request

Seed = str | Request
Seeds = Seed | Iterable[Seed] | AsyncIterable[Seed]
"""One seed or many. Many may be a list, a file of lines, a generator, an async generator, of any length."""


def checked(seed: object, *, allow_files: bool, session: str | None = None) -> Request:
    """The request of a seed, in the session that is given.

    Raises:
        ConfigError: not an absolute URL, of a scheme that is not visited, or of another session.
    """
    if not isinstance(seed, str | Request):
        raise ConfigError(f"a seed is a URL or a Request, not {type(seed).__name__}: {seed!r}"[:200])
    request = Request.parse(seed)
    if session is not None:
        request = _in_session(request, session)
    if urls.is_web(request.url):
        return request
    if urls.scheme(request.url) != "file:":
        raise ConfigError(f"only http: and https: URLs are visited, not {request.url!r}")
    if not allow_files:
        raise ConfigError(f"file: URLs are visited only with CrawlConfig.allow_files: {request.url!r}")
    return request


def _in_session(request: Request, session: str) -> Request:
    if request.session not in (None, session):
        raise ConfigError(f"session {session!r} visits its own requests, not those of session {request.session!r}")
    return request.model_copy(update={"session": session})


async def each(seeds: Seeds) -> AsyncGenerator[Seed]:
    """The seeds in order; reads no further than it is asked to."""
    if isinstance(seeds, str | Request):
        yield seeds
    elif isinstance(seeds, AsyncIterable):
        async for seed in seeds:
            yield seed
    else:
        for seed in seeds:
            yield seed
