"""Crawl and fetch web pages in headless browsers.

    import crawl4ai_browser
    result = crawl4ai_browser.fetch("https://example.com/")

Each name is loaded when it is first used, so that importing the package costs next to nothing: the command line's help
and the content workers do not wait for Playwright.
"""

import gc
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crawl4ai_browser.browser.hooks import Hooks as Hooks
    from crawl4ai_browser.browser.sessions.sign_in import SignedIn as SignedIn
    from crawl4ai_browser.browser.sessions.sign_in import SignIn as SignIn
    from crawl4ai_browser.cache_config import CacheConfig as CacheConfig
    from crawl4ai_browser.capture_config import CaptureConfig as CaptureConfig
    from crawl4ai_browser.config import BrowserConfig as BrowserConfig
    from crawl4ai_browser.config import CapacityConfig as CapacityConfig
    from crawl4ai_browser.config import ContentConfig as ContentConfig
    from crawl4ai_browser.config import ContextConfig as ContextConfig
    from crawl4ai_browser.config import CrawlConfig as CrawlConfig
    from crawl4ai_browser.config import DownloadConfig as DownloadConfig
    from crawl4ai_browser.config import FileFilter as FileFilter
    from crawl4ai_browser.config import FileNames as FileNames
    from crawl4ai_browser.config import LimitsConfig as LimitsConfig
    from crawl4ai_browser.config import PolitenessConfig as PolitenessConfig
    from crawl4ai_browser.config import RetryConfig as RetryConfig
    from crawl4ai_browser.config import SessionLimits as SessionLimits
    from crawl4ai_browser.config import Viewport as Viewport
    from crawl4ai_browser.config import VisitConfig as VisitConfig
    from crawl4ai_browser.crawling.blocking import crawl as crawl
    from crawl4ai_browser.crawling.blocking import fetch as fetch
    from crawl4ai_browser.crawling.crawler import Crawler as Crawler
    from crawl4ai_browser.crawling.progress import CrawlStatistics as CrawlStatistics
    from crawl4ai_browser.crawling.proxy_check import ProxyCheck as ProxyCheck
    from crawl4ai_browser.crawling.proxy_check import check_proxies as check_proxies
    from crawl4ai_browser.crawling.run import CrawlRun as CrawlRun
    from crawl4ai_browser.crawling.session import Session as Session
    from crawl4ai_browser.crawling.session_page import SessionPage as SessionPage
    from crawl4ai_browser.crawling.site_map import SiteUrl as SiteUrl
    from crawl4ai_browser.download import Download as Download
    from crawl4ai_browser.egress_config import EgressConfig as EgressConfig
    from crawl4ai_browser.errors import ConfigError as ConfigError
    from crawl4ai_browser.errors import CrawlError as CrawlError
    from crawl4ai_browser.errors import ExtractError as ExtractError
    from crawl4ai_browser.errors import FetchError as FetchError
    from crawl4ai_browser.errors import SinkError as SinkError
    from crawl4ai_browser.errors import Skipped as Skipped
    from crawl4ai_browser.errors import StorageError as StorageError
    from crawl4ai_browser.events import Event as Event
    from crawl4ai_browser.events import Observer as Observer
    from crawl4ai_browser.extract.extractor import Extractor as Extractor
    from crawl4ai_browser.fetcher import Fetcher as Fetcher
    from crawl4ai_browser.frontier.order import best_first as best_first
    from crawl4ai_browser.frontier.order import breadth_first as breadth_first
    from crawl4ai_browser.frontier.order import depth_first as depth_first
    from crawl4ai_browser.frontier.scope import Scope as Scope
    from crawl4ai_browser.identity import Cookie as Cookie
    from crawl4ai_browser.identity import Geolocation as Geolocation
    from crawl4ai_browser.identity import HttpCredentials as HttpCredentials
    from crawl4ai_browser.page_content import Link as Link
    from crawl4ai_browser.page_content import Media as Media
    from crawl4ai_browser.page_content import PageMetadata as PageMetadata
    from crawl4ai_browser.page_content import Table as Table
    from crawl4ai_browser.proxy import Proxy as Proxy
    from crawl4ai_browser.proxy_pool import ProxyHealth as ProxyHealth
    from crawl4ai_browser.proxy_pool import ProxyPool as ProxyPool
    from crawl4ai_browser.proxy_status import ProxyStatus as ProxyStatus
    from crawl4ai_browser.request import Request as Request
    from crawl4ai_browser.result import Attempt as Attempt
    from crawl4ai_browser.result import CrawlResult as CrawlResult
    from crawl4ai_browser.result import ErrorInfo as ErrorInfo
    from crawl4ai_browser.schema import Column as Column
    from crawl4ai_browser.schema import Css as Css
    from crawl4ai_browser.schema import Schema as Schema
    from crawl4ai_browser.schema import XPath as XPath
    from crawl4ai_browser.sinks.sink import Sink as Sink
    from crawl4ai_browser.snapshot import Snapshot as Snapshot
    from crawl4ai_browser.storage_state import StorageState as StorageState
    from crawl4ai_browser.things import Article as Article
    from crawl4ai_browser.things import Product as Product
    from crawl4ai_browser.things import Thing as Thing

_HOMES = {
    "Article": "things",
    "Attempt": "result",
    "BrowserConfig": "config",
    "CacheConfig": "cache_config",
    "CapacityConfig": "config",
    "CaptureConfig": "capture_config",
    "Column": "schema",
    "ConfigError": "errors",
    "ContentConfig": "config",
    "ContextConfig": "config",
    "Cookie": "identity",
    "CrawlConfig": "config",
    "CrawlError": "errors",
    "CrawlResult": "result",
    "CrawlRun": "crawling.run",
    "CrawlStatistics": "crawling.progress",
    "Crawler": "crawling.crawler",
    "Css": "schema",
    "Download": "download",
    "DownloadConfig": "config",
    "EgressConfig": "egress_config",
    "ErrorInfo": "result",
    "Event": "events",
    "ExtractError": "errors",
    "Extractor": "extract.extractor",
    "FetchError": "errors",
    "Fetcher": "fetcher",
    "FileFilter": "config",
    "FileNames": "config",
    "Geolocation": "identity",
    "Hooks": "browser.hooks",
    "HttpCredentials": "identity",
    "LimitsConfig": "config",
    "Link": "page_content",
    "Media": "page_content",
    "Observer": "events",
    "PageMetadata": "page_content",
    "PolitenessConfig": "config",
    "Product": "things",
    "Proxy": "proxy",
    "ProxyCheck": "crawling.proxy_check",
    "ProxyHealth": "proxy_pool",
    "ProxyPool": "proxy_pool",
    "ProxyStatus": "proxy_status",
    "Request": "request",
    "RetryConfig": "config",
    "Schema": "schema",
    "Scope": "frontier.scope",
    "Session": "crawling.session",
    "SessionLimits": "config",
    "SessionPage": "crawling.session_page",
    "SignIn": "browser.sessions.sign_in",
    "SignedIn": "browser.sessions.sign_in",
    "Sink": "sinks.sink",
    "SinkError": "errors",
    "SiteUrl": "crawling.site_map",
    "Skipped": "errors",
    "Snapshot": "snapshot",
    "StorageError": "errors",
    "StorageState": "storage_state",
    "Table": "page_content",
    "Thing": "things",
    "Viewport": "config",
    "VisitConfig": "config",
    "XPath": "schema",
    "best_first": "frontier.order",
    "breadth_first": "frontier.order",
    "check_proxies": "crawling.proxy_check",
    "crawl": "crawling.blocking",
    "depth_first": "frontier.order",
    "fetch": "crawling.blocking",
}

__all__ = [
    "Article",
    "Attempt",
    "BrowserConfig",
    "CacheConfig",
    "CapacityConfig",
    "CaptureConfig",
    "Column",
    "ConfigError",
    "ContentConfig",
    "ContextConfig",
    "Cookie",
    "CrawlConfig",
    "CrawlError",
    "CrawlResult",
    "CrawlRun",
    "CrawlStatistics",
    "Crawler",
    "Css",
    "Download",
    "DownloadConfig",
    "EgressConfig",
    "ErrorInfo",
    "Event",
    "ExtractError",
    "Extractor",
    "FetchError",
    "Fetcher",
    "FileFilter",
    "FileNames",
    "Geolocation",
    "Hooks",
    "HttpCredentials",
    "LimitsConfig",
    "Link",
    "Media",
    "Observer",
    "PageMetadata",
    "PolitenessConfig",
    "Product",
    "Proxy",
    "ProxyCheck",
    "ProxyHealth",
    "ProxyPool",
    "ProxyStatus",
    "Request",
    "RetryConfig",
    "Schema",
    "Scope",
    "Session",
    "SessionLimits",
    "SessionPage",
    "SignIn",
    "SignedIn",
    "Sink",
    "SinkError",
    "SiteUrl",
    "Skipped",
    "Snapshot",
    "StorageError",
    "StorageState",
    "Table",
    "Thing",
    "Viewport",
    "VisitConfig",
    "XPath",
    "best_first",
    "breadth_first",
    "check_proxies",
    "crawl",
    "depth_first",
    "fetch",
]


def __getattr__(name: str) -> object:
    """A public name, from the module it is defined in."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(_loaded(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def _loaded(name: str) -> object:
    """A module. The garbage collector rests meanwhile: it would take a sixth of the time, and find no garbage."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        return import_module(name)
    finally:
        if was_enabled:
            gc.enable()


def __dir__() -> list[str]:
    """The public names beside what is loaded."""
    return sorted({*globals(), *__all__})
