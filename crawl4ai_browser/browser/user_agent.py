"""Decides the user agent that a page sends, and the client hints that agree with it. Pure.

User-Agent Client Hints: https://wicg.github.io/ua-client-hints/. Chromium's own user agent is reduced to the major
version (https://www.chromium.org/updates/ua-reduction/); a headless shell says "HeadlessChrome" in both.
"""

from __future__ import annotations

import re

from typing_extensions import TypedDict

_CHROME = re.compile(r"(?:Headless)?Chrome/(\d+)[\d.]*")

# A brand that is none, so that sites do not match the whole list (the "GREASE" of the specification, 6.2).
_GREASE = ("Not)A;Brand", "24")

# The word in the user agent, and what Sec-CH-UA-Platform calls it; the first that is there decides.
_PLATFORMS = (
    ("Android", "Android"),
    ("iPhone", "iOS"),
    ("iPad", "iOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "Chrome OS"),
)


class Brand(TypedDict):
    """One entry of `Sec-CH-UA`."""

    brand: str
    version: str


class UserAgentMetadata(TypedDict):
    """`Emulation.UserAgentMetadata` of the DevTools protocol."""

    brands: list[Brand]
    platform: str
    platformVersion: str
    architecture: str
    model: str
    mobile: bool


def plain_user_agent(browser_user_agent: str) -> str:
    """The browser's own user agent as the same browser with a window sends it."""
    return _CHROME.sub(r"Chrome/\1.0.0.0", browser_user_agent)


def with_version_of(browser_user_agent: str, user_agent: str) -> str:
    """A user agent with Chrome's version, where it names one, as this browser has it."""
    own = _CHROME.search(browser_user_agent)
    return user_agent if own is None else _CHROME.sub(f"Chrome/{own.group(1)}.0.0.0", user_agent)


def client_hints(user_agent: str) -> UserAgentMetadata:
    """The hints a browser of that user agent sends. One that is no Chromium sends no brands."""
    chrome = _CHROME.search(user_agent)
    brands = [("Chromium", chrome.group(1)), _GREASE] if chrome else []
    platform = next((name for word, name in _PLATFORMS if word in user_agent), "Linux")
    return UserAgentMetadata(
        brands=[Brand(brand=brand, version=version) for brand, version in brands],
        platform=platform,
        platformVersion="",
        architecture="" if platform in ("Android", "iOS") else "x86",
        model="",
        mobile="Mobile" in user_agent,
    )
