"""Decides what a browser context is opened with. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, cast

from playwright.async_api import Geolocation, HttpCredentials, ProxySettings, StorageState, ViewportSize
from typing_extensions import TypedDict

from crawl4ai_browser import storage_state
from crawl4ai_browser.browser.proxies.forwarder import USER, Forwarder
from crawl4ai_browser.browser.sessions.devices import Device
from crawl4ai_browser.browser.user_agent import plain_user_agent, with_version_of
from crawl4ai_browser.config import DEFAULT_VIEWPORT, ContextConfig, Viewport


class ContextKeywords(TypedDict, total=False):
    """The keywords of Playwright's `Browser.new_context` that this package uses."""

    accept_downloads: bool
    viewport: ViewportSize
    screen: ViewportSize
    device_scale_factor: float
    is_mobile: bool
    has_touch: bool
    java_script_enabled: bool
    ignore_https_errors: bool
    service_workers: Literal["allow", "block"]
    user_agent: str
    locale: str
    timezone_id: str
    geolocation: Geolocation
    permissions: Sequence[str]
    color_scheme: Literal["dark", "light"]
    reduced_motion: Literal["no-preference", "reduce"]
    offline: bool
    extra_http_headers: dict[str, str]
    http_credentials: Sequence[HttpCredentials]
    storage_state: StorageState
    proxy: ProxySettings


def context_keywords(
    config: ContextConfig,
    *,
    user_agent: str,
    device: Device | None = None,
    state: storage_state.StorageState | None = None,
    way: Forwarder | None = None,
) -> ContextKeywords:
    """What `new_context` is called with. What is left out is Playwright's default.

    `device` is the one that the configuration names, `state` what the context is to remember, `way` its forwarder:
    never the proxy itself, whose password Chromium can't be told of without a price (`proxy_admission`).
    """
    keywords = ContextKeywords(
        accept_downloads=True,
        viewport=_size(config.viewport or (device.viewport if device else DEFAULT_VIEWPORT)),
        color_scheme=config.color_scheme,
        reduced_motion="reduce" if config.reduced_motion else "no-preference",
        offline=config.network.offline,
        java_script_enabled=config.java_script,
        ignore_https_errors=config.ignore_tls_errors,
        service_workers=config.service_workers,
        user_agent=user_agent,
    )
    if device is not None:
        _add_device(keywords, device)
    if config.locale is not None:
        keywords["locale"] = config.locale
    if config.timezone is not None:
        keywords["timezone_id"] = config.timezone
    _add_permissions(keywords, config)
    if config.headers:
        keywords["extra_http_headers"] = config.headers
    if config.http_credentials:
        keywords["http_credentials"] = http_credentials(config)
    if way is not None:
        keywords["proxy"] = proxy = ProxySettings(server=way.server, bypass=way.bypass)
        if config.http_credentials:
            # Playwright answers for every question itself then, and would deny the forwarder its secret.
            proxy["username"], proxy["password"] = USER, way.password
    if state is not None:
        # Without what is not Playwright's; its own type lacks the fields it has for IndexedDB and partitioned cookies.
        plain = state.without_session_storage().model_dump(exclude={"origins": {"__all__": {"session_storage"}}})
        keywords["storage_state"] = cast("StorageState", plain)
    return keywords


def context_user_agent(config: ContextConfig, device: Device | None, *, browser_user_agent: str) -> str:
    """The user agent of every request: as configured, else the device's, else the browser's without "Headless".

    The version of Chrome in a device's is that of Playwright's release; a page would notice that this browser can do
    less, or more.
    """
    if config.user_agent is not None:
        return config.user_agent
    if device is not None:
        return with_version_of(browser_user_agent, device.user_agent)
    return plain_user_agent(browser_user_agent)


def _add_device(keywords: ContextKeywords, device: Device) -> None:
    keywords["device_scale_factor"] = device.device_scale_factor
    keywords["is_mobile"] = device.is_mobile
    keywords["has_touch"] = device.has_touch
    if device.screen is not None:
        keywords["screen"] = _size(device.screen)


def _add_permissions(keywords: ContextKeywords, config: ContextConfig) -> None:
    place = config.geolocation
    permissions = set(config.permissions)
    if place is not None:
        permissions.add("geolocation")
        keywords["geolocation"] = Geolocation(
            latitude=place.latitude, longitude=place.longitude, accuracy=place.accuracy
        )
    if permissions:
        keywords["permissions"] = sorted(permissions)


def _size(viewport: Viewport) -> ViewportSize:
    return ViewportSize(width=viewport.width, height=viewport.height)


def http_credentials(config: ContextConfig) -> list[HttpCredentials]:
    """The credentials as Playwright takes them: each with its origin, so that no other server is sent them."""
    return [
        HttpCredentials(username=each.username, password=each.password.get_secret_value(), origin=each.origin)
        for each in config.http_credentials
    ]
