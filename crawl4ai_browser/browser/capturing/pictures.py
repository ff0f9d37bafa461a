"""Screenshots: of what is visible, of the full page whatever its height, or of one element.

Chromium makes a picture of any height in one piece, in software too (measured: 250,000 pixels, each marker in its
place). What ends earlier are the formats, for which it hands back nothing at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from typing_extensions import TypedDict

from crawl4ai_browser.capture_config import Element, Picture
from crawl4ai_browser.errors import CaptureFailed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal

    from playwright.async_api import Locator

    from crawl4ai_browser.browser.visits.kept_page import KeptPage
    from crawl4ai_browser.capture_config import CaptureConfig

MAX_PIXELS = 2**28
"""Of one picture: a gigabyte in the browser's memory, or 200,000 rows of a common window. A page may claim any height,
and must not fill the machine's memory by it."""

MAX_SIDE = {"png": 2**31 - 1, "jpeg": 65_535, "webp": 16_383}
"""Pixels (ISO/IEC 15948, 11.2.2; ITU-T T.81, B.2.2; RFC 9649, 2.6)."""

MIME_TYPES = {"png": "image/png", "jpeg": "image/jpeg", "webp": "image/webp"}

# What Playwright takes for the size of the full page (`screenshotter.ts`).
_SIZE = """() => {
  const [body, root] = [document.body, document.documentElement];
  const of = (name) => Math.max(body?.[`scroll${name}`] ?? 0, root.scrollWidth && root[`scroll${name}`],
    body?.[`offset${name}`] ?? 0, root[`offset${name}`], body?.[`client${name}`] ?? 0, root[`client${name}`]);
  return [of("Width"), of("Height"), devicePixelRatio];
}"""


class _Keywords(TypedDict, total=False):
    """The keywords of Playwright's screenshots that are used."""

    type: Literal["png", "jpeg", "webp"]
    quality: int
    mask: Sequence[Locator]
    mask_color: str


async def screenshot(page: KeptPage, config: CaptureConfig) -> bytes:
    """The picture. To be called while frames flow.

    Raises:
        CaptureFailed: there is no such element, or it is too large.
        PlaywrightError: the page is gone, or the browser refuses.
    """
    picture = config.picture
    keywords = _keywords(page, picture)
    if isinstance(config.screenshot, Element):
        element, size = await _shown(page, config.screenshot.css)
        check_size(*size, picture)
        data = await element.screenshot(**keywords)
    elif config.screenshot == "full_page":
        check_size(*await _full_size(page), picture)
        data = await page.page.screenshot(full_page=True, **keywords)
    else:
        data = await page.page.screenshot(**keywords)
    if not data:
        raise CaptureFailed(f"the browser made no {picture.format} of it", phase="capture", blame="browser")
    return data


def check_size(width: float, height: float, picture: Picture) -> None:
    """Nothing, where a picture of that many pixels can be made.

    Raises:
        CaptureFailed: the format does not hold it, or no memory should.
    """
    shown = f"it is {width:.0f}x{height:.0f} pixels"
    limit = MAX_SIDE[picture.format]
    if max(width, height) > limit:
        raise CaptureFailed(f"{shown}, and {picture.format} holds at most {limit} a side: take png", blame="user")
    if width * height > MAX_PIXELS:
        raise CaptureFailed(f"{shown}, which is more than {MAX_PIXELS} in all")


def _keywords(page: KeptPage, picture: Picture) -> _Keywords:
    keywords = _Keywords(type=picture.format)
    if picture.format != "png":
        keywords["quality"] = picture.quality
    if picture.masks:
        keywords["mask"] = [page.page.locator(f"css={selector}") for selector in picture.masks]
        keywords["mask_color"] = picture.mask_color
    return keywords


async def _full_size(page: KeptPage) -> tuple[float, float]:
    width, height, ratio = await page.page.evaluate(_SIZE)
    return width * ratio, height * ratio


async def _shown(page: KeptPage, css: str) -> tuple[Locator, tuple[float, float]]:
    """The element and its size. The page is ready, so it is not waited for."""
    element = page.page.locator(f"css={css}").first
    if not await element.count():
        raise CaptureFailed(f"no element matches {css!r}")
    box = await element.bounding_box()
    if box is None or not box["width"] or not box["height"]:
        raise CaptureFailed(f"the element {css!r} is not shown")
    ratio = float(await page.page.evaluate("devicePixelRatio"))
    return element, (box["width"] * ratio, box["height"] * ratio)
