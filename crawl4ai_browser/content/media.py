"""Images, videos and sounds, with the sources they choose from; also those that wait to be scrolled to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crawl4ai_browser import html_tree
from crawl4ai_browser.content.srcset import largest, parse_srcset
from crawl4ai_browser.page_content import Media, MediaSource
from crawl4ai_browser.visible_text import visible_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Literal

    from selectolax.lexbor import LexborNode

    from crawl4ai_browser.document import Document

    Attributes = Mapping[str, str | None]

_LAZY_SOURCES = (
    "data-src",
    "data-original",
    "data-lazy-src",
    "data-lazy",
    "data-original-src",
    "data-actualsrc",
    "data-src-large",
    "data-hi-res-src",
    "data-image-src",
    "data-image",
    "data-url",
)
_LAZY_SOURCE_SETS = ("data-srcset", "data-lazy-srcset", "data-original-set")
"""Where lazy loaders (lazysizes, lozad, vanilla-lazyload, WordPress and Shopify plugins) keep the address."""

_PLACEHOLDER = re.compile(
    r"(?:^|[/_.-])(?:blank|spacer|placeholder|transparent|pixel|loading|lazyload|lazy|dummy|grey|1x1|loader)"
    r"[\w-]*\.(?:gif|png|svg|jpe?g|webp)(?:[?#]|$)",
    re.IGNORECASE,
)
_MAX_FIGURE_SIZE = 50
"""Pictures in one figure that are still given its caption each."""
_NO_FILE = ("data:", "about:")
_LENGTH = re.compile(r"\s*(\d{1,6})(?:\.\d*)?\s*(?:px)?\s*$")


def read_media(document: Document) -> tuple[Media, ...]:
    """Every image, video and audio element with a source, in document order.

    An image of a `<noscript>` counts where no visible one shows the same file: it is what the lazy one would show.
    Pictures written into the page (`data:`) are named by their type alone, and only where they have a description.
    """
    captions = _captions(document)
    found: list[tuple[bool, Media]] = []
    for node in document.tree.css("img, video, audio, noscript"):
        is_fallback = node.tag == "noscript"
        for element in _noscript_images(node) if is_fallback else [node]:
            read = _read_player if element.tag in {"video", "audio"} else _read_image
            media = read(document, element, captions.get(element.mem_id, ""))
            if media is not None:
                found.append((is_fallback, media))
    shown = {url for is_fallback, media in found if not is_fallback for url in _urls(media)}
    return tuple(media for is_fallback, media in found if not is_fallback or media.url not in shown)


def _urls(media: Media) -> Iterator[str]:
    yield media.url
    for source in media.sources:
        yield source.url


def image_url(document: Document, node: LexborNode) -> str:
    """The file an `<img>` shows, or would show when scrolled to; empty where it has none.

    Absolute, or the `data:` URL as it is.
    """
    attributes = node.attributes
    source = (attributes.get("src") or "").strip()
    if source and not _is_placeholder(source):
        return _absolute(document, source)
    for url in _late_urls(node, attributes):
        if not url.startswith(_NO_FILE):
            return _absolute(document, url)
    return _absolute(document, source)


def _late_urls(node: LexborNode, attributes: Attributes) -> Iterator[str]:
    """Where the picture may come from when `src` does not say: lazy attributes, `srcset`, `<picture>`, `<noscript>`."""
    yield from (value.strip() for name in _LAZY_SOURCES if (value := attributes.get(name)))
    for name in (*_LAZY_SOURCE_SETS, "srcset"):
        best = largest(parse_srcset(attributes.get(name) or ""))
        if best is not None:
            yield best.url
    for source in _picture_sources(node):
        best = largest(parse_srcset(source.get("srcset") or source.get("data-srcset") or ""))
        if best is not None:
            yield best.url
    following = node.next
    while following is not None and following.tag == "-text":
        following = following.next
    if following is not None and following.tag == "noscript":
        yield from ((image.attributes.get("src") or "").strip() for image in _noscript_images(following))


def _noscript_images(node: LexborNode) -> list[LexborNode]:
    """The images in a `<noscript>`, whose content is only its source text while scripts run."""
    source = node.text()
    return html_tree.parse(source).css("img[src]") if "<img" in source else []


def _picture_sources(node: LexborNode) -> list[Attributes]:
    """The attributes of the `<source>` elements before an image in its `<picture>`, in document order."""
    parent = node.parent
    if parent is None or parent.tag != "picture":
        return []
    found: list[Attributes] = []
    before = node.prev
    while before is not None and before.tag != "img":
        if before.tag == "source":
            found.append(before.attributes)
        before = before.prev
    return found[::-1]


def _is_placeholder(url: str) -> bool:
    return url.startswith(_NO_FILE) or _PLACEHOLDER.search(url) is not None


def _absolute(document: Document, url: str) -> str:
    if not url or url.startswith("data:"):
        return url
    return document.resolve(url) or ""


def is_pixel(attributes: Attributes) -> bool:
    """Whether an image is declared too small to see: it counts visits."""
    width, height = _length(attributes.get("width")), _length(attributes.get("height"))
    return width is not None and height is not None and width <= 1 and height <= 1


def media_url(document: Document, node: LexborNode) -> str:
    """The file of a `<video>` or `<audio>`: its `src`, else the first source; empty where it has none."""
    source = (node.attributes.get("src") or node.attributes.get("data-src") or "").strip()
    if not source:
        inner = node.css_first("source[src]")
        source = (inner.attributes.get("src") or "").strip() if inner is not None else ""
    return _absolute(document, source)


def short_data_url(url: str) -> str:
    """A `data:` URL without its data: what kind of picture it is."""
    return url.partition(",")[0].partition(";")[0]


def _read_image(document: Document, node: LexborNode, caption: str) -> Media | None:
    attributes = node.attributes
    url = image_url(document, node)
    alt = attributes.get("alt") or ""
    if not url or is_pixel(attributes):
        return None
    if url.startswith("data:"):
        if not alt.strip():
            return None
        url = short_data_url(url)
    return Media(
        kind="image",
        url=url,
        alt=alt.strip(),
        title=(attributes.get("title") or "").strip(),
        caption=caption,
        width=_length(attributes.get("width")),
        height=_length(attributes.get("height")),
        sources=tuple(_image_sources(document, node, attributes)),
    )


def _image_sources(document: Document, node: LexborNode, attributes: Attributes) -> Iterator[MediaSource]:
    for source in _picture_sources(node):
        for url, descriptor in parse_srcset(source.get("srcset") or source.get("data-srcset") or ""):
            words = f"{source.get('media') or ''} {descriptor}".strip()
            yield from _source(document, url, words, source.get("type") or "")
    for name in ("srcset", *_LAZY_SOURCE_SETS):
        for url, descriptor in parse_srcset(attributes.get(name) or ""):
            yield from _source(document, url, descriptor, "")


def _source(document: Document, url: str, descriptor: str, mime_type: str) -> Iterator[MediaSource]:
    absolute = None if url.startswith(_NO_FILE) else document.resolve(url)
    if absolute:
        yield MediaSource(url=absolute, descriptor=descriptor, mime_type=mime_type)


def _read_player(document: Document, node: LexborNode, caption: str) -> Media | None:
    attributes = node.attributes
    kind: Literal["video", "audio"] = "video" if node.tag == "video" else "audio"
    url = media_url(document, node)
    poster = document.resolve(attributes.get("poster") or "") if attributes.get("poster") else None
    if not url and not poster:
        return None
    sources = [
        MediaSource(url=absolute, descriptor=source.get("media") or "", mime_type=source.get("type") or "")
        for source in (child.attributes for child in node.css("source[src]"))
        if (absolute := document.resolve(source.get("src") or ""))
    ]
    return Media(
        kind=kind,
        url=short_data_url(url) if url.startswith("data:") else url,
        alt=(attributes.get("aria-label") or "").strip(),
        title=(attributes.get("title") or "").strip(),
        caption=caption,
        width=_length(attributes.get("width")),
        height=_length(attributes.get("height")),
        poster=poster,
        sources=tuple(sources),
    )


def _captions(document: Document) -> dict[int, str]:
    """The text of the `<figcaption>` of each media element that has one, by its `mem_id`."""
    captions: dict[int, str] = {}
    for caption in document.tree.css("figure > figcaption"):
        figure = caption.parent
        shown = figure.css("img, video, audio") if figure is not None else []
        if len(shown) <= _MAX_FIGURE_SIZE:
            captions.update(dict.fromkeys((node.mem_id for node in shown), visible_text(caption)))
    return captions


def _length(value: str | None) -> int | None:
    match = _LENGTH.match(value) if value else None
    return int(match[1]) if match else None
