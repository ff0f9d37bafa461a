from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

import crawl4ai_browser
from crawl4ai_browser import errors
from crawl4ai_browser.config import CrawlConfig
from crawl4ai_browser.crawling.blocking import crawl, fetch
from crawl4ai_browser.frontier.scope import Scope
from crawl4ai_browser.request import Request
from crawl4ai_browser.testing.scripted_fetcher import ScriptedFetcher

ROOT = Path(__file__).parents[2]
START = "https://a.test/0"
Tree = Callable[[str], str]


def html(url: str) -> str:
    return f"<p>{url}</p>"


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    for thread in set(threading.enumerate()) - before:
        thread.join(timeout=5.0)  # a worker thread that was told to end does so in its own time
        assert not thread.is_alive(), thread


def test_a_page_is_fetched(config: CrawlConfig) -> None:
    result = fetch(START, config, fetcher=ScriptedFetcher(html))
    assert (result.ok, result.markdown) == (True, START)


def test_the_public_names_are_these(config: CrawlConfig) -> None:
    assert crawl4ai_browser.fetch is fetch
    assert crawl4ai_browser.crawl is crawl


def test_a_site_is_crawled(config: CrawlConfig, tree: Tree) -> None:
    results = crawl(START, config, scope=Scope(max_depth=3), fetcher=ScriptedFetcher(tree))
    assert len(list(results)) == 15


def test_nothing_is_started_before_the_first_result_is_asked_for(config: CrawlConfig) -> None:
    threads = threading.active_count()
    results = crawl([START], config, fetcher=ScriptedFetcher(html))
    assert threading.active_count() == threads
    results.close()


@pytest.mark.parametrize("call", [fetch, crawl])
def test_a_bad_seed_is_raised_at_once(config: CrawlConfig, call: Callable[..., object]) -> None:
    with pytest.raises(errors.ConfigError, match="write https://a.test"):
        call("a.test", config, fetcher=ScriptedFetcher(html))


def test_a_bad_seed_among_many_is_a_result(config: CrawlConfig) -> None:
    results = crawl([START, "nonsense"], config, fetcher=ScriptedFetcher(html))
    assert {result.url: result.ok for result in results} == {START: True, "nonsense": False}


def test_it_works_where_an_event_loop_runs_already(config: CrawlConfig) -> None:
    async def notebook_cell() -> list[str]:
        return [result.url for result in crawl([START], config, fetcher=ScriptedFetcher(html))]

    assert asyncio.run(notebook_cell()) == [START]


def test_seeds_are_read_in_the_callers_thread(config: CrawlConfig) -> None:
    # SQLite refuses a cursor in any thread but the one that made it.
    with sqlite3.connect(":memory:") as connection:
        connection.execute("CREATE TABLE pages (url TEXT)")
        connection.executemany("INSERT INTO pages VALUES (?)", [(f"https://a.test/{n}",) for n in range(250)])
        seeds = (url for (url,) in connection.execute("SELECT url FROM pages"))
        results = list(crawl(seeds, config, fetcher=ScriptedFetcher(html)))
    connection.close()
    assert len({result.url for result in results}) == 250


def test_endless_seeds_do_not_keep_results_from_coming(config: CrawlConfig) -> None:
    read = 0

    def seeds() -> Iterator[Request]:
        nonlocal read
        for read in count():
            yield Request(url=f"https://a.test/{read}")

    results = crawl(seeds(), config, fetcher=ScriptedFetcher(html))
    for _ in range(10):
        next(results)
    results.close()
    at_the_end = read
    assert at_the_end >= 10
    with pytest.raises(StopIteration):
        next(results)
    assert read == at_the_end


def test_an_exception_in_the_seeds_comes_out_as_it_is(config: CrawlConfig) -> None:
    def seeds() -> Iterator[str]:
        yield START
        raise LookupError("the table is gone")

    with pytest.raises(LookupError, match="the table is gone"):
        list(crawl(seeds(), config, fetcher=ScriptedFetcher(html)))


def test_what_stops_the_crawl_comes_out_as_it_is(config: CrawlConfig) -> None:
    with pytest.raises(errors.LaunchFailed, match="none found"):
        list(crawl(START, config, fetcher=ScriptedFetcher({START: errors.LaunchFailed("none found")})))


def test_leaving_the_loop_stops_the_crawl(config: CrawlConfig, tree: Tree) -> None:
    fetcher = ScriptedFetcher(tree, delay=0.001)
    for result in crawl(START, config, scope=Scope(), fetcher=fetcher):
        if result.depth == 4:
            break
    assert fetcher.active_count == 0


def test_an_exception_in_the_loop_stops_the_crawl(config: CrawlConfig, tree: Tree) -> None:
    fetcher = ScriptedFetcher(tree, delay=0.001)

    def read() -> None:
        for _ in crawl(START, config, scope=Scope(), fetcher=fetcher):
            raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        read()
    assert fetcher.active_count == 0


@pytest.mark.parametrize("call", ["fetch", "crawl"])
def test_an_interrupt_comes_out_and_leaves_nothing(tmp_path: Path, call: str) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(
            f"""
            import threading
            from crawl4ai_browser import CrawlConfig, crawl, fetch
            from crawl4ai_browser.testing.scripted_fetcher import ScriptedFetcher

            def seconds(url):
                print("visiting", flush=True)
                return 1000.0

            fetcher = ScriptedFetcher(lambda url: "x", delay=seconds)
            try:
                if {call!r} == "fetch":
                    fetch("https://a.test/", fetcher=fetcher)
                else:
                    list(crawl("https://a.test/", fetcher=fetcher))
            except KeyboardInterrupt:
                for thread in set(threading.enumerate()) - {{threading.main_thread()}}:
                    thread.join(5)
                print("interrupted,", fetcher.active_count, "visits,", threading.active_count(), "thread")
            """
        )
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True, env=env) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "visiting\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.read() == "interrupted, 0 visits, 1 thread\n"
