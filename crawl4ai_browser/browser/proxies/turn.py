"""ProxyTurn: one attempt's use of a proxy, from the choice to what came of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Self

from ada_url import URL

from crawl4ai_browser.browser.proxies.verdict import Verdict, sign_of_block, verdict_of_answer, verdict_of_error
from crawl4ai_browser.browser.proxies.way_fault import is_forwarders
from crawl4ai_browser.errors import ConnectionFailed, FetchError, ProxyError
from crawl4ai_browser.urls import join

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from crawl4ai_browser.browser.proxies.forwarder import Forwarder
    from crawl4ai_browser.browser.proxies.member import Change, Lease
    from crawl4ai_browser.browser.proxies.roster import ProxyRoster
    from crawl4ai_browser.clock import Clock
    from crawl4ai_browser.fetcher import PlainResponse
    from crawl4ai_browser.proxy import Proxy
    from crawl4ai_browser.proxy_pool import ProxyHealth
    from crawl4ai_browser.snapshot import Snapshot

_THROTTLED = frozenset({429, 503})
# The host asks for less, and is obeyed: its page is not asked for again at once through another proxy.


class ProxyTurn:
    """Entered for the time of the attempt. What came of it is judged while it lasts."""

    def __init__(
        self,
        lease: Lease,
        roster: ProxyRoster | None,
        *,
        health: ProxyHealth,
        clock: Clock,
        tell: Callable[[Sequence[Change]], None],
    ) -> None:
        """`roster` None: the proxy is a session's own, and no other takes its place."""
        self._lease = lease
        self._roster = roster
        self._health = health
        self._clock = clock
        self._tell = tell

    @property
    def proxy(self) -> Proxy | None:
        """None: a direct connection."""
        return self._lease.member.proxy

    @property
    def is_pooled(self) -> bool:
        """Whether it comes from a pool."""
        return self._roster is not None

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End, however it ended; who waits for a proxy looks again."""
        if self._roster is not None:
            self._roster.end(self._lease)
        else:
            self._lease.member.end()
        self._tell(())

    # --- what came of it

    async def judged(self, visit: Awaitable[Snapshot], way: Forwarder | None) -> Snapshot:
        """The snapshot of a visit that went this way.

        Raises:
            ProxyError: the proxy failed; or the page looks as if the site had turned this proxy away.
            FetchError: the visit failed otherwise.
        """
        try:
            snapshot = await visit
        except FetchError as error:
            raise self._of_error(error, way, hosts=_hosts(error)) from error.__cause__
        self._accept(snapshot, way)
        return snapshot

    async def judged_plain(self, request: Awaitable[PlainResponse], way: Forwarder | None, url: str) -> PlainResponse:
        """The answer to a plain request that went this way.

        Raises:
            ProxyError: the proxy failed.
            FetchError: there was no answer.
        """
        hosts = _hosts_of([url])
        try:
            response = await request
            if is_forwarders(response.headers):
                hosts |= _hosts_of([response.url])  # after redirects
                raise ConnectionFailed("no connection", phase="goto")
        except FetchError as error:
            raise self._of_error(error, way, hosts) from error.__cause__
        self._take(self._verdict(response.status, response.headers, way))
        return response

    def succeeded(self) -> None:
        """Something came that only the target can have sent."""
        self._note(Verdict(None, "", answered=True))

    def _of_error(self, error: FetchError, way: Forwarder | None, hosts: frozenset[str]) -> FetchError:
        seen = way.fault_since(self._lease.started, hosts) if way is not None else None
        verdict = verdict_of_error(error, seen, self._lease.member.id if self.proxy is not None else "")
        self._note(verdict)
        return self._remedied(verdict.error or error)

    def _verdict(self, status: int | None, headers: dict[str, str], way: Forwarder | None) -> Verdict:
        if way is None or way.proxy is None:
            return Verdict(None, "", answered=True)
        return verdict_of_answer(status, headers, self._lease.member.id)

    def _accept(self, snapshot: Snapshot, way: Forwarder | None) -> None:
        verdict = self._verdict(snapshot.status, snapshot.headers, way)
        if verdict.error is not None:
            verdict.error.snapshot = snapshot
        is_judged = self._roster is not None and verdict.fault is None
        sign = sign_of_block(snapshot.status, snapshot.html, self._health) if is_judged else None
        if sign is None:
            self._take(verdict)
            return
        self._note(Verdict("blocked", sign))
        if snapshot.status not in _THROTTLED and self._is_worth_another():
            error = ProxyError(f"{self._lease.member.id}: the site seems to turn it away ({sign})", phase="goto")
            error.snapshot = snapshot
            raise self._remedied(error)

    def _is_worth_another(self) -> bool:
        return self._roster is not None and self._roster.is_worth_another(self._lease.errand, self._clock.monotonic())

    def _take(self, verdict: Verdict) -> None:
        self._note(verdict)
        if verdict.error is not None:
            raise self._remedied(verdict.error)

    def _note(self, verdict: Verdict) -> None:
        if self._roster is None:
            self._note_alone(verdict)
        elif verdict.fault is not None:
            now = self._clock.monotonic()
            self._tell(self._roster.failed(self._lease, verdict.fault, verdict.reason, now=now))
        elif verdict.answered:
            self._tell(self._roster.answered(self._lease))

    def _note_alone(self, verdict: Verdict) -> None:
        if verdict.fault is not None:
            self._lease.member.failures += 1
            self._lease.member.last_failure = verdict.reason

    def _remedied(self, error: FetchError) -> FetchError:
        if isinstance(error, ProxyError) and self._roster is not None:
            error.remedy = "another"
        return error

    def __repr__(self) -> str:
        """Whose turn it is."""
        return f"<ProxyTurn {self._lease.member.id}>"


def _hosts(error: FetchError) -> frozenset[str]:
    """The hosts that the document of a failed visit may have been asked of."""
    urls = [error.request.url] if error.request is not None else []
    urls += [error.led_to] if error.led_to is not None else []
    snapshot = error.snapshot
    if snapshot is not None:
        urls += [snapshot.url, snapshot.final_url]
        led_to = join(snapshot.final_url, snapshot.headers.get("location", ""))
        urls += [led_to] if led_to is not None else []
    return _hosts_of(urls)


def _hosts_of(urls: Sequence[str]) -> frozenset[str]:
    return frozenset(URL(url).hostname.strip("[]") for url in urls if URL.can_parse(url))
