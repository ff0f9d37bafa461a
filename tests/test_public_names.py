from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import crawl4ai_browser
from crawl4ai_browser import errors

SOURCE = Path(crawl4ai_browser.__file__)

# What users may rely on. A name that goes away breaks them, and a new one is a promise: a decision, made here too.
PUBLIC = """
    Crawler crawl fetch CrawlRun CrawlStatistics SiteUrl
    Session SessionPage SessionLimits SignIn SignedIn StorageState Cookie Geolocation HttpCredentials
    Request CrawlResult Link Media Table PageMetadata Download Attempt ErrorInfo Snapshot
    BrowserConfig CacheConfig CapacityConfig CaptureConfig ContentConfig ContextConfig CrawlConfig DownloadConfig
    EgressConfig FileFilter FileNames LimitsConfig PolitenessConfig RetryConfig Viewport VisitConfig
    Proxy ProxyPool ProxyHealth ProxyStatus ProxyCheck check_proxies Scope breadth_first depth_first best_first
    Fetcher Sink Event Observer Hooks
    Css XPath Column Schema Extractor Thing Product Article
    CrawlError ConfigError Skipped FetchError ExtractError StorageError SinkError
"""


def names_for_type_checkers() -> dict[str, str]:
    """Each name with its module, as the imports under TYPE_CHECKING have it."""
    tree = ast.parse(SOURCE.read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    return {
        alias.name: node.module or "" for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }


def test_the_package_exports_what_users_rely_on_and_no_more() -> None:
    assert sorted(crawl4ai_browser.__all__) == sorted(PUBLIC.split())


@pytest.mark.parametrize("name", crawl4ai_browser.__all__)
def test_a_name_is_at_run_time_what_type_checkers_take_it_for(name: str) -> None:
    value = getattr(crawl4ai_browser, name)
    home = sys.modules[names_for_type_checkers()[name]]
    assert value is getattr(home, name)


def test_type_checkers_see_every_name() -> None:
    assert sorted(names_for_type_checkers()) == sorted(crawl4ai_browser.__all__)


def test_names_are_listed_for_completion() -> None:
    assert set(crawl4ai_browser.__all__) <= set(dir(crawl4ai_browser))


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Crawl4AI'"):
        _ = crawl4ai_browser.Crawl4AI


def test_the_first_level_of_errors_is_public() -> None:
    first_level = {cls.__name__ for cls in errors.CrawlError.__subclasses__()}
    assert first_level <= set(crawl4ai_browser.__all__)


def test_the_function_crawl_stays_one_when_its_modules_are_imported() -> None:
    code = (
        "import crawl4ai_browser.crawling.crawler, crawl4ai_browser.crawling.blocking as blocking\n"
        "import crawl4ai_browser\n"
        "assert crawl4ai_browser.crawl is blocking.crawl\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=SOURCE.parents[1])


def test_importing_the_package_loads_nothing_else() -> None:
    code = (
        "import sys, crawl4ai_browser\n"
        "heavy = {'playwright', 'pydantic', 'lxml', 'anyio', 'sqlite3', 'asyncio'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=SOURCE.parents[1])


def test_a_crawler_does_not_load_the_content_stage_into_its_own_process() -> None:
    code = (
        "import sys\n"
        "from crawl4ai_browser import Crawler\n"
        "heavy = {'lxml', 'markdownify', 'bs4', 'selectolax'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=SOURCE.parents[1])
