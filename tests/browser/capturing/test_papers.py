"""PDF and MHTML, in both frame modes."""

from __future__ import annotations

import re
from email import message_from_string, policy

import pytest

from crawl4ai_browser.capture_config import Paper
from crawl4ai_browser.testing.site import Response, SiteServer
from tests.browser.capturing.looking import Take
from tests.browser.visiting import html_of, page

LEAVES = "".join(f"<h1 style='break-after: page'>leaf {number}</h1>" for number in range(4)) + "<h1>last</h1>"


def paper_sizes(pdf: bytes | None) -> list[tuple[int, int]]:
    """Width and height of each page, in whole points (ISO 32000-1, 7.7.3.3)."""
    assert pdf is not None
    assert pdf.startswith(b"%PDF")
    boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    return [(round(float(width)), round(float(height))) for width, height in boxes]


@pytest.mark.parametrize(
    ("paper", "sizes"),
    [
        (Paper(), [(612, 792)] * 5),
        (Paper(size="legal", landscape=True), [(1008, 612)] * 5),
        (Paper(pages="2-3, 5"), [(612, 792)] * 3),
    ],
    ids=["plain", "legal on its side", "some pages"],
)
async def test_paper_is_as_asked_for(site: SiteServer, take: Take, paper: Paper, sizes: list[tuple[int, int]]) -> None:
    site.route("/leaves", Response.html(f"<!doctype html><title>leaves</title>{LEAVES}"))
    assert paper_sizes((await take("/leaves", pdf=True, paper=paper)).pdf) == sizes


async def test_pages_that_there_are_not_are_a_fault_and_the_page_is_kept(site: SiteServer, take: Take) -> None:
    site.route("/leaves", Response.html(f"<!doctype html><title>leaves</title>{LEAVES}"))
    snapshot = await take("/leaves", pdf=True, paper=Paper(pages="90-91"), screenshot="viewport")
    [fault] = snapshot.capture_faults
    assert fault.kind == "pdf"
    assert "leaf 3" in html_of(snapshot)
    assert snapshot.screenshot is not None


async def test_mhtml_holds_the_page_as_rendered_and_what_it_shows(site: SiteServer, take: Take) -> None:
    dot = Response.text("<svg xmlns='http://www.w3.org/2000/svg'/>", headers=(("Content-Type", "image/svg+xml"),))
    site.route("/dot.svg", dot)
    site.route("/album", page("document.body.append('js:' + 'album')", body="<img src=/dot.svg>"))
    snapshot = await take("/album", mhtml=True)
    assert snapshot.mhtml is not None
    message = message_from_string(snapshot.mhtml, policy=policy.default)
    parts = {part["Content-Location"]: part for part in message.walk() if part["Content-Location"]}
    assert parts.keys() >= {site.url("/album"), site.url("/dot.svg")}
    assert "js:album" in parts[site.url("/album")].get_content()
