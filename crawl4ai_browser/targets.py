"""Target: what an action aims at, as text that is checked where it is written, before any browser starts."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Annotated, Literal

from pydantic import AfterValidator

# Chromium's own that lexbor, by which selectors are checked, does not know (Selectors Level 4, HTML Standard 4.16.3).
_OF_BROWSERS = re.compile(
    r":(?:popover-open|modal|open|defined|focus-visible|playing|paused|muted|fullscreen|autofill|user-valid"
    r"|user-invalid|target-current|(?:dir|lang)\([\w\s,*\"'-]+\))"
)
# What Playwright adds to CSS (https://playwright.dev/docs/other-locators).
_OF_PLAYWRIGHT = re.compile(
    r":(?:visible|(?:has-text|text|text-is|text-matches)\(\s*(?:\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')[\s,\"\w']*\))"
)
_XPATH = re.compile(r"\(*//|\.\.|xpath=")
_ROLE = re.compile(r"role=[a-z]+(\[[a-z-]+(=(\"[^\"]*\"|/[^/]+/i?|[\w-]+)(\s[is])?)?\])*")

Engine = Literal["css", "xpath", "text", "role"]
"""How a target is looked for."""


def engine_of(target: str) -> tuple[Engine, str]:
    """The engine of a target, and the target as that engine takes it."""
    if target.startswith(("text=", "role=")):
        return ("text" if target.startswith("text=") else "role"), target[5:]
    if _XPATH.match(target):
        return "xpath", target.removeprefix("xpath=")
    return "css", target.removeprefix("css=")


def check_page_css(selector: str) -> str:
    """The selector, where it is CSS as `document.querySelector` takes it.

    Raises:
        ValueError: it is not.
    """
    _check_css(_OF_BROWSERS.sub(":root", selector), selector)
    return selector


def _check_target(target: str) -> str:
    engine, body = engine_of(target)
    match engine:
        case "xpath":
            import_module("crawl4ai_browser.selector_syntax").check_xpath(body)
        case "role":
            if not _ROLE.fullmatch(target):
                raise ValueError(f'not a role: {target!r} (write role=button, or role=button[name="Next"])')
        case "text":
            if not body.strip():
                raise ValueError("`text=` names no text")
        case "css":
            _check_css(_OF_PLAYWRIGHT.sub(":root", _OF_BROWSERS.sub(":root", body)), body)
    return target


def _check_css(checked: str, shown: str) -> None:
    try:
        if not checked.strip():
            raise ValueError
        import_module("crawl4ai_browser.selector_syntax").check_css(checked)
    except ValueError:
        raise ValueError(f"not a CSS selector: {shown!r}") from None


PageCss = Annotated[str, AfterValidator(check_page_css)]
"""CSS as `document.querySelector` takes it: it does not look into shadow roots."""

Target = Annotated[str, AfterValidator(_check_target)]
"""What an action aims at: the first visible element of those found.

CSS, which also finds what lies in open shadow roots, and in which `:visible` and `:has-text("...")` may stand; XPath
(`//button[2]`); `text=Show more`, an element by its text, whatever its case; `role=button[name="More"]`, one by what it
is to assistive technology.
"""
