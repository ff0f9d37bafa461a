"""Pages that arrive whole and then misbehave: scripts that never rest, dialogs, popups, redirects without end, traps.

Each has `<h1>` with its name, and `#written` with text that its script wrote before it began to misbehave.
"""

from __future__ import annotations

import base64
import hashlib
from html import escape

from crawl4ai_browser.testing.site_behaviours import Routes, raw
from crawl4ai_browser.testing.site_requests import Hit
from crawl4ai_browser.testing.site_responses import End, Response

WRITTEN = "written by the script of "
"""What `#written` begins with; the page's name follows."""


def script_page(name: str, *, body: str = "", script: str = "", head: str = "") -> Response:
    """An HTML page with that name as its heading, markup, and a script that first writes `#written`."""
    title = escape(name)
    write = (
        'document.getElementById("written").textContent = ["written by", "the script of", document.title].join(" ");'
    )
    return Response.html(
        f'<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8"><title>{title}</title>{head}</head>\n'
        f'<body><h1>{title}</h1>\n<p id="written"></p>\n{body}\n<script>{write}\n{script}</script></body>\n</html>\n'
    )


_SCRIPTS = {
    "never-idle": """
        setInterval(async () => {
          const pulse = await (await fetch("/never-idle/pulse")).json();
          document.getElementById("count").textContent = pulse.count;
        }, 200);""",
    "never-quiet": """
        const list = document.querySelector("main");
        let count = 0;
        setInterval(() => { list.textContent = `changed ${++count} times`; }, 50);""",
    "alert-loop": "while (true) alert('again');",
    "dialogs": """
        const answers = [confirm("go on?"), prompt("your name?", "nobody")];
        document.querySelector("main").textContent = JSON.stringify(answers);""",
    "before-unload": """
        addEventListener("beforeunload", (event) => { event.preventDefault(); event.returnValue = ""; });""",
    "busy-loop": "while (true) { }",
    "late-busy-loop": "setTimeout(() => { while (true) { } }, 2000);",
    "unload-loop": 'addEventListener("pagehide", () => { while (true) { } });',
    "before-unload-loop": 'addEventListener("beforeunload", () => { while (true) { } });',
    "write-loop": 'while (true) document.write("<p>more</p>");',
    "write-forever": 'setInterval(() => document.write("<p>more</p>"), 10);',
    "print-loop": "print(); setInterval(print, 20);",
    "reload-loop": "setTimeout(() => location.reload(), 30);",
    "fetch-forever": 'fetch("/hang-headers");',
    "event-source": """
        new EventSource("/event-stream").onmessage = (event) => {
          document.getElementById("count").textContent = event.data;
        };""",
    "socket": """
        new WebSocket(location.href.replace(/^http/, "ws") + "/stream").onmessage = (event) => {
          document.getElementById("count").textContent = event.data;
        };""",
    "service-worker": """
        navigator.serviceWorker.register("/service-worker/script.js").then(
          () => { document.getElementById("count").textContent = "registered"; }, () => {});""",
    "memory-hog": """
        const hoard = [];
        const grow = () => { hoard.push(new Array(4_000_000).fill(Math.random())); setTimeout(grow, 0); };
        setTimeout(grow, 2000);""",
    "memory-loop": "const hoard = []; while (true) hoard.push(new Array(1_000_000).fill(Math.random()));",
    "window-open-storm": """
        for (let number = 0; number < 40; number++) window.open(`/leaf/popup-${number}`, "_blank");""",
    "script-redirect-loop": """
        const turn = Number(new URLSearchParams(location.search).get("turn") ?? 0) + 1;
        location.replace(`/script-redirect-loop?turn=${turn}`);""",
    "console-noise": """
        console.log("a log line", { with: "an object" });
        console.warn("a warning");
        console.error("an error");
        setTimeout(() => { throw new Error("uncaught on purpose"); }, 0);
        Promise.reject(new Error("unhandled on purpose"));
        fetch("/status/404");""",
    "history-storm": """
        let number = 0;
        setInterval(() => history.pushState(null, "", `/history-storm?step=${++number}`), 20);""",
}


_SERVICE_WORKER = b"""
addEventListener("install", () => skipWaiting());
addEventListener("activate", () => clients.claim());
addEventListener("fetch", (event) => event.respondWith(new Response("from the service worker")));
"""
"""Would answer for the site in all its later pages."""

_SOCKET_ID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""What the server's half of the handshake is made with (RFC 6455, 1.3)."""


def hostile_pages() -> Routes:
    """The route of each page."""
    pages: Routes = {
        f"/{name}": script_page(name, body="<main><span id=count>0</span></main>", script=script)
        for name, script in _SCRIPTS.items()
    }
    others: Routes = {
        "/never-idle/pulse": lambda hit: Response.json({"count": hit.index + 1}),
        "/meta-refresh-loop": _meta_refresh,
        "/leaf/*": lambda hit: script_page("leaf " + hit.path.removeprefix("/leaf/")),
        "/socket/stream": _socket,
        "/service-worker/script.js": Response(headers=(("Content-Type", "text/javascript"),), body=_SERVICE_WORKER),
        "/many-links": _many_links,
        "/many-nodes": lambda hit: script_page("many-nodes", body="<i>x</i>" * _number(hit, "count", 1000)),
        "/deep": _deep,
        "/nested": _nested,
        "/nested-by-script": _nested_by_script,
        "/trap/*": _trap,
    }
    return pages | others


def _socket(hit: Hit) -> Response:
    """A WebSocket that says one thing and stays open."""
    key = hit.headers.get("sec-websocket-key", "").encode() + _SOCKET_ID
    accept = base64.b64encode(hashlib.sha1(key, usedforsecurity=False).digest())
    head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    text = b"said over the socket"
    frame = bytes((0x81, len(text))) + text  # one text frame, whole (RFC 6455, 5.2)
    return raw(head + b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n" + frame, then=End.HANG)


def _number(hit: Hit, name: str, default: int) -> int:
    return int(hit.parameter(name, str(default)))


def _meta_refresh(hit: Hit) -> Response:
    """`/meta-refresh-loop?turn=`: to the next turn, at once and for ever."""
    following = f"/meta-refresh-loop?turn={_number(hit, 'turn', 0) + 1}"
    return script_page("meta-refresh-loop", head=f'<meta http-equiv="refresh" content="0; url={following}">')


def _many_links(hit: Hit) -> Response:
    """`/many-links?count=`: that many different links to `/leaf/N`."""
    links = "\n".join(f'<a href="/leaf/{number}">leaf {number}</a>' for number in range(_number(hit, "count", 1000)))
    return script_page("many-links", body=links)


def _deep(hit: Hit) -> Response:
    """`/deep?levels=`: a chain of links, each page one level nearer to 0, which links nowhere."""
    levels = _number(hit, "levels", 3)
    link = f'<a href="/deep?levels={levels - 1}">deeper</a>' if levels > 0 else "the bottom"
    return script_page(f"deep {levels}", body=link)


def _nested(hit: Hit) -> Response:
    """`/nested?levels=`: elements inside one another, with text in the innermost."""
    levels = _number(hit, "levels", 1000)
    return script_page("nested", body="<div>" * levels + "the innermost" + "</div>" * levels)


def _nested_by_script(hit: Hit) -> Response:
    """`/nested-by-script?levels=`: the same, deeper than a parser makes it (Chromium's stops at 512)."""
    levels = _number(hit, "levels", 1000)
    script = f"""
        let innermost = document.querySelector("main");
        for (let level = 0; level < {levels}; level++) {{
          innermost.append(document.createElement("div"));
          innermost = innermost.firstChild;
        }}
        innermost.textContent = "the innermost";"""
    return script_page("nested-by-script", body="<main></main>", script=script)


def _trap(hit: Hit) -> Response:
    """`/trap/N`: an endless space of pages, each linking to the next and to itself with a new session id."""
    number = int(hit.path.removeprefix("/trap/") or 0)
    following = f'<a href="/trap/{number + 1}">next day</a> <a href="/trap/{number}?session={hit.index}">this day</a>'
    return script_page(f"trap {number}", body=following)
