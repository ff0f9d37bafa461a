"""RunScript: JavaScript of the user's in the page, and its value as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from playwright.async_api import Error as PlaywrightError

from crawl4ai_browser.browser.acting.failing import CannotAct
from crawl4ai_browser.browser.acting.reach import all_of
from crawl4ai_browser.browser.playwright_errors import is_interrupted
from crawl4ai_browser.frozen import well_formed

if TYPE_CHECKING:
    from playwright.async_api import Page
    from pydantic import JsonValue

    from crawl4ai_browser.actions import RunScript

MAX_CHARACTERS = 16 * 2**20
"""Of a value as JSON. More is not the answer to a question but a page, for which there are captures."""

MAX_DEPTH = 100
"""Of a value. Deeper ones can't be validated again when a result is read."""

# The script is code and stands in the text; what it is given and gives is data, and travels as such.
_CALL = """async (args) => {
  const script = (__SCRIPT__
  );
  const value = typeof script === "function" ? await script(...args) : await script;
  return JSON.stringify(value) ?? "null";
}"""


async def run_script(page: Page, action: RunScript) -> JsonValue:
    """The script's value. None where the script took the page to another document.

    Raises:
        CannotAct: the value is no JSON of a reasonable size.
        PlaywrightError: the script raised, or is none.
    """
    source = _CALL.replace("__SCRIPT__", action.script)
    args = list(action.args)
    try:
        if action.frames:
            root = all_of(page, ":root", action.frames).first
            text: object = await root.evaluate(f"(_, args) => ({source})(args)", args)
        else:
            text = await page.evaluate(source, args)
    except PlaywrightError as error:
        if is_interrupted(error):
            return None
        raise
    return value_of(text)


def value_of(text: object) -> JsonValue:
    """The value that a page wrote as JSON; what can't be encoded in its texts is replaced.

    Raises:
        CannotAct: too large, too deep, or no JSON.
    """
    if not isinstance(text, str) or len(text) > MAX_CHARACTERS:
        raise CannotAct(f"the script's value is no JSON of at most {MAX_CHARACTERS} characters")
    try:
        return _clean(json.loads(text), MAX_DEPTH)
    except (ValueError, RecursionError) as error:
        raise CannotAct(f"the script's value is no JSON, or nested more than {MAX_DEPTH} deep") from error


def _clean(value: object, depth: int) -> JsonValue:
    if depth == 0:
        raise RecursionError
    if isinstance(value, str):
        return well_formed(value)
    if isinstance(value, list):
        return [_clean(each, depth - 1) for each in cast("list[object]", value)]
    if isinstance(value, dict):
        pairs = cast("dict[str, object]", value)
        return {well_formed(name): _clean(each, depth - 1) for name, each in pairs.items()}
    return cast("JsonValue", value)
