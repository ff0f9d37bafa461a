"""One identity over many pages: signed in once, again when it is signed out, and alone when it asks to be."""

from __future__ import annotations

from collections import Counter, defaultdict

import anyio
import pytest
from playwright.async_api import Page

from crawl4ai_browser import ContextConfig, Crawler, HttpCredentials, SignedIn, SignIn
from crawl4ai_browser.result import CrawlResult
from crawl4ai_browser.testing.site import Members, Response, SiteServer, behind_password, password_of
from tests.crawling.members import entries, entry, log_in_as, member_of, results_of, signs_in

# --- one identity, many pages


async def test_a_session_signs_in_once_for_all_its_pages(crawler: Crawler, site: SiteServer, members: Members) -> None:
    requests = entries(site, 10)
    async with crawler.session("alice", sign_in=signs_in("alice", site)) as alice:
        results = await results_of(alice.crawl(requests))
    assert sorted(result.url for result in results) == sorted(request.url for request in requests)
    for result in results:
        assert result.ok, result.error
        assert member_of(result) == "alice"
        assert f"Log entry {result.url.rpartition('/')[2]}" in (result.html or "")
        assert result.session == "alice"
        assert [attempt.charged for attempt in result.attempts] == [True]
    assert members.sign_in_count() == 1
    assert site.hit_count("/members/login") > 0


async def test_run_signs_in_by_hand(crawler: Crawler, site: SiteServer, members: Members) -> None:
    async with crawler.session("alice") as alice:
        assert member_of(await alice.fetch(entry(site, 1))) is None
        await alice.run(log_in_as("alice", site))
        assert member_of(await alice.fetch(entry(site, 1))) == "alice"
    assert members.sign_in_count("alice") == 1


@pytest.mark.parametrize("store", ["cookie", "local", "indexed", "tab"])
async def test_every_store_of_a_sign_in_lasts_over_pages(
    crawler: Crawler, site: SiteServer, members: Members, store: str
) -> None:
    context = ContextConfig(keep_session_storage=store == "tab")
    async with crawler.session("alice", context=context, sign_in=signs_in("alice", site, store=store)) as alice:
        results = await results_of(alice.crawl(entries(site, 5, store=store)))
    assert [member_of(result) for result in results] == ["alice"] * 5
    assert members.sign_in_count() == 1


async def test_http_credentials_go_to_their_origin_alone(crawler: Crawler, members: Members, site: SiteServer) -> None:
    del members
    with SiteServer() as stranger:
        stranger.route("/members/*", behind_password(Response.html("in"), user="alice", password=password_of("alice")))
        context = ContextConfig(
            http_credentials=(
                HttpCredentials.model_validate(
                    {"origin": site.origin, "username": "alice", "password": password_of("alice")}
                ),
            )
        )
        async with crawler.session("alice", context=context) as alice:
            own = await alice.fetch(entry(site, 1, store="basic"))
            other = await alice.fetch(stranger.url("/members/basic/1"))
        assert (own.status, own.redirects, member_of(own)) == (200, (), "alice")
        assert other.status == 401
        assert all("authorization" not in hit.headers for hit in stranger.hits)


# --- many identities


@pytest.mark.timeout(180)  # 208 pages and 8 sign-ins: 10 s on two cores that do nothing else
async def test_eight_identities_crawl_at_once_and_nothing_leaks(
    crawler: Crawler, site: SiteServer, members: Members
) -> None:
    names = ["ada", "bea", "cleo", "dora", "eve", "flora", "gina", "hilda"]
    shown: dict[str, Counter[str | None]] = defaultdict(Counter)

    async def crawl_as(name: str, store: str) -> None:
        async with crawler.session(name, sign_in=signs_in(name, site, store=store)) as session:
            async for result in session.crawl(entries(site, 25, store=store)):
                assert result.ok, (name, result.url, result.error)
                assert result.session == name
                shown[name][member_of(result)] += 1

    async with anyio.create_task_group() as tasks:
        for number, name in enumerate(names):
            tasks.start_soon(crawl_as, name, ("cookie", "local", "indexed")[number % 3])
    assert shown == {name: Counter({name: 25}) for name in names}
    assert [members.sign_in_count(name) for name in names] == [1] * 8


# --- signed out


async def test_a_sign_out_in_mid_crawl_costs_one_sign_in_and_no_page(
    crawler: Crawler, site: SiteServer, members: Members
) -> None:
    requests = entries(site, 12)
    results: list[CrawlResult] = []
    async with crawler.session("alice", sign_in=signs_in("alice", site)) as alice:
        async for result in alice.crawl(requests):
            results.append(result)
            if len(results) == 4:
                members.sign_out("alice")
    assert sorted(result.url for result in results) == sorted(request.url for request in requests)
    assert [member_of(result) for result in results] == ["alice"] * 12
    assert members.sign_in_count("alice") == 2
    again = [result for result in results if len(result.attempts) > 1]
    assert again
    for result in again:
        first = result.attempts[0]
        assert (first.error.kind if first.error else None, first.charged) == ("SignedOut", False)


async def test_pages_from_before_a_sign_in_do_not_show_what_they_kept(
    crawler: Crawler, site: SiteServer, members: Members
) -> None:
    context = ContextConfig(keep_session_storage=True)
    requests = entries(site, 4, store="tab")
    async with crawler.session("alice", context=context, sign_in=signs_in("alice", site, store="tab")) as alice:
        before = await results_of(alice.crawl(requests))
        members.sign_out()
        # One by one, so that a page of before would be used again.
        after = [await alice.fetch(request) for request in requests]
    assert [member_of(result) for result in (*before, *after)] == ["alice"] * 8
    assert members.sign_in_count() == 2


@pytest.mark.parametrize(
    ("shows", "status"),
    [
        (SignedIn(login_url="*/members/login"), None),
        (SignedIn(script="!!document.querySelector('[data-member]')"), None),
        (SignedIn(), 401),
        (SignedIn(), 403),
    ],
    ids=["redirect", "script", "401", "403"],
)
async def test_a_page_shows_the_sign_out_in_other_ways(
    crawler: Crawler, site: SiteServer, members: Members, shows: SignedIn, status: int | None
) -> None:
    members.denial_status = status
    sign_in = SignIn(log_in=log_in_as("alice", site), is_signed_in=shows)
    async with crawler.session("alice", sign_in=sign_in) as alice:
        assert member_of(await alice.fetch(entry(site, 1))) == "alice"
        members.sign_out()
        assert member_of(await alice.fetch(entry(site, 2))) == "alice"
    assert members.sign_in_count() == 2


async def test_a_function_may_judge_the_page(crawler: Crawler, site: SiteServer, members: Members) -> None:
    async def is_signed_in(page: Page) -> bool:
        return await page.locator("[data-member=alice]").count() == 1

    sign_in = SignIn(log_in=log_in_as("alice", site), is_signed_in=is_signed_in)
    async with crawler.session("alice", sign_in=sign_in) as alice:
        assert member_of(await alice.fetch(entry(site, 1))) == "alice"
        members.sign_out()
        assert member_of(await alice.fetch(entry(site, 2))) == "alice"


async def test_a_sign_in_that_expires_after_some_requests_loses_no_page(
    crawler: Crawler, site: SiteServer, members: Members
) -> None:
    members.expires_after = 3
    async with crawler.session("alice", sign_in=signs_in("alice", site, store="local")) as alice:
        results = await results_of(alice.crawl(entries(site, 8, store="local")))
    assert [member_of(result) for result in results] == ["alice"] * 8
    assert members.sign_in_count() >= 2


async def test_sign_ins_that_do_not_help_end_the_session_with_a_record_for_every_page(
    crawler: Crawler, site: SiteServer, members: Members
) -> None:
    members.accepts_sign_ins = False
    requests = entries(site, 8)
    async with crawler.session("alice", sign_in=signs_in("alice", site)) as alice:
        results = await results_of(alice.crawl(requests))
        assert sorted(result.url for result in results) == sorted(request.url for request in requests)
        kinds = Counter(result.error.kind if result.error else None for result in results)
        assert kinds == {"SignInFailed": 8}
        for result in results:
            assert "session 'alice' has ended: 3 sign-ins in a row did not help" in str(result.error)
        late = await alice.fetch(requests[0])
        assert late.error is not None
        assert late.error.kind == "SignInFailed"


async def test_a_failing_log_in_says_why_without_what_it_typed(
    crawler: Crawler, site: SiteServer, members: Members
) -> None:
    del members

    async def log_in(page: Page) -> None:
        await page.goto(site.url("/members/login"))
        await page.get_by_label("Nobody").fill("secret-canary", timeout=50)

    async with crawler.session("alice", sign_in=SignIn(log_in=log_in, max_in_a_row=1)) as alice:
        result = await alice.fetch(entry(site, 1))
    assert result.error is not None
    assert result.error.kind == "SignInFailed"
    assert "log_in failed" in result.error.message
    assert "Timeout 50ms exceeded" in result.error.message
    assert "secret-canary" not in result.model_dump_json()


async def test_a_page_that_is_forbidden_to_the_account_costs_no_sign_in_where_that_can_be_checked(
    crawler: Crawler, site: SiteServer, members: Members
) -> None:
    site.route("/members/vault", Response.html("<h1>Not for you</h1>", status=403))
    sign_in = SignIn(log_in=log_in_as("alice", site), check_url=site.url("/members/cookie/1"))
    async with crawler.session("alice", sign_in=sign_in) as alice:
        forbidden = await alice.fetch(site.url("/members/vault"))
        assert (await alice.fetch(entry(site, 2))).ok
    assert (forbidden.status, forbidden.error and forbidden.error.kind) == (403, "SignedOut")
    assert members.sign_in_count() == 1


async def test_pages_wait_for_a_step_that_is_alone(crawler: Crawler, site: SiteServer, members: Members) -> None:
    del members
    order: list[str] = []
    async with crawler.session("alice") as alice, anyio.create_task_group() as tasks:
        has_begun = anyio.Event()

        async def visit() -> None:
            await has_begun.wait()
            await alice.fetch(entry(site, 1, store="local"))
            order.append("page")

        tasks.start_soon(visit)
        async with alice.alone():
            has_begun.set()
            await alice.run(log_in_as("alice", site))
            await alice.fetch(entry(site, 1))
            order.append("step")
    assert order == ["step", "page"]
