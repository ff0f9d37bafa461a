"""What a frontier gives out, in which order, and what becomes of it."""

from __future__ import annotations

import pytest

from crawl4ai_browser.config import VisitConfig
from crawl4ai_browser.frontier.candidate import Candidate
from crawl4ai_browser.frontier.order import best_first, depth_first
from crawl4ai_browser.page_content import Link
from crawl4ai_browser.request import Request
from tests.frontier.small_crawl import links, opened, requests, url

OTHER = "https://b.example"


async def test_a_seed_is_leased_as_it_was_given() -> None:
    seed = Request(url=url("start"), session="alice", visit=VisitConfig(timeout=5), metadata={"row": 7})
    async with opened(seeds=[seed]) as crawl:
        lease = await crawl.lease()
        assert lease.request == seed
        assert (lease.depth, lease.parent, lease.attempts, lease.browser_deaths) == (0, None, 0, 0)
        assert lease.host == "https://a.example"
        assert lease.attempt_records == ()


async def test_links_are_leased_with_their_depth_and_parent() -> None:
    async with opened() as crawl:
        await crawl.visit("1")
        await crawl.visit("2")
        lease = await crawl.lease()
        assert (lease.request.url, lease.depth, lease.parent) == (url("2"), 2, url("1"))


async def test_breadth_first_goes_level_by_level() -> None:
    async with opened() as crawl:
        assert await crawl.visit("1", "2") == "0"
        assert await crawl.visit("11", "12") == "1"
        assert await crawl.visit("21") == "2"
        assert await crawl.visit_all() == ["11", "12", "21"]


async def test_depth_first_follows_the_page_visited_last() -> None:
    async with opened(order=depth_first(), seeds=requests(0, 9)) as crawl:
        assert await crawl.visit("1", "2") == "0"
        assert await crawl.visit("11", "12") == "1"
        assert await crawl.visit("111") == "11"
        assert await crawl.visit_all() == ["111", "12", "2", "9"]


async def test_best_first_takes_the_highest_score_found_so_far() -> None:
    async with opened(order=best_first(lambda candidate: float(candidate.url.rpartition("/")[2]))) as crawl:
        await crawl.visit("3", "7", "5")
        assert await crawl.visit("6", "9") == "7"
        assert await crawl.visit_all() == ["9", "6", "5", "3"]


async def test_what_a_transaction_found_that_was_rolled_back_is_not_known() -> None:
    class Stop(BaseException):
        """Not an error, so it is not taken for one of the scorer's."""

    def scorer(candidate: Candidate) -> float:
        if candidate.url == url("2") and not stops:
            stops.append(True)
            raise Stop
        return 0.0

    stops: list[bool] = []
    async with opened(order=best_first(scorer)) as crawl:
        lease = await crawl.lease()
        with pytest.raises(Stop):
            await crawl.frontier.complete(lease, links("1", "2", "3"))
        assert await crawl.frontier.complete(lease, links("1", "2", "3")) == 3
        assert await crawl.visit_all() == ["1", "2", "3"]


async def test_a_scorer_that_fails_is_warned_about_once_and_its_urls_go_last() -> None:
    def score(candidate: Candidate) -> float:
        if candidate.text in {"1", "2"}:
            raise LookupError("no idea")
        return 1.0

    async with opened(order=best_first(score)) as crawl:
        await crawl.visit("1", "2", "3")
        assert await crawl.visit_all() == ["3", "1", "2"]
        assert crawl.warnings == ["the scorer failed: LookupError: no idea"]


async def test_a_requests_priority_goes_before_the_order() -> None:
    seeds = [Request(url=url(name), priority=priority) for name, priority in (("a", 0), ("b", 2), ("c", -1), ("d", 2))]
    async with opened(seeds=seeds) as crawl:
        assert await crawl.visit("link") == "b"
        assert await crawl.visit_all() == ["d", "a", "link", "c"]


async def test_hosts_of_equal_rank_take_turns() -> None:
    seeds = [*requests("1", "2", "3"), *requests("1", "2", site=OTHER)]
    async with opened(seeds=seeds) as crawl:
        assert await crawl.visit_all() == ["1", f"{OTHER}/1", "2", f"{OTHER}/2", "3"]


async def test_spellings_of_one_url_are_one_request() -> None:
    same = [
        Request(url=f"{url('a')}?{query}") for query in ("x=1&y=2", "y=2&x=1", "x=1&utm_source=z&y=2", "x=1&y=2#top")
    ]
    async with opened(seeds=same) as crawl:
        lease = await crawl.lease()
        assert lease.request == same[0], "the first spelling is visited"
        assert await crawl.frontier.complete(lease, [Link(url=request.url, internal=True) for request in same]) == 0
        assert crawl.frontier.counts.discovered == 1


async def test_one_url_in_two_sessions_is_two_requests_and_links_stay_in_theirs() -> None:
    async with opened(seeds=[Request(url=url(0)), Request(url=url(0), session="alice")]) as crawl:
        assert crawl.frontier.counts.discovered == 2
        await crawl.visit("1")
        await crawl.visit("1")
        sessions = [(await crawl.lease()).request.session for _ in range(2)]
        assert sessions == [None, "alice"]


async def test_complete_tells_how_many_links_were_new() -> None:
    async with opened() as crawl:
        lease = await crawl.lease()
        assert await crawl.frontier.complete(lease, links("1", "2", "1", "0")) == 2
        assert await crawl.frontier.complete(await crawl.lease(), links("1", "2", "3")) == 1


async def test_what_is_queued_and_what_is_refused_is_told() -> None:
    async with opened() as crawl:
        await crawl.frontier.complete(await crawl.lease(), [*links("1"), *links("x", site=OTHER), *links("a.zip")])
        assert crawl.queued == [url("0"), url("1")]
        assert crawl.refused == [
            (f"{OTHER}/x", "same: b.example is another host than a.example"),
            (url("a.zip"), "skip_suffixes: a.zip is no page"),
        ]
        assert crawl.frontier.counts.refused == 2


async def test_seeds_do_not_mix_their_scopes() -> None:
    async with opened(seeds=[*requests(0), *requests(0, site=OTHER)]) as crawl:
        assert await crawl.visit("mine", site=OTHER) == "0", "a link from a.example to b.example"
        assert await crawl.visit("mine", site=OTHER) == f"{OTHER}/0", "the same link on b.example"
        assert crawl.queued[2:] == [f"{OTHER}/mine"]
        assert len(crawl.refused) == 1


async def test_the_links_of_a_redirected_seed_are_held_against_where_it_led() -> None:
    async with opened() as crawl:
        found = [*links("1", site="https://www.a.example"), *links("2")]
        new = await crawl.frontier.complete(await crawl.lease(), found, final_url="https://www.a.example/home")
        assert new == 1
        lease = await crawl.lease()
        assert (lease.request.url, lease.parent) == ("https://www.a.example/1", url("0"))
        new = await crawl.frontier.complete(lease, links("3", site="https://www.a.example"))
        assert new == 1, "and so are those of its pages"


async def test_a_page_that_is_no_seed_does_not_widen_the_scope_by_a_redirect() -> None:
    async with opened() as crawl:
        await crawl.visit("1")
        found = [*links("2"), *links("x", site=OTHER)]
        assert await crawl.frontier.complete(await crawl.lease(), found, final_url=f"{OTHER}/") == 1


async def test_a_password_in_a_seed_is_used_and_never_told() -> None:
    seed = Request(url="https://anna:secret@a.example/0")
    async with opened(seeds=[seed, Request(url="ftp://anna:secret@a.example/")], order=depth_first()) as crawl:
        lease = await crawl.lease()
        assert lease.request == seed
        await crawl.frontier.complete(lease, links("1"))
        child = await crawl.lease()
        assert (child.request.url, child.parent) == (url("1"), url("0"))
        with pytest.raises(ValueError, match="not leased") as failure:
            await crawl.frontier.release(lease)
        told = f"{crawl.events} {failure.value} {child!r}"
        assert "a.example/0" in told
        assert "secret" not in told
