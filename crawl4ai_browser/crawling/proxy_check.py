"""Whether the proxies of a list work: each is asked for one URL, by the very way that a crawl would take."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import anyio

from crawl4ai_browser.browser.plain_get import SessionPlainGet
from crawl4ai_browser.browser.pool import BrowserPool
from crawl4ai_browser.browser.proxies.verdict import sign_of_block
from crawl4ai_browser.clock import SYSTEM_CLOCK
from crawl4ai_browser.config import CrawlConfig
from crawl4ai_browser.crawling.seeds import checked
from crawl4ai_browser.errors import FetchError, ProxyError
from crawl4ai_browser.fetcher import PlainResponse
from crawl4ai_browser.frozen import Frozen
from crawl4ai_browser.proxy import Proxy
from crawl4ai_browser.proxy_pool import PooledProxy, ProxyPool
from crawl4ai_browser.proxy_status import DIRECT, ProxyStatus
from crawl4ai_browser.result import ErrorInfo

ProxyVerdict = Literal["works", "blocked", "failed", "no_answer"]
"""The site answered; it turned the proxy away; the proxy failed; the proxy works and did not get to the site, or it
can't be told."""

AT_ONCE = 8
"""Proxies that are asked at a time: each has a browser context of its own."""

_DEFAULTS = CrawlConfig()


class ProxyCheck(Frozen):
    """What came of asking for a URL through one proxy."""

    proxy: str
    """Its id, or `direct`."""
    verdict: ProxyVerdict
    status: int | None
    """Of the site's answer; None: there was none."""
    seconds: float
    """For the whole request."""
    error: ErrorInfo | None
    statistics: ProxyStatus

    @property
    def works(self) -> bool:
        """Whether pages could be had through it."""
        return self.verdict == "works"


async def check_proxies(
    proxies: ProxyPool,
    url: str,
    *,
    config: CrawlConfig = _DEFAULTS,
    timeout: float = 30.0,
    at_once: int = AT_ONCE,
    on_check: Callable[[ProxyCheck], None] | None = None,
) -> tuple[ProxyCheck, ...]:
    """Ask for the URL once through each proxy of a pool; gives what came of it, in the order of the pool.

    No page is opened: a plain request of a context of its own goes through each, so that all that a crawl has between
    itself and the proxy is in its way. A proxy that is listed twice is asked once. `config` says how browsers are
    started and what contexts look like; `timeout` is in seconds for each; `on_check` is told of each as it is done.

    Raises:
        ConfigError: not an http or https URL; or the configuration is wrong.
        LaunchFailed: there is no browser.
    """
    target = checked(url, allow_files=False).url
    members = list({member.proxy: member for member in proxies.members}.values())
    # Each proxy is a session's own here, and none takes another's turn.
    alone = config.model_copy(update={"proxies": ProxyPool(health=proxies.health)})
    found: dict[Proxy | None, ProxyCheck] = {}
    async with BrowserPool(alone) as pool:
        pool.proxies.gate.name_seed(target)
        await pool.usable_browser(is_proxied=any(member.proxy is not None for member in members))
        slots = anyio.CapacityLimiter(at_once)
        check = _Check(pool, target, alone, timeout)

        async def run(number: int, member: PooledProxy) -> None:
            async with slots:
                found[member.proxy] = await check.of(member, session=f"check {number}")
            if on_check is not None:
                on_check(found[member.proxy])

        async with anyio.create_task_group() as tasks:
            for number, member in enumerate(members, start=1):
                tasks.start_soon(run, number, member)
    return tuple(found[member.proxy] for member in members)


def working(checks: Sequence[ProxyCheck]) -> int:
    """How many of them work."""
    return sum(check.works for check in checks)


class _Check:
    """Asks one URL of any number of proxies."""

    def __init__(self, pool: BrowserPool, url: str, config: CrawlConfig, timeout: float) -> None:
        self._pool = pool
        self._url = url
        self._config = config
        self._timeout = timeout

    async def of(self, member: PooledProxy, *, session: str) -> ProxyCheck:
        seconds, answer, error = await self._asked(member, session)
        status = self._pool.proxies.status_of(member.proxy)
        return ProxyCheck(
            proxy=member.proxy.id if member.proxy is not None else DIRECT,
            verdict=self._verdict(answer, error),
            status=answer.status if answer is not None else None,
            seconds=seconds,
            error=ErrorInfo.from_error(error) if error is not None else None,
            statistics=status.model_copy(update={"tier": member.tier, "weight": member.weight}),
        )

    async def _asked(self, member: PooledProxy, name: str) -> tuple[float, PlainResponse | None, FetchError | None]:
        """How long it took, and the answer, or why there is none."""
        context = self._config.context.model_copy(update={"proxy": member.proxy})
        session = await self._pool.open_session(name, context)
        started = SYSTEM_CLOCK.monotonic()
        try:
            await session.opened()
            started = SYSTEM_CLOCK.monotonic()  # what a context costs is no matter of the proxy's
            answer = await SessionPlainGet(self._pool).get(self._url, session=name, timeout=self._timeout)
        except FetchError as error:
            return SYSTEM_CLOCK.monotonic() - started, None, error
        else:
            return SYSTEM_CLOCK.monotonic() - started, answer, None
        finally:
            await self._pool.close_session(session)

    def _verdict(self, answer: PlainResponse | None, error: FetchError | None) -> ProxyVerdict:
        if answer is None:
            return "failed" if isinstance(error, ProxyError) else "no_answer"
        html = answer.body.decode(errors="replace")
        return "blocked" if sign_of_block(answer.status, html, self._config.proxies.health) else "works"
