from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.client import HTTPConnection, RemoteDisconnected
from pathlib import Path

import anyio
import pytest

from crawl4ai_browser.clock import SYSTEM_CLOCK
from crawl4ai_browser.testing.site import Hit, Response, SiteServer, dropped, endless, hanging, hanging_after, reset

WAIT = 5.0
"""Seconds until a hung test fails; nothing here takes a tenth of it."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[SiteServer]:
    (tmp_path / "index.html").write_text("<h1>home</h1>")
    with SiteServer(tmp_path) as server:
        yield server


def get(site: SiteServer, path: str, *, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
    connection = HTTPConnection("127.0.0.1", site.port, timeout=WAIT)
    try:
        connection.request("GET", path, headers=headers or {})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def exchange(site: SiteServer, request: bytes) -> bytes:
    """Everything the server sends for these bytes until it closes the connection."""
    with socket.create_connection(("127.0.0.1", site.port), timeout=WAIT) as client:
        client.sendall(request)
        return b"".join(iter(lambda: client.recv(65536), b""))


def site_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("site-server")]


def test_route_wins_over_file_and_longest_prefix_over_shorter(site: SiteServer) -> None:
    assert get(site, "/") == (200, b"<h1>home</h1>")
    site.route("/", Response.text("routed"))
    site.route("/a/*", Response.text("short"))
    site.route("/a/b/*", Response.text("long"))
    site.route("/a/b/exact", Response.text("exact"))
    assert [get(site, path)[1] for path in ("/", "/a/x", "/a/b/x", "/a/b/exact")] == [
        b"routed",
        b"short",
        b"long",
        b"exact",
    ]


def test_route_set_again_replaces_the_old_one(site: SiteServer) -> None:
    for body in ("old", "new"):
        site.route("/x", Response.text(body))
        site.route("/y/*", Response.text(body))
    assert (get(site, "/x")[1], get(site, "/y/1")[1]) == (b"new", b"new")


def test_route_without_slash_is_refused(site: SiteServer) -> None:
    with pytest.raises(ValueError, match="begins with a slash"):
        site.route("x", Response())


def test_unknown_path_is_404_with_and_without_folder(site: SiteServer) -> None:
    assert get(site, "/nowhere")[0] == 404
    with SiteServer() as bare:
        assert get(bare, "/nowhere") == (404, b"404 Not Found: /nowhere")


def test_handler_gets_the_whole_request(site: SiteServer) -> None:
    seen: list[Hit] = []

    def handler(hit: Hit) -> Response:
        seen.append(hit)
        return Response.text("ok")

    site.route("/form", handler)
    connection = HTTPConnection("127.0.0.1", site.port, timeout=WAIT)
    connection.request("POST", "/form?a=1&b=%20x", body=b"body", headers={"Cookie": "k=v; l=w", "X-One": "1"})
    connection.getresponse().read()
    connection.close()
    (hit,) = seen
    assert (hit.method, hit.path, hit.query, hit.body, hit.index) == ("POST", "/form", "a=1&b=%20x", b"body", 0)
    assert (hit.parameter("b"), hit.parameter("c", "default")) == (" x", "default")
    assert hit.cookies() == {"k": "v", "l": "w"}
    assert hit.headers["x-one"] == "1"


def test_awaiting_handler_lets_others_be_served(site: SiteServer) -> None:
    released = threading.Event()

    async def patient(hit: Hit) -> Response:
        await anyio.to_thread.run_sync(released.wait, WAIT)
        return Response.text("at last")

    def release(hit: Hit) -> Response:
        released.set()
        return Response.text("released")

    site.route("/patient", patient)
    site.route("/release", release)
    with socket.create_connection(("127.0.0.1", site.port), timeout=WAIT) as client:
        client.sendall(b"GET /patient HTTP/1.1\r\nConnection: close\r\n\r\n")
        assert get(site, "/release") == (200, b"released")
        assert b"".join(iter(lambda: client.recv(65536), b"")).endswith(b"at last")


def test_failing_handler_is_a_500_with_its_traceback_and_kept(site: SiteServer) -> None:
    def broken(hit: Hit) -> Response:
        raise LookupError("no such tent")

    site.route("/broken", broken)
    status, body = get(site, "/broken")
    assert status == 500
    assert b"LookupError: no such tent" in body
    assert [repr(error) for error in site.handler_errors] == ["LookupError('no such tent')"]
    assert get(site, "/")[0] == 200


def test_hits_are_listed_counted_and_forgotten(site: SiteServer) -> None:
    started = SYSTEM_CLOCK.monotonic()
    get(site, "/?n=1", headers={"User-Agent": "tester"})
    get(site, "/?n=2")
    get(site, "/other")
    assert [(hit.path, hit.query, hit.index) for hit in site.hits] == [
        ("/", "n=1", 0),
        ("/", "n=2", 1),
        ("/other", "", 0),
    ]
    first = site.hits[0]
    assert first.headers["user-agent"] == "tester"
    assert started <= first.at <= SYSTEM_CLOCK.monotonic()
    assert first.remote_port > 0
    assert (site.hit_count("/"), site.hit_count("/other"), site.hit_count()) == (2, 1, 3)
    site.reset_hits()
    assert (site.hits, site.hit_count("/"), site.hit_count()) == ([], 0, 0)
    get(site, "/")
    assert site.hits[0].index == 0


def test_counts_stay_exact_when_only_the_newest_hits_are_kept() -> None:
    with SiteServer(kept_hits=2) as site:
        site.route("/*", Response.text("ok"))
        for number in range(5):
            get(site, f"/{number % 2}")
        assert [hit.path for hit in site.hits] == ["/1", "/0"]
        assert (site.hit_count("/0"), site.hit_count("/1"), site.hit_count()) == (3, 2, 5)


def test_keep_alive_serves_many_requests_on_one_connection(site: SiteServer) -> None:
    connection = HTTPConnection("127.0.0.1", site.port, timeout=WAIT)
    for _ in range(20):
        connection.request("GET", "/")
        assert connection.getresponse().read() == b"<h1>home</h1>"
    connection.close()
    assert len({hit.remote_port for hit in site.hits}) == 1


def test_pipelined_requests_are_answered_in_order(site: SiteServer) -> None:
    site.route("/1", Response.text("one"))
    site.route("/2", Response.text("two"))
    answer = exchange(site, b"GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert answer.count(b"HTTP/1.1 200 OK") == 2
    assert answer.index(b"one") < answer.index(b"two")


@pytest.mark.parametrize("request_bytes", [b"GET / HTTP/1.0\r\n\r\n", b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n"])
def test_connection_closes_when_the_client_does_not_keep_it(site: SiteServer, request_bytes: bytes) -> None:
    assert exchange(site, request_bytes).endswith(b"<h1>home</h1>")


def test_head_has_the_length_but_no_body(site: SiteServer) -> None:
    answer = exchange(site, b"HEAD / HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert b"Content-Length: 13\r\n" in answer
    assert answer.endswith(b"\r\n\r\n")


def test_expectation_is_answered_before_the_body_comes(site: SiteServer) -> None:
    site.route("/up", lambda hit: Response.text(f"{len(hit.body)} bytes"))
    with socket.create_connection(("127.0.0.1", site.port), timeout=WAIT) as client:
        client.sendall(b"POST /up HTTP/1.1\r\nContent-Length: 3\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n")
        assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"abc")
        assert b"".join(iter(lambda: client.recv(65536), b"")).endswith(b"3 bytes")


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"nonsense\r\n\r\n", b"400"),
        (b"GET / HTTP/2.0\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", b"411"),
    ],
)
def test_bytes_that_are_no_request_are_refused_and_the_site_lives(
    site: SiteServer, request_bytes: bytes, status: bytes
) -> None:
    assert exchange(site, request_bytes).startswith(b"HTTP/1.1 " + status)
    assert get(site, "/")[0] == 200


def test_client_that_leaves_in_mid_request_does_no_harm(site: SiteServer) -> None:
    for fragment in (b"GET / HT", b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc"):
        with socket.create_connection(("127.0.0.1", site.port), timeout=WAIT) as client:
            client.sendall(fragment)
    assert get(site, "/")[0] == 200
    assert [hit.path for hit in site.hits] == ["/"]


def test_three_hundred_connections_at_once_are_all_answered(site: SiteServer) -> None:
    clients = [socket.create_connection(("127.0.0.1", site.port), timeout=WAIT) for _ in range(300)]
    try:
        for client in clients:
            client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert all(client.recv(65536).endswith(b"<h1>home</h1>") for client in clients)
        assert repr(site) == f"<SiteServer {site.origin} 0 routes, 300 connections, 300 hits>"
    finally:
        for client in clients:
            client.close()


def test_each_address_is_a_host_of_its_own_on_the_same_port() -> None:
    with SiteServer(addresses=("127.0.0.1", "127.0.7.3")) as site:
        site.route("/", lambda hit: Response.text(hit.headers["host"]))
        assert site.url("/a?b=1", address="127.0.7.3") == f"http://127.0.7.3:{site.port}/a?b=1"
        connection = HTTPConnection("127.0.7.3", site.port, timeout=WAIT)
        connection.request("GET", "/")
        assert connection.getresponse().read() == f"127.0.7.3:{site.port}".encode()
        connection.close()


def test_port_in_use_is_refused_and_nothing_is_left(site: SiteServer) -> None:
    before = site_threads()
    with pytest.raises(OSError, match="in use"), SiteServer(port=site.port):
        pass
    assert site_threads() == before


def test_stopping_takes_under_a_second_with_every_kind_of_hung_connection() -> None:
    before = site_threads()
    site = SiteServer()
    site.route("/hang", hanging())
    site.route("/half", hanging_after(Response.text("some body"), sent_bytes=4))
    site.route("/endless", endless(b"x" * 100_000))
    with site:
        requests = [b"GET /hang HTTP/1.1\r\n\r\n", b"GET /half HTTP/1.1\r\n\r\n", b"GET /endless HTTP/1.1\r\n\r\n"]
        requests += [b"GET / HTTP/1.1\r\n", b""]
        clients = [socket.create_connection(("127.0.0.1", site.port), timeout=WAIT) for _ in requests]
        for client, request in zip(clients, requests, strict=True):
            client.sendall(request)
        assert clients[1].recv(65536)
        assert clients[2].recv(65536)  # now the others have been accepted too
        started = SYSTEM_CLOCK.monotonic()
    assert SYSTEM_CLOCK.monotonic() - started < 1.0
    assert site_threads() == before
    assert repr(site) == "<SiteServer stopped 3 routes, 0 connections, 3 hits>"
    for client in clients:
        client.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", site.port), timeout=WAIT)


def test_site_can_be_started_again_on_its_port_but_not_twice(site: SiteServer) -> None:
    with pytest.raises(RuntimeError, match="runs already"), site:
        pass
    again = SiteServer()
    for _ in range(2):
        with again:
            assert get(again, "/")[0] == 404


def test_drop_and_reset_look_different_to_the_client(site: SiteServer) -> None:
    site.route("/drop", dropped())
    site.route("/reset", reset())
    with pytest.raises(RemoteDisconnected):
        get(site, "/drop")
    with pytest.raises(ConnectionResetError):
        get(site, "/reset")
