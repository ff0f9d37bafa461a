from __future__ import annotations

import gzip
import json
import re
import socket
import zlib
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from http.client import BadStatusLine, HTTPConnection, HTTPResponse, IncompleteRead, RemoteDisconnected
from types import MappingProxyType

import pytest

from crawl4ai_browser.clock import SYSTEM_CLOCK
from crawl4ai_browser.testing import site_downloads, site_faults, site_hostile_pages
from crawl4ai_browser.testing.site import SiteServer, install_fault_routes

WAIT = 5.0
"""Seconds until a test that should not hang fails."""

NONE: Mapping[str, str] = MappingProxyType({})

PATIENCE = 0.3
"""Seconds after which an answer that never comes is taken to be one."""


@pytest.fixture(scope="module")
def site() -> Iterator[SiteServer]:
    with SiteServer() as server:
        install_fault_routes(server)
        yield server


@pytest.fixture
def fresh(site: SiteServer) -> SiteServer:
    site.reset_hits()
    return site


@contextmanager
def answer(
    site: SiteServer, path: str, *, timeout: float = WAIT, headers: Mapping[str, str] = NONE
) -> Generator[HTTPResponse]:
    connection = HTTPConnection("127.0.0.1", site.port, timeout=timeout)
    with closing(connection):
        connection.request("GET", path, headers=dict(headers))
        with closing(connection.getresponse()) as response:
            yield response


def body(site: SiteServer, path: str, *, timeout: float = WAIT, headers: Mapping[str, str] = NONE) -> bytes:
    with answer(site, path, timeout=timeout, headers=headers) as response:
        return response.read()


def status(site: SiteServer, path: str, *, headers: Mapping[str, str] = NONE) -> int:
    with answer(site, path, headers=headers) as response:
        return response.status


def test_table_of_the_docstring_names_every_route() -> None:
    documented = set(re.findall(r"`(/[\w-]+)", site_faults.__doc__ or ""))
    routes = {path.replace("/*", "") for path in site_faults.fault_routes()}
    assert routes == {path.replace("/NNN", "") for path in documented}


@pytest.mark.parametrize("path", ["/drop", "/drop-then-200"])
def test_drop_ends_without_an_answer(fresh: SiteServer, path: str) -> None:
    with pytest.raises(RemoteDisconnected):
        body(fresh, path)


@pytest.mark.parametrize("path", ["/reset", "/reset-body", "/reset-then-200"])
def test_reset_breaks_the_connection(fresh: SiteServer, path: str) -> None:
    with pytest.raises(ConnectionResetError):
        body(fresh, path)


@pytest.mark.parametrize("path", ["/truncated", "/cut-chunk", "/download/truncated"])
def test_truncated_body_is_shorter_than_announced(fresh: SiteServer, path: str) -> None:
    with pytest.raises(IncompleteRead) as caught:
        body(fresh, path)
    assert len(caught.value.partial) > 100


def test_overlong_body_goes_on_after_its_length(fresh: SiteServer) -> None:
    with socket.create_connection(("127.0.0.1", fresh.port), timeout=WAIT) as client:
        client.sendall(b"GET /overlong HTTP/1.1\r\n\r\n")
        received = b"".join(iter(lambda: client.recv(65536), b""))
    head, _, rest = received.partition(b"\r\n\r\n")
    announced = int(head.rpartition(b"Content-Length: ")[2])
    assert len(rest) == announced + 100


def test_bad_gzip_cannot_be_unpacked_and_cut_gzip_only_in_part(fresh: SiteServer) -> None:
    with pytest.raises(zlib.error, match="invalid block type"):
        gzip.decompress(body(fresh, "/bad-gzip"))
    cut = body(fresh, "/cut-gzip")
    with pytest.raises(EOFError):
        gzip.decompress(cut)
    assert b"cut-gzip" in zlib.decompressobj(wbits=31).decompress(cut)


def test_bad_status_line_is_no_http(fresh: SiteServer) -> None:
    with pytest.raises(BadStatusLine):
        body(fresh, "/bad-status-line")


def test_huge_header_has_the_size_asked_for(fresh: SiteServer) -> None:
    with answer(fresh, "/huge-header?bytes=50000") as response:
        assert len(response.headers["X-Huge"]) == 50_000


def test_hang_headers_sends_nothing(fresh: SiteServer) -> None:
    with pytest.raises(TimeoutError):
        body(fresh, "/hang-headers", timeout=PATIENCE)


@pytest.mark.parametrize("path", ["/hang-body", "/download/stalled"])
def test_hang_body_sends_a_part(fresh: SiteServer, path: str) -> None:
    with answer(fresh, path, timeout=PATIENCE) as response:
        assert response.status == 200
        assert len(response.read(200)) == 200
        with pytest.raises(TimeoutError):
            response.read()


@pytest.mark.parametrize("path", ["/endless-body", "/event-stream", "/download/endless"])
def test_endless_answers_go_on(fresh: SiteServer, path: str) -> None:
    with answer(fresh, path) as response:
        for _ in range(5):
            assert response.read1(65536)


def test_slow_answer_takes_the_time_asked_for(fresh: SiteServer) -> None:
    started = SYSTEM_CLOCK.monotonic()
    assert b"slow" in body(fresh, "/slow?seconds=0.2")
    assert 0.2 <= SYSTEM_CLOCK.monotonic() - started < WAIT


def test_drip_comes_whole_but_in_pieces(fresh: SiteServer) -> None:
    with answer(fresh, "/drip?bytes=300&interval=0.02") as response:
        first = response.read1(65536)
        assert len(first) == 300
        assert (first + response.read()).endswith(b"</html>\n")


def test_drip_headers_begin_in_pieces(fresh: SiteServer) -> None:
    with socket.create_connection(("127.0.0.1", fresh.port), timeout=WAIT) as client:
        client.sendall(b"GET /drip-headers HTTP/1.1\r\n\r\n")
        assert client.recv(65536) == b"HTTP/1.1"


@pytest.mark.parametrize(("path", "first"), [("/429-then-200", 429), ("/503-then-200", 503)])
def test_refusal_is_followed_by_the_page(fresh: SiteServer, path: str, first: int) -> None:
    assert [status(fresh, path) for _ in range(3)] == [first, 200, 200]
    fresh.reset_hits()
    assert status(fresh, path) == first


def test_retry_after_says_what_it_is_told(fresh: SiteServer) -> None:
    with answer(fresh, "/retry-after?seconds=-5&status=503") as response:
        assert (response.status, response.headers["Retry-After"]) == (503, "-5")


@pytest.mark.parametrize(("path", "code"), [("/status/404", 404), ("/status/500", 500), ("/204", 204), ("/empty", 200)])
def test_status_is_the_one_in_the_path(fresh: SiteServer, path: str, code: int) -> None:
    assert status(fresh, path) == code


def test_redirects_chain_loop_and_lead_out(fresh: SiteServer) -> None:
    def location(path: str) -> str | None:
        with answer(fresh, path) as response:
            return response.headers["Location"]

    assert location("/redirect-loop") == "/redirect-loop"
    assert location("/redirect-chain?hops=2") == "/redirect-chain?hops=1"
    assert location("/redirect-chain?hops=0") is None
    assert location("/redirect-to?url=http%3A%2F%2F10.0.0.1%2F") == "http://10.0.0.1/"


def test_password_and_cookie_and_echo(fresh: SiteServer) -> None:
    assert status(fresh, "/basic-auth") == 401
    assert status(fresh, "/basic-auth", headers={"Authorization": "Basic dXNlcjpzZWNyZXQ="}) == 200
    with answer(fresh, "/set-cookie?name=k&value=v") as response:
        assert response.headers["Set-Cookie"] == "k=v; Path=/"
    echoed = json.loads(body(fresh, "/echo?a=1", headers={"X-Test": "yes"}))
    assert (echoed["query"], echoed["headers"]["x-test"]) == ("a=1", "yes")


@pytest.mark.parametrize("size", [1000, 123_457, 3_000_000])
def test_big_page_has_the_very_size(fresh: SiteServer, size: int) -> None:
    page = body(fresh, f"/big?bytes={size}")
    assert len(page) == size
    assert page.endswith(b"</body>\n")


def test_link_pages_have_the_links_asked_for(fresh: SiteServer) -> None:
    assert body(fresh, "/many-links?count=250").count(b'<a href="/leaf/') == 250
    assert b'href="/deep?levels=1"' in body(fresh, "/deep?levels=2")
    assert b"href" not in body(fresh, "/deep?levels=0")
    assert body(fresh, "/nested?levels=50").count(b"<div>") == 50
    assert b'href="/trap/8"' in body(fresh, "/trap/7")
    assert status(fresh, "/leaf/249") == 200


def test_pages_name_what_their_script_wrote_but_do_not_contain_it(fresh: SiteServer) -> None:
    for path in site_hostile_pages.hostile_pages():
        if not path.endswith(("*", "pulse")):
            assert site_hostile_pages.WRITTEN.encode() not in body(fresh, path)


@pytest.mark.parametrize("span", [(0, 10), (255, 70_000), (65_000, 200_000), (1_000_000, 1_000_001)])
def test_large_download_is_the_same_pattern_at_any_range(fresh: SiteServer, span: tuple[int, int]) -> None:
    start, stop = span
    part = body(fresh, "/download/large?bytes=2000000", headers={"Range": f"bytes={start}-{stop - 1}"})
    assert part == bytes(number % 256 for number in range(start, stop))


def test_large_download_whole_has_the_size_asked_for(fresh: SiteServer) -> None:
    whole = body(fresh, "/download/large?bytes=300000")
    assert whole == bytes(number % 256 for number in range(300_000))
    assert status(fresh, "/download/large?bytes=10", headers={"Range": "bytes=10-"}) == 416


def test_resumable_download_breaks_off_once(fresh: SiteServer) -> None:
    with pytest.raises(ConnectionResetError):
        body(fresh, "/download/resumable")
    assert body(fresh, "/download/resumable", headers={"Range": "bytes=5000-"}) == site_downloads.REPORT[5000:]


def test_same_name_downloads_have_bytes_of_their_own(fresh: SiteServer) -> None:
    with answer(fresh, "/download/same-name/1") as one, answer(fresh, "/download/same-name/2") as two:
        assert one.headers["Content-Disposition"] == two.headers["Content-Disposition"]
        assert one.read() != two.read()


def test_pdf_is_a_pdf_whose_table_points_at_its_objects() -> None:
    pdf = site_downloads.pdf_file("text")
    table = int(pdf.split(b"startxref\n")[1].split()[0])
    assert pdf.startswith(b"%PDF-1.4\n")
    assert pdf[table:].startswith(b"xref\n0 5\n")
    for number, offset in enumerate(re.findall(rb"(\d{10}) 00000 n", pdf), start=1):
        assert pdf[int(offset) :].startswith(b"%d 0 obj" % number)
