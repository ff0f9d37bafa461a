"""An HTTP Archive 1.2 of recorded exchanges (http://www.softwareishard.com/blog/har-12-spec/). Pure.

Times are in milliseconds, -1 where something did not happen; what is not known is left out where the format allows it.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import Message
from http.cookies import CookieError, SimpleCookie
from importlib.metadata import version
from typing import Any
from urllib.parse import parse_qsl

from crawl4ai_browser import urls
from crawl4ai_browser.browser.capturing.exchange import MASKED, Exchange, Timing, shown
from crawl4ai_browser.browser.header_lines import HeaderLine

_Object = dict[str, Any]
"""A JSON object of the archive; the specification is its type."""


@dataclass(frozen=True)
class HarPage:
    """The page that the archive is of."""

    title: str
    started_at: datetime
    browser_version: str
    dom_ready: float | None = None
    """Seconds from the start of the visit."""


def har_text(page: HarPage, exchanges: Sequence[Exchange], *, secrets: bool) -> str:
    """The archive as JSON. Cookies, credentials and bodies of requests are masked or left out without `secrets`."""
    content_load = round(page.dom_ready * 1000, 3) if page.dom_ready is not None else -1
    log = {
        "version": "1.2",
        "creator": {"name": "crawl4ai-browser", "version": version("crawl4ai-browser")},
        "browser": {"name": "Chromium", "version": page.browser_version},
        "pages": [
            {
                "startedDateTime": page.started_at.isoformat(),
                "id": "page_1",
                "title": page.title,
                "pageTimings": {"onContentLoad": content_load, "onLoad": -1},
            }
        ],
        "entries": [_entry(exchange, page, secrets=secrets) for exchange in exchanges],
    }
    return json.dumps({"log": log}, ensure_ascii=False)


def _entry(exchange: Exchange, page: HarPage, *, secrets: bool) -> _Object:
    timings = _timings(exchange.timing)
    # One that has not ended has no start of its own yet either.
    started = exchange.started_at if exchange.started_at.year > 1970 else page.started_at
    entry: _Object = {
        "pageref": "page_1",
        "startedDateTime": started.isoformat(),
        "time": round(sum(value for name, value in timings.items() if value > 0 and name != "ssl"), 3),
        "request": _request(exchange, secrets=secrets),
        "response": _response(exchange, secrets=secrets),
        "cache": {},
        "timings": timings,
        "_resourceType": exchange.resource_type,
        "_fromCache": exchange.from_cache,
    }
    if exchange.server_address:
        entry["serverIPAddress"] = exchange.server_address.strip("[]")
    return entry


def _request(exchange: Exchange, *, secrets: bool) -> _Object:
    headers = shown(exchange.request_headers, secrets=secrets)
    query = urls.without_fragment(exchange.url).partition("?")[2]
    request: _Object = {
        "method": exchange.method,
        "url": exchange.url,
        "httpVersion": exchange.http_version or "unknown",
        "cookies": _sent_cookies(exchange.request_headers, secrets=secrets),
        "headers": _pairs(headers),
        "queryString": _pairs(parse_qsl(query, keep_blank_values=True)),
        "headersSize": exchange.request_header_bytes,
        "bodySize": exchange.request_body_bytes,
    }
    if exchange.request_body is not None:
        mime_type = next((value for name, value in headers if name.lower() == "content-type"), "")
        text = exchange.request_body.decode("utf-8", "replace")
        request["postData"] = {"mimeType": mime_type, "params": [], "text": text}
    return request


def _response(exchange: Exchange, *, secrets: bool) -> _Object:
    size = len(exchange.body) if exchange.body is not None else exchange.body_bytes or 0
    content: _Object = {"size": size, "mimeType": exchange.mime_type or "x-unknown"}
    if exchange.body is not None:
        content |= _body(exchange.body, exchange.mime_type)
    if exchange.body_fault is not None:
        content["comment"] = exchange.body_fault
    response: _Object = {
        "status": exchange.status or 0,
        "statusText": exchange.status_text,
        "httpVersion": exchange.http_version or "unknown",
        "cookies": _set_cookies(exchange.response_headers, secrets=secrets),
        "headers": _pairs(shown(exchange.response_headers, secrets=secrets)),
        "content": content,
        "redirectURL": exchange.location,
        "headersSize": exchange.response_header_bytes,
        "bodySize": exchange.body_bytes if exchange.body_bytes is not None else -1,
    }
    if exchange.failure is not None:
        response["_error"] = exchange.failure  # as Chromium's own archives have it
    return response


def _body(body: bytes, mime_type: str) -> _Object:
    """Text as text; all else in base64."""
    message = Message()
    message["Content-Type"] = mime_type
    is_text = message.get_content_maintype() == "text" or message.get_content_subtype().endswith(
        ("json", "javascript", "xml")
    )
    if is_text:
        try:
            return {"text": body.decode(message.get_content_charset("utf-8"))}
        except (UnicodeDecodeError, LookupError):
            pass
    return {"text": b64encode(body).decode("ascii"), "encoding": "base64"}


def _pairs(pairs: Iterable[HeaderLine]) -> list[_Object]:
    return [{"name": name, "value": value} for name, value in pairs]


def _sent_cookies(headers: Iterable[HeaderLine], *, secrets: bool) -> list[_Object]:
    lines = [value for name, value in headers if name.lower() == "cookie"]
    pairs = [part.strip().partition("=") for line in lines for part in line.split(";") if part.strip()]
    return [{"name": name, "value": value if secrets else MASKED} for name, _, value in pairs]


def _set_cookies(headers: Iterable[HeaderLine], *, secrets: bool) -> list[_Object]:
    lines = [line for name, value in headers if name.lower() == "set-cookie" for line in value.split("\n")]
    return [cookie for line in lines for cookie in _set_cookie(line, secrets=secrets)]


def _set_cookie(line: str, *, secrets: bool) -> list[_Object]:
    parsed = SimpleCookie()
    try:
        parsed.load(line)
    except CookieError:
        return []
    return [
        {
            "name": name,
            "value": morsel.value if secrets else MASKED,
            "path": morsel["path"],
            "domain": morsel["domain"],
            "httpOnly": bool(morsel["httponly"]),
            "secure": bool(morsel["secure"]),
        }
        for name, morsel in parsed.items()
    ]


def _timings(timing: Timing) -> dict[str, float]:
    """The spans of a request as the archive names them. `ssl` is part of `connect`."""
    sent = timing.request_start
    return {
        "blocked": _span(0.0, _first(timing.dns_start, timing.connect_start, sent)),
        "dns": _span(timing.dns_start, timing.dns_end),
        "connect": _span(timing.connect_start, timing.connect_end),
        "ssl": _span(timing.tls_start, timing.connect_end),
        # Chromium does not tell the end of sending from its beginning.
        "send": 0.0,
        "wait": max(0.0, _span(sent, timing.response_start)),
        "receive": max(0.0, _span(timing.response_start, timing.response_end)),
    }


def _first(*times: float) -> float:
    return next((time for time in times if time >= 0), -1.0)


def _span(start: float, end: float) -> float:
    return round(end - start, 3) if start >= 0 and end >= start else -1.0
