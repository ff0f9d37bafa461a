"""Screenshots, looked at pixel by pixel, in both frame modes."""

from __future__ import annotations

import pytest

from crawl4ai_browser.browser.capturing.pictures import MAX_PIXELS, check_size
from crawl4ai_browser.browser.pool import BrowserPool
from crawl4ai_browser.capture_config import CaptureConfig, Element, Picture
from crawl4ai_browser.config import ContextConfig, Viewport
from crawl4ai_browser.errors import CaptureFailed
from crawl4ai_browser.testing.site import Response, SiteServer
from tests.browser.capturing.looking import BLACK, BLUE, GREEN, RED, WHITE, Look, Take, flag, is_near
from tests.browser.visiting import html_of

CARD = """<!doctype html><title>card</title><style>body { margin: 0; background: white } p { margin: 0 }
#card { margin: 900px 0 0 30px; width: 200px; height: 100px; background: #0f0 }
#face { width: 50px; height: 50px; background: #f00 } #away { display: none }</style>
<div id=card><p id=face></p></div><p id=away>away</p>"""


@pytest.fixture
def card(site: SiteServer) -> str:
    site.route("/card", Response.html(CARD))
    return "/card"


async def test_a_page_of_31000_pixels_is_pictured_from_top_to_bottom(
    pool: BrowserPool, site: SiteServer, take: Take, look: Look
) -> None:
    site.route("/tall", flag(31_000))
    session = await pool.open_session("narrow", ContextConfig(viewport=Viewport(width=320, height=600)))
    snapshot = await take("/tall", session="narrow", screenshot="full_page")
    await pool.close_session(session)
    seen = await look(snapshot.screenshot, *((160, y) for y in (5, 60, 15_490, 15_520, 15_560, 30_950, 30_995)))
    assert seen.size == (320, 31_000)
    assert seen.colours == [RED, WHITE, WHITE, GREEN, WHITE, WHITE, BLUE]
    assert snapshot.capture_faults == ()


async def test_the_viewport_is_what_is_visible(site: SiteServer, take: Take, look: Look) -> None:
    site.route("/tall", flag(3000))
    seen = await look((await take("/tall", screenshot="viewport")).screenshot, (600, 5), (600, 795))
    assert seen == ((1280, 800), [RED, WHITE])


@pytest.mark.parametrize(("kind", "start"), [("jpeg", b"\xff\xd8\xff"), ("webp", b"RIFF")])
async def test_other_formats_hold_the_same(site: SiteServer, take: Take, look: Look, kind: str, start: bytes) -> None:
    site.route("/flag", flag(2000))
    snapshot = await take("/flag", screenshot="full_page", picture=Picture.model_validate({"format": kind}))
    assert snapshot.screenshot is not None
    assert snapshot.screenshot.startswith(start)
    seen = await look(snapshot.screenshot, (600, 10), (600, 1020), (600, 1990))
    assert seen.size == (1280, 2000)
    assert all(map(is_near, seen.colours, (RED, GREEN, BLUE)))


async def test_an_element_is_pictured_whole_wherever_it_stands(card: str, take: Take, look: Look) -> None:
    snapshot = await take(card, screenshot=Element(css="#card"))
    seen = await look(snapshot.screenshot, (5, 5), (100, 50), (199, 99))
    assert seen == ((200, 100), [RED, GREEN, GREEN])


async def test_what_is_masked_is_not_seen(card: str, take: Take, look: Look) -> None:
    picture = Picture(masks=("#face", "#nowhere"), mask_color="#000000")
    for area in (Element(css="#card"), "full_page"):
        snapshot = await take(card, screenshot=area, picture=picture)
        inside = (25, 25) if isinstance(area, Element) else (55, 925)
        assert (await look(snapshot.screenshot, inside)).colours == [BLACK]
        assert "#000" not in html_of(snapshot), "the html is as it was"
    unmasked = await take(card, screenshot=Element(css="#card"))
    assert (await look(unmasked.screenshot, (25, 25))).colours == [RED]


@pytest.mark.parametrize(
    ("css", "message"),
    [("#nowhere", "no element matches '#nowhere'"), ("#away", "the element '#away' is not shown")],
)
async def test_an_element_that_is_not_there_is_a_fault_and_loses_nothing_else(
    card: str, take: Take, css: str, message: str
) -> None:
    snapshot = await take(card, screenshot=Element(css=css), pdf=True)
    [fault] = snapshot.capture_faults
    assert (fault.kind, fault.message, fault.blame) == ("screenshot", message, "site")
    assert snapshot.screenshot is None
    assert 'id="card"' in html_of(snapshot)
    assert snapshot.pdf is not None


async def test_a_page_that_the_format_cannot_hold_is_a_fault_that_names_what_can(site: SiteServer, take: Take) -> None:
    site.route("/tall", flag(20_000))
    snapshot = await take("/tall", screenshot="full_page", picture=Picture(format="webp"))
    [fault] = snapshot.capture_faults
    assert fault.message == "it is 1280x20000 pixels, and webp holds at most 16383 a side: take png"
    assert fault.blame == "user"
    assert snapshot.screenshot is None


async def test_a_page_that_claims_any_height_does_not_fill_the_memory(site: SiteServer, take: Take) -> None:
    site.route("/endless", flag(30_000_000))
    snapshot = await take("/endless", screenshot="full_page")
    [fault] = snapshot.capture_faults
    assert fault.message.endswith(f"which is more than {MAX_PIXELS} in all")


async def test_a_page_that_was_pictured_is_used_again(card: str, take: Take, look: Look) -> None:
    for _ in range(2):
        snapshot = await take(card, screenshot="full_page")
        assert (await look(snapshot.screenshot, (100, 910))).colours == [GREEN]


@pytest.mark.parametrize(
    ("size", "picture", "is_held"),
    [
        ((1280, 65_535), Picture(format="jpeg"), True),
        ((1280, 65_536), Picture(format="jpeg"), False),
        ((1280, 16_383), Picture(format="webp"), True),
        ((16_384, 100), Picture(format="webp"), False),
        ((1280, 200_000), Picture(), True),
        ((1280, 210_000), Picture(), False),
    ],
)
def test_limits_of_pictures(size: tuple[float, float], picture: Picture, is_held: bool) -> None:
    try:
        check_size(*size, picture)
    except CaptureFailed:
        assert not is_held
    else:
        assert is_held


def test_what_no_browser_would_take_is_refused_before_one_starts() -> None:
    for wrong in (
        {"screenshot": {"css": "p["}},
        {"picture": {"masks": ["##"]}},
        {"picture": {"quality": 101}},
        {"paper": {"margins": {"top": "wide"}}},
        {"paper": {"pages": "first"}},
        {"responses": "re:("},
    ):
        with pytest.raises(ValueError, match=r"CaptureConfig"):
            CaptureConfig.model_validate(wrong)
