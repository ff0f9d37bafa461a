"""Whatever is done to a frontier, every request is in exactly one state, and each is finished at most once.

The frontier is driven by made-up sequences of operations and compared, step by step, with a plain model of it. From
time to time it is closed as a killed process leaves it, and opened again.
"""

from __future__ import annotations

import math
import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from crawl4ai_browser.frontier.lease import Lease
from crawl4ai_browser.frontier.order import Order, best_first, breadth_first, depth_first
from crawl4ai_browser.frontier.scope import Scope
from crawl4ai_browser.page_content import Link
from crawl4ai_browser.request import Request
from tests.frontier.small_crawl import Crawl, opened

SITES = [f"https://{letter}.example" for letter in "abc"]
URLS = [f"{site}/{number}" for site in SITES for number in range(12)]
SEEDS = [Request(url=URLS[0]), Request(url=URLS[12], priority=1), Request(url=URLS[5])]

Step = tuple[str, int, tuple[int, ...]]
steps: st.SearchStrategy[list[Step]] = st.lists(
    st.tuples(
        st.sampled_from(
            ["lease", "lease", "lease", "done", "done", "failed", "skip", "retry", "delay", "release", "pass", "reopen"]
        ),
        st.integers(0, 5),
        st.lists(st.integers(0, len(URLS) - 1), max_size=5).map(tuple),
    ),
    max_size=60,
)
ORDERS: dict[str, Order] = {
    "breadth": breadth_first(),
    "depth": depth_first(),
    "best": best_first(lambda candidate: -len(candidate.url) + int(candidate.url.rpartition("/")[2]) % 7),
}


@dataclass
class Model:
    """What should be so."""

    budget: int | None
    known: set[str] = field(default_factory=lambda: {seed.url for seed in SEEDS})
    finished: dict[str, str] = field(default_factory=dict[str, str])
    leased: dict[str, Lease] = field(default_factory=dict[str, Lease])
    delayed: dict[str, float] = field(default_factory=dict[str, float])
    attempts: dict[str, int] = field(default_factory=dict[str, int])
    closed: set[str] = field(default_factory=set[str])

    @property
    def pages(self) -> int:
        return sum(outcome != "skipped" for outcome in self.finished.values())

    def may_be_leased(self, now: float) -> set[str]:
        if self.budget is not None and self.pages + len(self.leased) >= self.budget:
            return set()
        ready = {url for url, due in self.delayed.items() if due <= now}
        waiting = self.known - self.finished.keys() - self.leased.keys() - (self.delayed.keys() - ready)
        return {url for url in waiting if not any(url.startswith(f"{site}/") for site in self.closed)}


class Driver:
    """Does to a frontier what a step says, and to the model."""

    def __init__(self, file: Path, order: Order, budget: int | None) -> None:
        self.file = file
        self.order = order
        self.model = Model(budget)
        self.crawl: Crawl

    async def open(self, stack: AsyncExitStack) -> None:
        scope = Scope(same="any", max_pages=self.model.budget)
        self.crawl = await stack.enter_async_context(opened(self.file, seeds=SEEDS, scope=scope, order=self.order))
        self.model.leased.clear()
        self.model.delayed.clear()
        self.check()

    async def lease(self, closed: int) -> None:
        model = self.model
        model.closed = set(SITES[:closed]) if closed <= 2 else set()
        now = self.crawl.clock.monotonic()
        lease = await self.crawl.frontier.lease(lambda host: math.inf if host in model.closed else 0.0)
        expected = model.may_be_leased(now)
        if lease is None:
            # A host that was full is looked at again after a while, not at once; all others must have been.
            assert not expected or self.crawl.frontier.wakes_at < math.inf
            return
        assert lease.request.url in expected
        assert lease.attempts == model.attempts.get(lease.request.url, 0)
        model.leased[lease.request.url] = lease
        model.delayed.pop(lease.request.url, None)

    async def end(self, how: str, which: int, found: tuple[int, ...]) -> None:
        model, frontier = self.model, self.crawl.frontier
        if not model.leased:
            return
        url = list(model.leased)[which % len(model.leased)]
        lease = model.leased.pop(url)
        if how in {"done", "failed"}:
            links = {URLS[number] for number in found}
            new = await frontier.complete(
                lease, [Link(url=link, internal=True) for link in links], failed=how == "failed"
            )
            assert new == len(links - model.known)
            model.known |= links
            model.finished[url] = how
        elif how == "skip":
            await frontier.skip(lease)
            model.finished[url] = "skipped"
        elif how == "release":
            await frontier.release(lease)
        else:
            delay = 5.0 if how == "delay" else 0.0
            await self.crawl.retry(lease, delay=delay)
            model.attempts[url] = model.attempts.get(url, 0) + 1
            if delay:
                model.delayed[url] = self.crawl.clock.monotonic() + delay

    def check(self) -> None:
        model, counts = self.model, self.crawl.frontier.counts
        outcomes = list(model.finished.values())
        assert counts.discovered == len(model.known)
        assert counts.leased == len(model.leased)
        assert (counts.done, counts.failed, counts.skipped) == tuple(
            outcomes.count(outcome) for outcome in ("done", "failed", "skipped")
        )
        self.crawl.check_counts()
        if model.budget is not None:
            assert counts.done + counts.failed + counts.leased <= model.budget


@settings(max_examples=60, deadline=None)
@given(steps=steps, order=st.sampled_from(sorted(ORDERS)), budget=st.sampled_from([None, None, 1, 7]))
async def test_every_request_is_in_one_state_after_any_operations(
    steps: list[Step], order: str, budget: int | None
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        driver = Driver(Path(folder) / "crawl.sqlite", ORDERS[order], budget)
        async with AsyncExitStack() as process:
            await driver.open(process)
            for step in steps:
                await take(driver, step, process)
            await finish(driver)


async def take(driver: Driver, step: Step, process: AsyncExitStack) -> None:
    """One step, and a look at how things stand."""
    what, which, found = step
    if what == "reopen":
        await process.aclose()
        await driver.open(process)
    elif what == "lease":
        await driver.lease(which)
    elif what == "pass":
        async with driver.crawl.clock.jumping():
            await driver.crawl.clock.sleep(3)
    else:
        await driver.end(what, which, found)
    driver.check()


async def finish(driver: Driver) -> None:
    """End what is leased and visit what is left: then everything known is finished, or the budget is used up."""
    model = driver.model
    while model.leased:
        await driver.end("done", 0, ())
    async with driver.crawl.clock.jumping():
        while not driver.crawl.frontier.is_finished:
            wait = min(driver.crawl.frontier.wakes_at - driver.crawl.clock.monotonic(), 10.0)
            await driver.crawl.clock.sleep(wait)
            await driver.lease(3)
            await driver.end("done", 0, ())
    driver.check()
    assert model.finished.keys() == model.known or model.pages == model.budget
