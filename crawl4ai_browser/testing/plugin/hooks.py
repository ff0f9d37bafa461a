"""What pytest loads: the options, markers and fixtures of tests that crawl.

Every suite on a machine where the package is installed imports this module, so it imports nothing but pytest: what a
fixture needs is imported by name when a test asks for it. A suite that uses none of them pays for one module.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from crawl4ai_browser.config import CrawlConfig
    from crawl4ai_browser.testing.fixtures import AsyncCrawl, AsyncFetch, Crawl, Fetch
    from crawl4ai_browser.testing.plugin.crawl_test import CrawlTest
    from crawl4ai_browser.testing.plugin.crawlers import Crawlers
    from crawl4ai_browser.testing.plugin.faults import BrowserFaults
    from crawl4ai_browser.testing.plugin.login import SessionFrom
    from crawl4ai_browser.testing.plugin.sites import CrawlSite
    from crawl4ai_browser.testing.plugin.visitors import AsyncCrawlSession, CrawlSession, SharedCrawler
    from crawl4ai_browser.testing.proxy import ProxyServer

_VISIT_FILE = "saved-visit.json"
"""As `saved_visit` has it, which is imported when there is one."""

_test_key = pytest.StashKey["CrawlTest"]()
"""What a test has crawled with, for its report."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("crawl4ai-browser", "tests that crawl")
    group.addoption(
        "--crawl-missing-browser",
        choices=("fail", "skip"),
        help="What becomes of tests that crawl where there is no browser. [default: the ini setting; fail]",
    )
    group.addoption(
        "--crawl-cassettes",
        choices=("none", "once", "new", "all"),
        help="What tests marked crawl_cassette record, whatever they say: nothing; all, where there is no file yet;"
        " what is not in the file; all, anew.",
    )
    group.addoption(
        "--update-crawls",
        action="store_true",
        help="Write what saved visits give now as what is expected of them, in place of comparing it.",
    )
    parser.addini("crawl_missing_browser", "fail or skip tests that crawl where there is no browser", default="fail")


def pytest_configure(config: pytest.Config) -> None:
    """Add the markers."""
    config.addinivalue_line(
        "markers",
        "crawl_cassette(path=None, mode='once', secrets=()): crawl from a file of answers, recorded where there is"
        " none. The path is relative to the test's file, by default cassettes/<file>/<test>.json.",
    )


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect saved visits."""
    if file_path.name != _VISIT_FILE:
        return None
    collector: pytest.Collector = _part("visit_items").VisitFile.from_parent(parent, path=file_path)
    return collector


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Fail a test that asked for what is not on its cassette."""
    __tracebackhide__ = True
    try:
        result = yield
    except BaseException as error:
        test = item.stash.get(_test_key, None)
        if test is not None:
            test.has_failed = True
            if test.cassette is not None and test.cassette.misses:
                error.add_note(_part("cassette_use").complaint(test.cassette))
        raise
    test = item.stash.get(_test_key, None)
    if test is not None and test.cassette is not None:
        _part("cassette_use").check(test)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Save what a test has crawled, beside its report."""
    report = yield
    test = item.stash.get(_test_key, None)
    if test is not None and (report.when == "call" or (report.when == "setup" and report.failed)):
        _part("attachments").attach(item, report, test)
    return report


def _part(name: str, folder: str = "testing.plugin") -> Any:
    return import_module(f"crawl4ai_browser.{folder}.{name}")


# --- configuration: fixtures to override, at any scope


@pytest.fixture(scope="session")
def crawler_config(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> CrawlConfig:
    """The `CrawlConfig` of this suite's crawls. Override it, at any scope, to change it for the tests below."""
    settings = _part("settings")
    config: CrawlConfig = settings.default_config(
        settings.Settings.of(pytestconfig), tmp_path_factory.mktemp("downloads", numbered=True)
    )
    return config


@pytest.fixture(scope="session")
def crawl_context_args() -> Mapping[str, object]:
    """What sessions of tests are given beside `crawler_config.context`: fields of `ContextConfig`. To be overridden."""
    return {}


# --- crawling


@pytest.fixture(scope="session")
def crawlers() -> Generator[Crawlers]:
    """The crawlers of this process, for fixtures of a wider scope than a test's: `crawlers.crawl(url, config)`."""
    with _part("crawlers").Crawlers(_part("bridge").Bridge()) as opened:
        yield opened


@pytest.fixture
def _crawl_test(
    request: pytest.FixtureRequest,
    crawlers: Crawlers,
    crawler_config: CrawlConfig,
    crawl_context_args: Mapping[str, object],
) -> Generator[CrawlTest]:
    """What this test crawls with."""
    settings = _part("settings").Settings.of(request.config)
    _part("browser_check").require_browser(crawler_config.browser, settings.missing_browser)
    if "output_path" in request.fixturenames or request.config.pluginmanager.has_plugin("playwright"):
        request.getfixturevalue("output_path")
    with _part("cassette_use").cassette_of(request) as cassette:
        test: CrawlTest = _part("crawl_test").made_for(
            request.node,
            crawlers,
            config=crawler_config,
            context_args=crawl_context_args,
            settings=settings,
            cassette=cassette,
        )
        request.node.stash[_test_key] = test
        yield test
        test.close()
        if cassette is not None and test.has_failed:
            cassette.discard()


@pytest.fixture
def crawler(_crawl_test: CrawlTest) -> SharedCrawler:
    """The crawler of this process, for tests with an event loop. Its browser starts with the first page."""
    return _crawl_test.crawler()


@pytest.fixture
def crawl_session(_crawl_test: CrawlTest) -> CrawlSession | AsyncCrawlSession:
    """A session of this test's own: a browser context with no cookies but those of its configuration.

    In an `async def` test its methods are awaited (`AsyncCrawlSession`), in others they block (`CrawlSession`).
    """
    return _crawl_test.session()


@pytest.fixture
def fetch(_crawl_test: CrawlTest) -> Fetch | AsyncFetch:
    """`fetch(url)`: the result of one page, visited in the session of this test. In an `async def` test: await it."""
    return _crawl_test.session().fetch


@pytest.fixture
def crawl(_crawl_test: CrawlTest) -> Crawl | AsyncCrawl:
    """`crawl(urls, scope=...)`: the list of results, visited in the session of this test. Types: `testing.fixtures`.

    In an `async def` test: await it, or iterate over it with `async for`.
    """
    return _crawl_test.session().crawl


@pytest.fixture
def session_from(_crawl_test: CrawlTest) -> SessionFrom:
    """`session_from(context)`: a session that begins as signed in as a browser context of Playwright's is now."""
    taken: SessionFrom = _part("login").SessionFrom(_crawl_test)
    return taken


@pytest.fixture
def browser_faults(_crawl_test: CrawlTest) -> Generator[BrowserFaults]:
    """Kills or hangs the browser of this test, or its driver, when a certain visit begins."""
    faults: BrowserFaults = _part("faults").BrowserFaults(_crawl_test.start_browser)
    _crawl_test.observers.append(faults.observe)
    yield faults
    faults.resume()
    if faults.pending:
        pytest.fail(f"only {faults.visit_count} visits began, and not {'; '.join(faults.pending)}", pytrace=False)


# --- what is crawled


@pytest.fixture
def crawl_site() -> Generator[CrawlSite]:
    """`crawl_site(folder)` or `crawl_site({"/": "<h1>here</h1>", ...})`: a running `SiteServer` on loopback."""
    sites: CrawlSite = _part("sites").CrawlSite()
    yield sites
    sites.close()


@pytest.fixture
def crawl_proxy() -> Generator[ProxyServer]:
    """A running proxy, HTTP and SOCKS5, with a user: `Proxy.parse(crawl_proxy.url)`. It logs what it sees."""
    with _part("proxy", "testing").ProxyServer({"crawler": "secret"}) as proxy:
        yield proxy
