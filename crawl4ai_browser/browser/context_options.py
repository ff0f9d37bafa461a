"""Decides what a browser context is opened with. Pure."""

from __future__ import annotations

from typing import Literal

from playwright.async_api import ProxySettings, ViewportSize
from typing_extensions import TypedDict

from crawl4ai_browser.config import ContextConfig
from crawl4ai_browser.proxy import Proxy


class ContextKeywords(TypedDict, total=False):
    """The keywords of Playwright's `Browser.new_context` that this package uses."""

    accept_downloads: bool
    viewport: ViewportSize
    java_script_enabled: bool
    ignore_https_errors: bool
    service_workers: Literal["allow", "block"]
    user_agent: str
    locale: str
    timezone_id: str
    extra_http_headers: dict[str, str]
    proxy: ProxySettings


def context_keywords(config: ContextConfig, *, user_agent: str) -> ContextKeywords:
    """What `new_context` is called with. What is left out is Playwright's default."""
    keywords = ContextKeywords(
        accept_downloads=True,
        viewport=ViewportSize(width=config.viewport.width, height=config.viewport.height),
        java_script_enabled=config.java_script,
        ignore_https_errors=config.ignore_tls_errors,
        service_workers=config.service_workers,
        user_agent=user_agent,
    )
    if config.locale is not None:
        keywords["locale"] = config.locale
    if config.timezone is not None:
        keywords["timezone_id"] = config.timezone
    if config.headers:
        keywords["extra_http_headers"] = config.headers
    if config.proxy is not None:
        keywords["proxy"] = proxy_settings(config.proxy)
    return keywords


def proxy_settings(proxy: Proxy) -> ProxySettings:
    """The proxy as Playwright takes it, credentials in fields.

    Chromium ignores those inside the server's URL and then shows a 407 page without an error.
    """
    if proxy.username is None:
        return ProxySettings(server=proxy.server)
    secret = proxy.password.get_secret_value() if proxy.password else ""
    return ProxySettings(server=proxy.server, username=proxy.username, password=secret)
