"""Pages that arrive whole and then misbehave: scripts that never rest, dialogs, popups, redirects without end, traps.

Each has `<h1>` with its name, and `#written` with text that its script wrote before it began to misbehave.
"""

from __future__ import annotations

from html import escape

from crawl4ai_browser.testing.site_behaviours import Routes
from crawl4ai_browser.testing.site_requests import Hit
from crawl4ai_browser.testing.site_responses import Response

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
    "late-busy-loop": "setTimeout(() => { while (true) { } }, 300);",
    "memory-hog": """
        const hoard = [];
        const grow = () => { hoard.push(new Array(4_000_000).fill(Math.random())); setTimeout(grow, 0); };
        grow();""",
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


def hostile_pages() -> Routes:
    """The route of each page."""
    pages: Routes = {
        f"/{name}": script_page(name, body="<main><span id=count>0</span></main>", script=script)
        for name, script in _SCRIPTS.items()
    }
    others: Routes = {
        "/never-idle/pulse": lambda hit: Response.json({"count": hit.index + 1}),
        "/meta-refresh-loop": script_page(
            "meta-refresh-loop", head='<meta http-equiv="refresh" content="0; url=/meta-refresh-loop">'
        ),
        "/leaf/*": lambda hit: script_page("leaf " + hit.path.removeprefix("/leaf/")),
        "/many-links": _many_links,
        "/deep": _deep,
        "/nested": _nested,
        "/trap/*": _trap,
    }
    return pages | others


def _number(hit: Hit, name: str, default: int) -> int:
    return int(hit.parameter(name, str(default)))


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


def _trap(hit: Hit) -> Response:
    """`/trap/N`: an endless space of pages, each linking to the next and to itself with a new session id."""
    number = int(hit.path.removeprefix("/trap/") or 0)
    following = f'<a href="/trap/{number + 1}">next day</a> <a href="/trap/{number}?session={hit.index}">this day</a>'
    return script_page(f"trap {number}", body=following)
