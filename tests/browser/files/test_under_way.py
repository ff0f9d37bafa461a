"""What a visit waits for when its page has only asked for it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import pytest

from crawl4ai_browser.browser.files.under_way import (
    BEGIN_SECONDS,
    FRAME_SECONDS,
    WINDOW_SECONDS,
    Seen,
    UnderWay,
    leads_on,
    missing_files,
    waiting_seconds,
)
from crawl4ai_browser.browser.visits.document_watch import DocumentWatch, Hop

FILE = "https://a.test/file"
PAGE = "https://a.test/page"
ANSWER = 30.0


def hop(url: str, status: int = 200, network_id: str = "1", **headers: str) -> Hop:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Hop(url=url, status=status, headers=named, network_id=network_id)


ATTACHMENT = hop(FILE, content_disposition="attachment")


def seen(
    hops: Sequence[Hop] = (),
    *,
    frames: Sequence[Hop] = (),
    begun: Collection[str] = (),
    windows: int = 0,
    lost: str = "",
) -> Seen:
    return Seen(hops=hops, frame_hops=frames, begun=begun, window_count=windows, lost={lost} - {""})


@pytest.mark.parametrize(
    ("asked", "come", "seconds"),
    [
        (UnderWay(), seen(), 0),
        (UnderWay(files=(FILE,)), seen(), ANSWER),
        (UnderWay(files=(FILE,)), seen(begun=[FILE]), 0),
        (UnderWay(files=(FILE,)), seen(begun=["https://cdn.test/elsewhere"]), 0),
        (UnderWay(files=(FILE, PAGE)), seen(begun=["https://cdn.test/elsewhere"]), ANSWER),
        (UnderWay(files=(FILE,)), seen(lost=FILE), 0),
        (UnderWay(leaving=PAGE), seen(), ANSWER),
        (UnderWay(leaving=PAGE), seen([hop(PAGE, 302, location="/file")]), ANSWER),
        (UnderWay(leaving=PAGE), seen([hop(PAGE, content_type="text/html")]), 0),
        (UnderWay(leaving=PAGE), seen([hop(PAGE, 204)]), 0),
        (UnderWay(leaving=FILE), seen([ATTACHMENT]), BEGIN_SECONDS),
        (UnderWay(leaving=FILE), seen([ATTACHMENT], begun=[FILE]), 0),
        (UnderWay(leaving=FILE), seen([hop(FILE, 404, content_disposition="attachment")]), 0),
        (UnderWay(leaving=PAGE), seen(lost="https://a.test/redirected"), 0),
        (UnderWay(leaving=PAGE, files=(FILE,)), seen(lost=FILE, begun=()), ANSWER),
        (UnderWay(windows=2), seen(windows=1), WINDOW_SECONDS),
        (UnderWay(windows=2), seen(windows=1, begun=[FILE]), 0),
        (UnderWay(frames=(FILE,)), seen(), FRAME_SECONDS),
        (UnderWay(frames=(FILE,)), seen(frames=[hop(FILE, content_type="text/html")]), 0),
        (UnderWay(frames=(FILE,)), seen(frames=[ATTACHMENT]), BEGIN_SECONDS),
        (UnderWay(frames=(FILE,)), seen(frames=[ATTACHMENT], begun=[FILE]), 0),
        (UnderWay(frames=(FILE,)), seen(frames=[hop(PAGE)]), FRAME_SECONDS),
        (UnderWay(), seen(frames=[ATTACHMENT]), BEGIN_SECONDS),
        (UnderWay(), seen(frames=[ATTACHMENT], begun=[FILE]), 0),
    ],
)
def test_each_thing_is_waited_for_until_it_begins(asked: UnderWay, come: Seen, seconds: float) -> None:
    assert waiting_seconds(asked, come, answer_seconds=ANSWER) == seconds


def test_files_that_never_began_are_known_by_their_address() -> None:
    asked = UnderWay(files=(FILE, PAGE))
    assert missing_files(asked, seen(begun=[FILE])) == (PAGE,)
    assert missing_files(asked, seen(begun=[FILE, PAGE])) == ()


@pytest.mark.parametrize(
    ("hops", "is_another"),
    [
        ([], False),
        ([hop(PAGE)], True),
        ([hop(PAGE, 404, content_type="text/html")], True),
        ([hop(PAGE, 302, location="/x")], False),
        ([hop(PAGE, 204)], False),
        ([ATTACHMENT], False),
        ([hop(FILE, 404, content_disposition="attachment")], True),  # the browser shows its own error page
    ],
)
def test_what_takes_the_place_of_the_page(hops: Sequence[Hop], is_another: bool) -> None:
    assert leads_on(hops) == is_another


def hops_after(hops: Sequence[Hop], url: str, *, known: int) -> list[str]:
    """Which ones, by their numbers."""
    watch = DocumentWatch(max_navigations=1, max_bytes=1)
    watch.hops.extend(hops)
    return [found.network_id for found in watch.hops_after(url, known=known)]


def test_the_answer_to_a_page_that_loads_itself_again_comes_after_its_document() -> None:
    loads = [hop(PAGE, network_id=number) for number in "123"]
    assert hops_after(loads, f"{PAGE}#top", known=1) == ["2", "3"]
    assert hops_after(loads, PAGE, known=2) == ["3"]
    assert hops_after(loads, PAGE, known=3) == []


def test_what_comes_after_a_document_whose_address_a_script_changed_is_after_the_last_one() -> None:
    assert hops_after([hop(PAGE), ATTACHMENT], "https://a.test/pushed", known=1) == []
    assert hops_after([hop(PAGE), ATTACHMENT], PAGE, known=2) == ["1"]
