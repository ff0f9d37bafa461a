"""Which pictures, videos and sounds a page has."""

from __future__ import annotations

import pytest

from crawl4ai_browser.content.media import read_media
from crawl4ai_browser.document import Document
from crawl4ai_browser.page_content import Media, MediaSource


def media(html: str) -> tuple[Media, ...]:
    return read_media(Document(html, url="https://example.com/dir/"))


def urls_of(html: str) -> list[str]:
    return [each.url for each in media(html)]


def test_image_with_all_it_says() -> None:
    html = """<figure><img src="a.png" srcset="a.png 1x, a@2x.png 2x" alt=" An image " title="T"
    width="300" height="200px">
    <figcaption>The <b>caption</b></figcaption></figure>"""

    assert media(html) == (
        Media(
            kind="image",
            url="https://example.com/dir/a.png",
            alt="An image",
            title="T",
            caption="The caption",
            width=300,
            height=200,
            sources=(
                MediaSource(url="https://example.com/dir/a.png", descriptor="1x"),
                MediaSource(url="https://example.com/dir/a@2x.png", descriptor="2x"),
            ),
        ),
    )


@pytest.mark.parametrize(
    "attributes",
    [
        'data-src="/a.jpg"',
        'src="" data-src="/a.jpg"',
        'src="data:image/gif;base64,R0lGOD" data-src="/a.jpg"',
        'src="/img/blank.gif" data-original="/a.jpg"',
        'src="/placeholder-300x200.png?v=2" data-lazy-src="/a.jpg"',
        'src="/lazy-loader.svg" data-srcset="/s.jpg 100w, /a.jpg 900w"',
        'srcset="/s.jpg 1x, /a.jpg 3x"',
        'src="/a.jpg" data-src="/other.jpg"',
    ],
)
def test_address_of_an_image_that_waits_to_be_seen(attributes: str) -> None:
    assert urls_of(f"<img {attributes}>")[0] == "https://example.com/a.jpg"


def test_lazy_source_may_have_any_name() -> None:
    assert urls_of('<img src="data:," data-src="/lazy.jpg">') == ["https://example.com/lazy.jpg"]


def test_picture_lends_its_sources() -> None:
    html = """<picture><source srcset="/w.webp 800w, /v.webp 400w" type="image/webp" media="(min-width: 800px)">
    <source data-srcset="/l.jpg"><img alt="x"></picture>"""

    [image] = media(html)

    assert image.url == "https://example.com/w.webp"
    assert image.sources == (
        MediaSource(url="https://example.com/w.webp", descriptor="(min-width: 800px) 800w", mime_type="image/webp"),
        MediaSource(url="https://example.com/v.webp", descriptor="(min-width: 800px) 400w", mime_type="image/webp"),
        MediaSource(url="https://example.com/l.jpg"),
    )


def test_noscript_stands_in_for_what_scripts_would_load() -> None:
    html = """<img src="data:image/gif;base64,R0" class="lazy"><noscript><img src="/real.jpg" alt="real"></noscript>
    <div class="lazy-background"></div><noscript><img src="/other.jpg"></noscript>
    <img src="/shown.jpg"><noscript><img src="/shown.jpg"></noscript>
    <noscript><img src="/count.gif" width=1 height=1></noscript>"""

    assert urls_of(html) == [
        "https://example.com/real.jpg",
        "https://example.com/other.jpg",
        "https://example.com/shown.jpg",
    ]


def test_picture_written_into_the_page_is_named_by_its_type() -> None:
    assert media('<img src="data:image/png;base64,AAAA" alt="logo"><img src="data:image/png;base64,AAAA">') == (
        Media(kind="image", url="data:image/png", alt="logo"),
    )


def test_video_and_audio() -> None:
    html = """<video poster="/p.jpg" width="640" title="Film" aria-label="A film">
      <source src="/v.webm" type="video/webm"><source src="/v.mp4" type="video/mp4" media="print">
    </video><audio src="/a.mp3"></audio><video></video><video poster="/only.jpg"></video>"""

    assert media(html) == (
        Media(
            kind="video",
            url="https://example.com/v.webm",
            alt="A film",
            title="Film",
            width=640,
            poster="https://example.com/p.jpg",
            sources=(
                MediaSource(url="https://example.com/v.webm", mime_type="video/webm"),
                MediaSource(url="https://example.com/v.mp4", descriptor="print", mime_type="video/mp4"),
            ),
        ),
        Media(kind="audio", url="https://example.com/a.mp3"),
        Media(kind="video", url="", poster="https://example.com/only.jpg"),
    )


@pytest.mark.parametrize(
    ("width", "expected"), [("100%", None), ("12.5", 12), ("auto", None), ("", None), ("-1", None)]
)
def test_width_is_in_pixels_or_unknown(width: str, expected: int | None) -> None:
    [image] = media(f'<img src="/a.png" width="{width}">')

    assert image.width == expected
