"""What a session remembers outlives its browser, its process and its name; and is shown to nobody."""

from __future__ import annotations

import json
import logging
import os
import stat
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import anyio
import psutil
import pytest

from crawl4ai_browser import BrowserConfig, ContextConfig, Cookie, CrawlConfig, Crawler, StorageState
from crawl4ai_browser.errors import ConfigError, StorageError
from crawl4ai_browser.events import BrowserLost, BrowserRetired, Event
from crawl4ai_browser.testing.site import Members, SiteServer
from tests.crawling.members import entries, entry, log_in_as, member_of, results_of, signs_in


@asynccontextmanager
async def own_crawler(config: CrawlConfig, events: list[Event]) -> AsyncGenerator[Crawler]:
    async with Crawler(config, observers=[events.append]) as crawler:
        yield crawler


def kill_browsers(*, but: set[psutil.Process]) -> None:
    for process in set(psutil.Process().children(recursive=True)) - but:
        with suppress(psutil.Error):  # it has ended by itself
            if "--remote-debugging-pipe" in process.cmdline():
                process.kill()


async def test_sessions_carry_on_signed_in_when_their_browser_is_killed(
    browser_config: CrawlConfig, site: SiteServer, members: Members, events: list[Event]
) -> None:
    shown: dict[str, list[str | None]] = {"ada": [], "bea": []}
    others = set(psutil.Process().children(recursive=True))
    async with own_crawler(browser_config, events) as crawler:

        async def crawl_as(name: str) -> None:
            async with crawler.session(name, sign_in=signs_in(name, site, store="indexed")) as session:
                async for result in session.crawl(entries(site, 8, store="indexed")):
                    assert result.ok, result.error
                    shown[name].append(member_of(result))
                    if name == "ada" and len(shown["ada"]) == 3:
                        kill_browsers(but=others)

        async with anyio.create_task_group() as tasks:
            for name in shown:
                tasks.start_soon(crawl_as, name)
    assert shown == {"ada": ["ada"] * 8, "bea": ["bea"] * 8}
    assert sum(isinstance(event, BrowserLost) for event in events) == 1
    assert members.sign_in_count("ada") == 1


async def test_sessions_move_out_of_a_browser_that_is_retired(
    browser_config: CrawlConfig, site: SiteServer, members: Members, events: list[Event]
) -> None:
    config = browser_config.model_copy(update={"browser": BrowserConfig(max_pages=6)})
    sign_in = signs_in("ada", site, store="local")
    async with own_crawler(config, events) as crawler, crawler.session("ada", sign_in=sign_in) as ada:
        results = await results_of(ada.crawl(entries(site, 36, store="local")))
    assert [member_of(result) for result in results] == ["ada"] * 36
    assert {len(result.attempts) for result in results} == {1}
    # Though it is never idle: four pages are visited at once, and up to three more begin before a browser is retired.
    assert sum(isinstance(event, BrowserRetired) for event in events) >= 36 // (6 + 3) - 1
    assert members.sign_in_count() == 1


@pytest.mark.parametrize("store", ["cookie", "local", "indexed", "tab"])
async def test_a_saved_state_signs_another_session_in(
    crawler: Crawler, site: SiteServer, members: Members, tmp_path: Path, store: str
) -> None:
    path = tmp_path / "ada.json"
    keeps = ContextConfig(keep_session_storage=True)
    async with crawler.session("ada", context=keeps) as ada:
        await ada.run(log_in_as("ada", site, store=store))
        await ada.save_state(path, session_storage=True)
    context = ContextConfig(storage_state=str(path), keep_session_storage=True)
    async with crawler.session("ada again", context=context) as again:
        assert member_of(await again.fetch(entry(site, 1, store=store))) == "ada"
    assert members.sign_in_count() == 1
    state = StorageState.parse(path.read_bytes(), source="it")
    async with crawler.session("by value", context=keeps.model_copy(update={"storage_state": state})) as third:
        assert member_of(await third.fetch(entry(site, 2, store=store))) == "ada"


async def test_a_state_from_before_is_verified_where_it_can_be(
    crawler: Crawler, site: SiteServer, members: Members
) -> None:
    async with crawler.session("ada") as ada:
        await ada.run(log_in_as("ada", site))
        state = await ada.storage_state()
    sign_in = signs_in("ada", site)
    object.__setattr__(sign_in, "check_url", site.url("/members/cookie/1"))
    context = ContextConfig(storage_state=state)
    async with crawler.session("ada", context=context, sign_in=sign_in) as good:
        assert member_of(await good.fetch(entry(site, 2))) == "ada"
    assert members.sign_in_count() == 1
    members.sign_out()
    async with crawler.session("ada", context=context, sign_in=sign_in) as stale:
        result = await stale.fetch(entry(site, 2))
    assert (member_of(result), len(result.attempts)) == ("ada", 1)
    assert members.sign_in_count() == 2


async def test_session_storage_is_saved_where_asked_alone(crawler: Crawler, site: SiteServer, members: Members) -> None:
    del members
    async with crawler.session("ada", context=ContextConfig(keep_session_storage=True)) as ada:
        await ada.run(log_in_as("ada", site, store="tab"))
        assert (await ada.storage_state()).session_storage == {}
        assert list((await ada.storage_state(session_storage=True)).session_storage) == [site.origin]


async def test_state_files_are_for_their_owner_alone_and_replaced_whole(
    crawler: Crawler, site: SiteServer, members: Members, tmp_path: Path
) -> None:
    del members
    path = tmp_path / "ada.json"
    path.write_text("older")
    path.chmod(0o644)
    before = os.umask(0)
    try:
        async with crawler.session("ada") as ada:
            await ada.run(log_in_as("ada", site))
            await ada.save_state(path)
            with pytest.raises(StorageError, match="none/ada.json' can't be written: No such file or directory"):
                await ada.save_state(tmp_path / "none" / "ada.json")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [cookie["name"] for cookie in json.loads(path.read_text())["cookies"]] != []
    assert os.listdir(tmp_path) == ["ada.json"]


async def test_no_secret_is_logged_or_printed(
    crawler: Crawler, site: SiteServer, members: Members, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    del members
    caplog.set_level(logging.DEBUG)
    async with crawler.session("ada") as ada:
        await ada.run(log_in_as("ada", site))
        await ada.fetch(entry(site, 1))
        state = await ada.storage_state()
        await ada.save_state(tmp_path / "ada.json")
        printed = repr(ada) + repr(state) + repr(state.cookies) + repr(crawler)
    secret = next(cookie.value for cookie in state.cookies if cookie.name == "member")
    assert secret not in printed
    assert secret not in caplog.text


async def test_configured_cookies_go_before_those_of_the_state(crawler: Crawler, site: SiteServer) -> None:
    given = {"cookies": [{"name": name, "value": "old", "domain": "127.0.0.1", "path": "/"} for name in ("a", "b")]}
    cookie = Cookie.model_validate({"name": "a", "value": "new", "url": site.url()})
    context = ContextConfig(storage_state=StorageState.of(given, source="it"), cookies=(cookie,))
    site.reset_hits()
    async with crawler.session("ada", context=context) as ada:
        await ada.fetch(site.url("/about.html"))
    assert site.hits[0].cookies() == {"a": "new", "b": "old"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "the state file '{path}' can't be read: No such file or directory"),
        ("{", "the state file '{path}' is not JSON (line 1, column 2)"),
        (
            '{"cookies": [{"name": "a"}]}',
            "the state file '{path}' is no storage state: cookies[0].value: Field required",
        ),
        ("[]", "the state file '{path}' is no storage state: the whole"),
    ],
)
async def test_a_bad_state_file_is_named_with_the_place(
    crawler: Crawler, tmp_path: Path, text: str | None, said: str
) -> None:
    path = tmp_path / "ada.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        async with crawler.session("ada", context=ContextConfig(storage_state=path)):
            pass
    assert said.format(path=path) in caught.value.message
