"""The pytest plugin, seen from suites that use it: pytest inside pytest."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from crawl4ai_browser.browser.provisioning.discovery import ENVIRONMENT_VARIABLE
from crawl4ai_browser.testing.site import Response, SiteServer

pytest_plugins = ("pytester",)

pytestmark = pytest.mark.timeout(300)  # a whole suite with browsers of its own, on a machine that is busy

ROOT = Path(__file__).parents[2]

SITE = """
import pytest
from crawl4ai_browser.testing.site import Response, SiteServer, with_cookie

@pytest.fixture(scope="session")
def site():
    with SiteServer() as server:
        server.route("/", Response.html("<title>one</title><a href='/two'>two</a>"))
        server.route("/two", Response.html("<title>two</title>"))
        server.route("/sign-in", with_cookie(Response.html("in"), "who", "alice"))
        server.route("/who", lambda hit: Response.html(hit.cookies().get("who", "nobody")))
        server.route("/language", lambda hit: Response.html(hit.headers.get("accept-language", "")))
        yield server
"""

SYNC_TESTS = """
from crawl4ai_browser import Scope

def test_fetch_gives_a_page(fetch, site):
    assert fetch(site.url("/")).metadata.title == "one"
    fetch(site.url("/sign-in"))
    assert "alice" in fetch(site.url("/who")).markdown

def test_each_test_has_a_session_of_its_own(crawl_session, fetch, site):
    assert "nobody" in fetch(site.url("/who")).markdown
    crawl_session.fetch(site.url("/sign-in"))
    assert "alice" in fetch(site.url("/who")).markdown
    assert [cookie.name for cookie in crawl_session.storage_state().cookies] == ["who"]

def test_crawl_gives_a_list(crawl, site):
    results = crawl(site.url("/"), scope=Scope())
    assert [result.metadata.title for result in results] == ["one", "two"]
    assert len(crawl(site.url(path) for path in ("/", "/two"))) == 2

def test_a_function_gets_the_page(crawl_session, site):
    async def title(page):
        await page.goto(site.url("/two"))
        return await page.title()

    assert crawl_session.run(title) == "two"
"""


CACHE = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")

OTHERS = ("anyio", "asyncio", "playwright")


def run(
    pytester: pytest.Pytester, *arguments: str, beside: tuple[str, ...] = (), files: dict[str, str]
) -> pytest.RunResult:
    """A suite of these files, in a process of its own as users have it, beside these other plugins alone."""
    pytester.makeini("[pytest]\nfilterwarnings = error")
    # pytester gives it a home of its own, where nobody has noted yet which version the browser is of.
    pytester._monkeypatch.setenv("XDG_CACHE_HOME", CACHE)
    pytester.makepyfile(**files)
    return pytester.runpytest_subprocess("-p", "no:cacheprovider", *without(*beside), *arguments)


def without(*beside: str) -> list[str]:
    return [argument for name in OTHERS if name not in beside for argument in ("-p", f"no:{name}")]


def test_registering_imports_nothing_but_the_module_itself() -> None:
    code = (
        "import sys, pytest\n"
        "before = set(sys.modules)\n"
        "import crawl4ai_browser.testing.plugin.hooks\n"
        "print(*sorted(set(sys.modules) - before))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.split() == [
        "crawl4ai_browser",
        "crawl4ai_browser.testing",
        "crawl4ai_browser.testing.plugin",
        "crawl4ai_browser.testing.plugin.hooks",
    ]


def test_a_suite_that_does_not_crawl_loads_nothing(pytester: pytest.Pytester) -> None:
    suite = """
        import sys, threading

        def test_nothing_is_loaded():
            loaded = {name for name in sys.modules if name.split(".")[0] in ("crawl4ai_browser", "playwright", "anyio")}
            assert loaded <= {
                "crawl4ai_browser",
                "crawl4ai_browser.testing",
                "crawl4ai_browser.testing.plugin",
                "crawl4ai_browser.testing.plugin.hooks",
            }
            assert threading.active_count() == 1
        """
    done = run(pytester, files={"test_plain": suite})

    done.assert_outcomes(passed=1)


OVERRIDES = """
import pytest
from crawl4ai_browser import ContentConfig

@pytest.fixture(scope="module")
def crawl_context_args(crawl_context_args):
    return {**crawl_context_args, "locale": "de-CH"}

def test_of_a_module(fetch, site):
    assert "de-CH" in fetch(site.url("/language")).markdown

class TestText:
    @pytest.fixture
    def crawler_config(self, crawler_config):
        return crawler_config.model_copy(update={"content": ContentConfig(text=True)})

    def test_of_a_class(self, fetch, site):
        assert "nobody" in fetch(site.url("/who")).text

@pytest.fixture(scope="session")
def pages(crawlers, crawler_config, site):
    return crawlers.crawl([site.url("/"), site.url("/two")], crawler_config)

def test_a_wide_fixture_crawls_once(pages, crawlers, crawler_config, site):
    assert len(pages) == 2
    assert crawlers.fetch(site.url("/"), crawler_config).ok
"""

WRONG_ARGUMENT = """
import pytest

class TestWrong:
    @pytest.fixture
    def crawl_context_args(self):
        return {"colour": "red"}

    def test_wrong(self, fetch):
        pass
"""

FAILING = """
def test_fails(fetch, site):
    fetch(site.url("/"))
    assert fetch(site.url("/missing")).ok
"""

BROWSERS = """
import psutil

def test_this_worker_has_one_browser(fetch, site, worker_id):
    assert worker_id in ("gw0", "gw1")
    assert fetch(site.url("/")).ok
    words = {word for process in psutil.Process().children(recursive=True) for word in process.cmdline()}
    assert sum(word.startswith("--user-data-dir=") for word in words) == 1
"""


def test_fixtures_of_tests_without_an_event_loop(pytester: pytest.Pytester) -> None:
    files = {
        "conftest": SITE,
        "test_a": BROWSERS + SYNC_TESTS + WRONG_ARGUMENT,
        "test_b": BROWSERS + OVERRIDES + FAILING,
    }
    done = run(pytester, "-n", "2", "--dist", "loadfile", files=files)

    done.assert_outcomes(passed=9, failed=1, errors=1)
    done.stdout.fnmatch_lines_random(
        [
            "*ConfigError: crawl_context_args: colour: Extra inputs*ContextConfig*",
            "1. http://127.0.0.1:*/ 200 ok",
            "2. http://127.0.0.1:*/missing 404 HttpStatusError*",
        ]
    )
    (folder,) = (pytester.path / "test-results").iterdir()
    assert folder.name == "test-b-py-test-fails"
    assert {path.name for path in folder.glob("crawl-1*")} == {"crawl-1.html", "crawl-1.json"}


PLAYWRIGHT_BROWSER = """
from crawl4ai_browser.browser.provisioning.discovery import find_browser

@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    return {**browser_type_launch_args, "executable_path": str(find_browser().path)}
"""


def test_fixtures_beside_the_page_of_pytest_playwright(pytester: pytest.Pytester) -> None:
    suite = """
def test_both_see_the_same_site(page, fetch, site):
    page.goto(site.url("/sign-in"))
    assert fetch(site.url("/")).metadata.title == "one"
    page.goto(site.url("/who"))
    assert "alice" in page.content()
    assert "nobody" in fetch(site.url("/who")).markdown

def test_sign_in_is_taken_over(page, context, session_from, site):
    page.goto(site.url("/sign-in"))
    session = session_from(context)
    assert "alice" in session.fetch(site.url("/who")).markdown
"""
    done = run(
        pytester,
        *("--screenshot", "only-on-failure", "--tracing", "retain-on-failure", "--output", "seen"),
        *("-W", "ignore::pytest.PytestRemovedIn10Warning"),  # of a fixture of pytest-playwright's
        beside=("playwright",),
        files={"conftest": SITE + PLAYWRIGHT_BROWSER, "test_it": suite + FAILING},
    )

    done.assert_outcomes(passed=2, failed=1)
    (folder,) = (pytester.path / "seen").iterdir()
    names = {path.name for path in folder.iterdir()}
    assert {"crawl-1.html", "crawl-1.json", "crawl-2.png", "crawl-2-console.txt", "crawl-trace.zip"} <= names
    assert "one" in (folder / "crawl-1.html").read_text()
    assert (folder / "crawl-2.png").read_bytes().startswith(b"\x89PNG")
    assert "404" in (folder / "crawl-2-console.txt").read_text()


ASYNC_TESTS = """
import pytest
from crawl4ai_browser import Scope

pytestmark = pytest.mark.{mark}

async def test_fetch_and_crawl_are_awaited(fetch, crawl, site):
    assert (await fetch(site.url("/"))).metadata.title == "one"
    assert len(await crawl(site.url("/"), scope=Scope())) == 2
    assert [result.url async for result in crawl([site.url("/two")])] == [site.url("/two")]

async def test_crawler_and_session(crawler, crawl_session, site):
    async for result in crawler.crawl(site.url("/"), scope=Scope()):
        break
    await crawl_session.fetch(site.url("/sign-in"))
    async with crawler.session("other") as other:
        assert "nobody" in (await other.fetch(site.url("/who"))).markdown
    assert "alice" in (await crawl_session.fetch(site.url("/who"))).markdown
    assert (await crawler.fetch(site.url("/"))).ok
"""


def test_fixtures_of_async_tests(pytester: pytest.Pytester) -> None:
    backend = '\n@pytest.fixture\ndef anyio_backend():\n    return "asyncio"\n'
    done = run(
        pytester,
        *("-o", "asyncio_default_fixture_loop_scope=function"),
        beside=("anyio", "asyncio"),
        files={
            "conftest": SITE + backend,
            "test_anyio": ASYNC_TESTS.format(mark="anyio"),
            "test_asyncio": ASYNC_TESTS.format(mark="asyncio"),
        },
    )

    done.assert_outcomes(passed=4)


@pytest.mark.parametrize(
    ("arguments", "outcome"), [((), {"errors": 1}), (("--crawl-missing-browser=skip",), {"skipped": 1})]
)
def test_missing_browser_fails_or_skips_with_the_remedy(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], outcome: dict[str, int]
) -> None:
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, "/nowhere/chromium")
    suite = 'def test_one(fetch):\n    fetch("http://127.0.0.1:1/")'
    pytester.makepyfile(test_one=suite)
    done = pytester.runpytest_inprocess("-rs", *without(), *arguments)

    done.assert_outcomes(**outcome)
    done.stdout.fnmatch_lines([f"*{ENVIRONMENT_VARIABLE}*"])


CASSETTE_TESTS = """
import pytest
from crawl4ai_browser import Scope

URL = "{url}"

@pytest.mark.crawl_cassette
def test_recorded(crawl):
    results = crawl(URL, scope=Scope())
    assert [result.metadata.title for result in results] == ["one", "two"]

@pytest.mark.crawl_cassette("tapes/own.json", secrets=["pin"])
def test_page(fetch):
    assert fetch(URL + PATH).ok

@pytest.mark.crawl_cassette
def test_failing(fetch):
    fetch(URL)
    assert False, "of the test"
"""


def test_marked_tests_are_recorded_once_and_replayed_without_the_site(pytester: pytest.Pytester) -> None:
    with SiteServer() as site:
        site.route("/", Response.html("<title>one</title><a href='/two'>two</a>"))
        site.route("/two", Response.html("<title>two</title>"))
        tests = CASSETTE_TESTS.format(url=site.url("/"))
        recorded = run(pytester, files={"test_tapes": f"PATH = 'two'\n{tests}"})
    replayed = run(pytester, "-k", "not failing", files={"test_tapes": f"PATH = 'tow'\n{tests}"})

    recorded.assert_outcomes(passed=2, failed=1)
    replayed.assert_outcomes(passed=1, failed=1)
    replayed.stdout.fnmatch_lines(
        [
            "*GET http://127.0.0.1:*/tow is not on the cassette; the nearest is GET http://127.0.0.1:*/two*",
            "*To record it: --crawl-cassettes=new*",
        ]
    )
    assert [path.name for path in (pytester.path / "cassettes" / "test_tapes").iterdir()] == ["test_recorded.json"]
    assert [path.name for path in (pytester.path / "tapes").iterdir()] == ["own.json"]
