"""Plain requests of a context: Playwright's request client, with the context's cookies, identity and way out.

A context's own client would do, did it know the secret of the context's forwarder; but Playwright lets it know that
only together with the pages, at the price that `proxy_admission` tells of. So a proxied context gets a client beside
it, and its cookies are carried over and back.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, cast

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import ProxySettings

from crawl4ai_browser.browser.proxies.allowance import Allowance
from crawl4ai_browser.browser.proxies.forwarder import USER
from crawl4ai_browser.errors import FetchError, PageTooLarge

if TYPE_CHECKING:
    from playwright.async_api import APIRequest, APIRequestContext, BrowserContext

    from crawl4ai_browser.browser.proxies.forwarder import Forwarder
    from crawl4ai_browser.browser.sessions.context_options import ContextKeywords

_IDENTITY = ("user_agent", "extra_http_headers", "http_credentials", "ignore_https_errors")
"""What a request shows of a context, by the names that Playwright gives it in both."""


@asynccontextmanager
async def plain_requests(
    context: BrowserContext,
    way: Forwarder | None,
    *,
    client: APIRequest,
    keywords: ContextKeywords,
    max_bytes: int | None = None,
) -> AsyncGenerator[APIRequestContext]:
    """A client for requests of the context, which was opened with `keywords`.

    More than `max_bytes` are not let through where there is a way to stop them on, that is unless the context may
    connect anywhere by itself.

    Raises:
        PageTooLarge: more than that came.
        PlaywrightError: the context or the driver is gone.
    """
    if way is None:
        yield context.request
        return
    if max_bytes is None:
        async with _own_client(context, way, way.password, client=client, keywords=keywords) as requests:
            yield requests
        return
    allowance = Allowance(max_bytes)
    try:
        with way.allowing(allowance) as password:
            async with _own_client(context, way, password, client=client, keywords=keywords) as requests:
                yield requests
    except (FetchError, PlaywrightError) as error:
        if allowance.is_spent:
            raise PageTooLarge(f"more than {max_bytes} bytes came", phase="goto") from error
        raise
    if allowance.is_spent:  # an answer whose length nobody said looks whole where it was broken off
        raise PageTooLarge(f"more than {max_bytes} bytes came", phase="goto")


@asynccontextmanager
async def _own_client(
    context: BrowserContext, way: Forwarder, password: str, *, client: APIRequest, keywords: ContextKeywords
) -> AsyncGenerator[APIRequestContext]:
    before = await context.cookies()
    given = cast("dict[str, Any]", keywords)
    identity = {name: given[name] for name in _IDENTITY if name in given}
    requests = await client.new_context(
        **identity,
        proxy=ProxySettings(server=way.server, username=USER, password=password),
        storage_state=cast("Any", {"cookies": before, "origins": []}),
    )
    try:
        yield requests
    finally:
        with suppress(PlaywrightError):  # the driver is gone, and so is the context
            await _carry_back(requests, context, cast("list[dict[str, Any]]", before))
            await requests.dispose()


async def _carry_back(requests: APIRequestContext, context: BrowserContext, before: list[dict[str, Any]]) -> None:
    """Give the context the cookies that answers have set, and take those that they have deleted."""
    state = cast("dict[str, list[dict[str, Any]]]", await requests.storage_state())
    after = state["cookies"]
    changed = [cookie for cookie in after if cookie not in before]
    if changed:
        await context.add_cookies(cast("Any", changed))
    kept = {_key(cookie) for cookie in after}
    for cookie in before:
        if _key(cookie) not in kept:
            await context.clear_cookies(name=cookie["name"], domain=cookie["domain"], path=cookie["path"])


def _key(cookie: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(cookie.get(part) for part in ("name", "domain", "path", "partitionKey"))
