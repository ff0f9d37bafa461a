from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawl4ai_browser.errors import StorageError
from crawl4ai_browser.testing.cassettes.exchange import Answer, Asked, Ending, Exchange
from crawl4ai_browser.testing.cassettes.tape import Tape, cut
from crawl4ai_browser.testing.cassettes.tape_file import read_tape, write_tape
from crawl4ai_browser.testing.cassettes.websocket_frames import Message

RECORDED = datetime(2026, 3, 1, 12, tzinfo=UTC)
PAGE = Asked("GET", "https://site.test/page?a=1&b=2")


def answer(body: bytes = b"", *, status: int = 200, ending: Ending = "whole", **headers: str) -> Answer:
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Answer(status=status, reason="OK", headers=named, body=body, ending=ending)


def loaded(*exchanges: Exchange) -> Tape:
    tape = Tape(RECORDED)
    tape.load(exchanges)
    return tape


def test_equal_requests_are_answered_in_their_order_and_the_last_again() -> None:
    tape = loaded(Exchange(PAGE, answer(b"1")), Exchange(PAGE, answer(b"2")))

    bodies = [taken.body for taken in (tape.take(PAGE) for _ in range(4)) if taken is not None]

    assert bodies == [b"1", b"2", b"2", b"2"]


def test_body_method_and_span_part_requests() -> None:
    url = "https://site.test/"
    tape = loaded(
        Exchange(Asked("POST", url, b"a"), answer(b"of a")),
        Exchange(Asked("POST", url, b"b"), answer(b"of b")),
    )

    found = tape.take(Asked("POST", url, b"b"))

    assert found is not None
    assert found.body == b"of b"
    assert tape.take(Asked("POST", url, b"c")) is None
    assert tape.take(Asked("GET", url)) is None


def test_boundary_of_an_uploaded_form_makes_no_difference() -> None:
    def form(boundary: bytes) -> Asked:
        return Asked("POST", "https://site.test/", b"------WebKitFormBoundary%s\r\nname=x" % boundary)

    tape = loaded(Exchange(form(b"aB3"), answer(b"taken")))

    assert tape.take(form(b"Zq9")) is not None


@pytest.mark.parametrize(
    ("span", "expected", "content_range"),
    [
        ("", b"0123456789", None),
        ("bytes=2-4", b"234", "bytes 2-4/10"),
        ("bytes=7-", b"789", "bytes 7-9/10"),
        ("bytes=-3", b"789", "bytes 7-9/10"),
        ("bytes=20-", b"0123456789", None),
    ],
)
def test_part_is_cut_out_of_the_whole(span: str, expected: bytes, content_range: str | None) -> None:
    part = cut(answer(b"0123456789", Content_Type="video/mp4", Content_Length="10"), span)

    assert part.body == expected
    assert part.header("Content-Range") == content_range
    assert part.header("Content-Length") == str(len(expected))
    assert part.header("Content-Type") == "video/mp4"


def test_whole_is_had_of_a_part_from_start_to_end_but_not_of_one_broken_off() -> None:
    media = Asked("GET", "https://site.test/film", span="bytes=0-")
    whole = Asked("GET", "https://site.test/film")

    found = loaded(Exchange(media, answer(b"film", status=206))).take(whole)

    assert found is not None
    assert (found.status, found.body) == (200, b"film")
    assert loaded(Exchange(media, answer(b"fi", status=206, ending="open"))).take(whole) is None


def test_nearest_names_what_differs() -> None:
    tape = loaded(Exchange(PAGE, answer()), Exchange(Asked("POST", "https://site.test/save", b"x"), answer()))

    assert tape.nearest(Asked("GET", "https://site.test/page?a=1&b=3")) == (
        "GET https://site.test/page?a=1&b=2 (its b='2', asked '3')"
    )
    assert (
        tape.nearest(Asked("POST", "https://site.test/save", b"y")) == "POST https://site.test/save, with another body"
    )
    assert tape.nearest(Asked("GET", "ws://elsewhere.example.org:9/")) == ""


SAID = (
    Message("received", "text", b"welcome"),
    Message("sent", "text", "grüezi\nzäme\0".encode()),
    Message("received", "binary", bytes(range(256))),
    Message("received", "text", b""),
    Message("received", "close", b"\x0f\xa1full"),
    Message("received", "close", b"\x03\xe8"),
    Message("received", "close"),
)

EVERYTHING = [
    Exchange(PAGE, answer(b"<h1>one</h1>\n<p>two\r\nthree</p>", Content_Type="text/html", Set_Cookie="a=b; c")),
    Exchange(PAGE, answer(b"other")),
    Exchange(Asked("GET", "https://site.test/picture"), answer(bytes(range(256)) * 2, Content_Type="image/png")),
    Exchange(Asked("POST", "https://site.test/save", b'{"a": 1}'), answer(b"\n", status=201)),
    Exchange(Asked("GET", "https://site.test/film", span="bytes=0-9"), answer(b"x" * 10, status=206)),
    Exchange(Asked("GET", "https://site.test/gone"), answer(b"half", ending="broken", Content_Length="400")),
    Exchange(Asked("GET", "https://site.test/events"), answer(b"data: 1\n\n", ending="open")),
    Exchange(Asked("GET", "https://site.test/dead"), Answer(status=0, ending="silent")),
    Exchange(Asked("GET", "wss://site.test/chat"), Answer(status=101, headers=(("X-A", "b"),), messages=SAID)),
    Exchange(Asked("GET", "https://site.test/empty"), answer(b"", status=204)),
    Exchange(Asked("GET", "https://site.test/same-1"), answer(b"same " * 100)),
    Exchange(Asked("GET", "https://site.test/same-2"), answer(b"same " * 100)),
]


def test_file_holds_every_kind_of_exchange(tmp_path: Path) -> None:
    tape = loaded(*EVERYTHING)
    tape.unreachable["nowhere.test:443"] = "name or service not known"
    path = tmp_path / "deep" / "tape.json"

    write_tape(tape, path)
    read = read_tape(path)

    assert read.exchanges() == tape.exchanges()
    assert sorted(map(repr, read.exchanges())) == sorted(map(repr, EVERYTHING))
    assert read.recorded_at == RECORDED
    assert read.unreachable == tape.unreachable
    assert [entry.name for entry in path.parent.iterdir()] == ["tape.json"]


def test_file_has_text_line_by_line_and_equal_bodies_once(tmp_path: Path) -> None:
    path = tmp_path / "tape.json"
    write_tape(loaded(*EVERYTHING), path)
    text = path.read_text()
    data = json.loads(text)

    assert '    "<h1>one</h1>",\n' in text
    assert text.count("same " * 100) == 1
    assert len(data["bodies"]) == 1
    assert max(map(len, text.splitlines())) < 600


def test_file_is_the_same_in_whatever_order_it_was_recorded(tmp_path: Path) -> None:
    others = [exchange for exchange in EVERYTHING if exchange.asked != PAGE]
    write_tape(loaded(*others), tmp_path / "one.json")
    write_tape(loaded(*reversed(others)), tmp_path / "two.json")

    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()


def test_answers_that_repeat_at_the_end_are_kept_once() -> None:
    first, second = answer(b"1", Date="now"), answer(b"1", Date="later")
    tape = loaded(*(Exchange(PAGE, each) for each in (answer(b"0"), first, second, second)))

    assert [exchange.answer.body for exchange in tape.exchanges()] == [b"0", b"1"]


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"cassette": 1}', '{"cassette": 1, "recorded_at": 3, "exchanges": []}']
)
def test_file_that_is_no_cassette_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "tape.json"
    path.write_text(text)

    with pytest.raises(StorageError, match=r"tape\.json"):
        read_tape(path)


def test_file_of_a_later_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tape.json"
    path.write_text('{"cassette": 2}')

    with pytest.raises(StorageError, match="version 2, and this reads 1"):
        read_tape(path)
