"""Routes named for their misbehaviour, for a crawler to survive.

| route | what happens |
|---|---|
| `/slow?seconds=1` | the answer comes late |
| `/drip?bytes=20&interval=0.1`, `/drip-headers` | body, or everything, in small pieces |
| `/hang-headers`, `/hang-body` | nothing, or half a page |
| `/endless-body`, `/flood` | a page without an end: slowly, or as fast as it is taken |
| `/drop`, `/reset`, `/reset-body` | closed or reset without an answer, or within it |
| `/truncated`, `/cut-chunk`, `/overlong` | the body ends before, or goes beyond, what was announced |
| `/bad-gzip`, `/cut-gzip` | compressed data that is wrong, or ends early under a true length |
| `/wrong-charset` | UTF-8 that the header calls UTF-16 |
| `/page-as-file`, `/page-as-bytes` | a page that is sent as an attachment, or without a type of its own |
| `/bad-status-line`, `/huge-header?bytes=` | no HTTP; a header of that size |
| `/status/NNN`, `/204`, `/empty` | any status with a page; no content; a body of no bytes |
| `/redirect-loop`, `/redirect-chain?hops=3`, `/redirect-to?url=` | HTTP redirects |
| `/429-then-200`, `/503-then-200`, `/drop-then-200`, `/reset-then-200` | the first request fails, later ones do not |
| `/retry-after?seconds=1&status=429` | always refused, with a Retry-After (any text) |
| `/basic-auth`, `/set-cookie?name=&value=`, `/echo` | a password (user, secret); a cookie; the request as JSON |
| `/big?bytes=1000000` | an HTML page of that size |
| `/event-stream` | a Server-Sent Events stream that stays open |

The pages whose scripts misbehave are in `site_hostile_pages`, the files in `site_downloads`.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import count

from crawl4ai_browser.testing.site_behaviours import (
    Routes,
    badly_gzipped,
    behind_password,
    by_turns,
    chunked,
    cut_gzip,
    delayed,
    dripped,
    dripped_head,
    dropped,
    endless,
    event_stream,
    hanging,
    hanging_after,
    overlong,
    raw,
    reset,
    reset_after,
    truncated,
    with_cookie,
    with_headers,
)
from crawl4ai_browser.testing.site_downloads import download_routes
from crawl4ai_browser.testing.site_hostile_pages import hostile_pages, script_page
from crawl4ai_browser.testing.site_requests import Hit
from crawl4ai_browser.testing.site_responses import Repeat, Response, Send
from crawl4ai_browser.testing.site_server import SiteServer

_PARAGRAPH = b"<p>One more paragraph of a page that is mostly size and hardly anything else, as such pages are.</p>\n"


def install_fault_routes(site: SiteServer) -> None:
    """Add all routes of the table above, of `site_hostile_pages` and of `site_downloads`."""
    for path, answer in (fault_routes() | hostile_pages() | download_routes()).items():
        site.route(path, answer)


def fault_routes() -> Routes:
    """The routes of the table above."""
    return _broken_answers() | _late_answers() | _refusals() | _plain_answers()


def _page(name: str) -> Response:
    """A page long enough to be cut in the middle."""
    return script_page(name, body="<p>A line of text that may or may not arrive.</p>\n" * 20)


def _broken_answers() -> Routes:
    return {
        "/drop": dropped(),
        "/reset": reset(),
        "/reset-body": reset_after(_page("reset-body"), sent_bytes=400),
        "/truncated": truncated(_page("truncated")),
        "/cut-chunk": truncated(chunked(_page("cut-chunk"))),
        "/overlong": overlong(_page("overlong")),
        "/bad-gzip": badly_gzipped(_page("bad-gzip")),
        "/cut-gzip": cut_gzip(_page("cut-gzip")),
        "/wrong-charset": replace(_page("wrong-charset"), headers=(("Content-Type", "text/html; charset=utf-16le"),)),
        "/page-as-file": with_headers(
            _page("page-as-file"), ("Content-Disposition", 'attachment; filename="page.html"')
        ),
        "/page-as-bytes": replace(_page("page-as-bytes"), headers=(("Content-Type", "application/octet-stream"),)),
        "/bad-status-line": raw(b"this is no HTTP at all\r\n\r\n"),
        "/huge-header": lambda hit: Response.text(
            "huge-header", headers=(("X-Huge", "h" * int(hit.parameter("bytes", "500000"))),)
        ),
    }


def _late_answers() -> Routes:
    html = (("Content-Type", "text/html; charset=utf-8"),)
    return {
        "/slow": lambda hit: delayed(_page("slow"), float(hit.parameter("seconds", "1"))),
        "/drip": _drip,
        "/drip-headers": dripped_head(_page("drip-headers"), chunk_bytes=8, interval=0.2),
        "/hang-headers": hanging(),
        "/hang-body": hanging_after(_page("hang-body"), sent_bytes=400),
        "/endless-body": endless(_PARAGRAPH, interval=0.01, headers=html),
        "/flood": endless(_PARAGRAPH * 500, headers=html),
        "/event-stream": lambda hit: event_stream((f"event {number}" for number in count()), interval=0.2),
    }


def _refusals() -> Routes:
    too_many = Response.text("429 Too Many Requests", status=429, headers=(("Retry-After", "1"),))
    unavailable = Response.text("503 Service Unavailable", status=503, headers=(("Retry-After", "1"),))
    return {
        "/429-then-200": by_turns(too_many, _page("429-then-200")),
        "/503-then-200": by_turns(unavailable, _page("503-then-200")),
        "/drop-then-200": by_turns(dropped(), _page("drop-then-200")),
        "/reset-then-200": by_turns(reset(), _page("reset-then-200")),
        "/retry-after": _retry_after,
        "/basic-auth": behind_password(_page("basic-auth"), user="user", password="secret"),
    }


def _plain_answers() -> Routes:
    return {
        "/status/*": _status,
        "/204": Response(status=204),
        "/empty": Response.html(""),
        "/redirect-loop": Response.redirect("/redirect-loop"),
        "/redirect-chain": _redirect_chain,
        "/redirect-to": lambda hit: Response.redirect(hit.parameter("url", "/")),
        "/set-cookie": _set_cookie,
        "/echo": _echo,
        "/big": _big,
    }


def _drip(hit: Hit) -> Response:
    interval = float(hit.parameter("interval", "0.1"))
    return dripped(_page("drip"), chunk_bytes=int(hit.parameter("bytes", "20")), interval=interval)


def _retry_after(hit: Hit) -> Response:
    header = ("Retry-After", hit.parameter("seconds", "1"))
    return Response.text("come back later", status=int(hit.parameter("status", "429")), headers=(header,))


def _status(hit: Hit) -> Response:
    status = int(hit.path.removeprefix("/status/"))
    return Response.html(f"<!doctype html><title>{status}</title><h1>status {status}</h1>", status=status)


def _redirect_chain(hit: Hit) -> Response:
    hops = int(hit.parameter("hops", "3"))
    return Response.redirect(f"/redirect-chain?hops={hops - 1}") if hops > 0 else _page("redirect-chain")


def _set_cookie(hit: Hit) -> Response:
    return with_cookie(_page("set-cookie"), hit.parameter("name", "visited"), hit.parameter("value", "yes"))


def _echo(hit: Hit) -> Response:
    return Response.json(
        {
            "method": hit.method,
            "path": hit.path,
            "query": hit.query,
            "headers": dict(hit.headers),
            "body": hit.body.decode("latin-1"),
        }
    )


def _big(hit: Hit) -> Response:
    """Paragraphs up to the very size that is asked for, sent without making the whole."""
    size = int(hit.parameter("bytes", "1000000"))
    head, tail = b"<!doctype html><title>big</title><body>\n", b"</body>\n"
    paragraphs, rest = divmod(max(0, size - len(head) - len(tail)), len(_PARAGRAPH))
    per_send = 500  # about 50 KB a send: one of 98 bytes each would cost more than the bytes
    sends, left_over = divmod(paragraphs, per_send)
    body = (
        Send(head),
        Repeat((Send(_PARAGRAPH * per_send),), sends),
        Send(_PARAGRAPH * left_over + b" " * rest + tail),
    )
    length = len(head) + len(tail) + paragraphs * len(_PARAGRAPH) + rest
    return Response(headers=(("Content-Type", "text/html; charset=utf-8"),), body=body, declared_bytes=length)
