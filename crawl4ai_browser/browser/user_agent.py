"""Decides the user agent that a page sends, and the client hints that agree with it. Pure.

User-Agent Client Hints: https://wicg.github.io/ua-client-hints/. Chromium's own user agent is reduced to the major
version (https://www.chromium.org/updates/ua-reduction/); a headless shell says "HeadlessChrome" in both.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from typing_extensions import TypedDict

_CHROME = re.compile(r"(?:Headless)?Chrome/(\d+)[\d.]*")
_EDGE = re.compile(r"\bEdg/(\d+)")

# A brand that is none, so that sites do not match the whole list (the "GREASE" of the specification, 6.2).
_GREASE = ("Not)A;Brand", "24")


class _Platform(NamedTuple):
    """What a platform is called in the three places that tell of it."""

    word: str
    """In the user agent."""
    hint: str
    """In Sec-CH-UA-Platform."""
    navigator: str
    """`navigator.platform`."""
    version: re.Pattern[str] | None = None
    """Of the platform, in the user agent."""


# The first whose word is there decides. Android's is what Chrome says on every phone, whatever it runs on.
_PLATFORMS = (
    _Platform("Android", "Android", "Linux armv81", re.compile(r"Android (\d+(?:\.\d+)*)")),
    _Platform("iPhone", "iOS", "iPhone"),
    _Platform("iPad", "iOS", "iPad"),
    _Platform("Windows", "Windows", "Win32", re.compile(r"Windows NT (\d+\.\d+)")),
    _Platform("Mac OS X", "macOS", "MacIntel", re.compile(r"Mac OS X (\d+(?:[._]\d+)*)")),
    _Platform("CrOS", "Chrome OS", "Linux x86_64"),
    _Platform("", "Linux", "Linux x86_64"),
)

_MODEL = re.compile(r"Android [\d.]+; ([^;)]+?)(?: Build/[^;)]*)?\)")

REDUCED_MODEL = "K"
"""In place of a model, in a user agent that Chrome has reduced."""


class Brand(TypedDict):
    """One entry of `Sec-CH-UA`."""

    brand: str
    version: str


class UserAgentMetadata(TypedDict):
    """`Emulation.UserAgentMetadata` of the DevTools protocol. What is left out is the browser's own: a headless one."""

    brands: list[Brand]
    fullVersionList: list[Brand]
    fullVersion: str
    platform: str
    platformVersion: str
    architecture: str
    bitness: str
    model: str
    mobile: bool
    wow64: bool
    formFactors: list[str]


def plain_user_agent(browser_user_agent: str) -> str:
    """The browser's own user agent as the same browser with a window sends it."""
    return _CHROME.sub(r"Chrome/\1.0.0.0", browser_user_agent)


def with_version_of(browser_user_agent: str, user_agent: str) -> str:
    """A user agent with Chrome's version, where it names one, as this browser has it."""
    own = _CHROME.search(browser_user_agent)
    return user_agent if own is None else _CHROME.sub(f"Chrome/{own.group(1)}.0.0.0", user_agent)


def navigator_platform(user_agent: str) -> str:
    """What `navigator.platform` is in a browser of that user agent."""
    return _platform(user_agent).navigator


def client_hints(user_agent: str, *, browser_version: str) -> UserAgentMetadata | None:
    """The hints a browser of that user agent sends; None: it is no Chromium, and sends none.

    The full version is the browser's own, `browser_version`, where the user agent is of the same major one.
    """
    chrome = _CHROME.search(user_agent)
    if chrome is None:
        return None
    major = chrome.group(1)
    full = browser_version if browser_version.partition(".")[0] == major else f"{major}.0.0.0"
    edge = _EDGE.search(user_agent)
    brands = [("Chromium", major), *([("Microsoft Edge", edge.group(1))] if edge else []), _GREASE]
    platform = _platform(user_agent)
    is_mobile = "Mobile" in user_agent
    is_phone_system = platform.hint == "Android"
    return UserAgentMetadata(
        brands=[Brand(brand=brand, version=version) for brand, version in brands],
        fullVersionList=[
            Brand(brand=brand, version=full if version == major else f"{version}.0.0.0") for brand, version in brands
        ],
        fullVersion=full,
        platform=platform.hint,
        platformVersion=_platform_version(platform, user_agent),
        architecture="" if is_phone_system else "x86",
        bitness="" if is_phone_system else "64",
        model=_model(user_agent),
        mobile=is_mobile,
        wow64=False,
        formFactors=["Mobile" if is_mobile else "Tablet" if is_phone_system else "Desktop"],
    )


def _platform(user_agent: str) -> _Platform:
    return next(platform for platform in _PLATFORMS if platform.word in user_agent)


def _platform_version(platform: _Platform, user_agent: str) -> str:
    """Three numbers; empty where the user agent tells none (the specification's section 6.4)."""
    found = platform.version.search(user_agent) if platform.version is not None else None
    if found is None:
        return ""
    numbers = found.group(1).replace("_", ".").split(".")
    return ".".join([*numbers, "0", "0"][: max(3, len(numbers))])


def _model(user_agent: str) -> str:
    found = _MODEL.search(user_agent)
    return found.group(1) if found is not None and found.group(1) != REDUCED_MODEL else ""
