"""The bundled JavaScript site: its folder, its dynamic routes, and what a crawl of it has to find.

The pages, scripts and data are files (`fixtures/site`, described in its README); here is what files cannot do: answers
that are slow, redirected, wrongly labelled, or never end.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal, cast
from xml.sax.saxutils import escape

from crawl4ai_browser.frozen import Frozen
from crawl4ai_browser.testing.site_behaviours import Routes, attachment, delayed, event_stream
from crawl4ai_browser.testing.site_register import RINGS_PER_PAGE, SPECIMENS_PER_PAGE, rings, specimens
from crawl4ai_browser.testing.site_requests import Hit
from crawl4ai_browser.testing.site_responses import JsonValue, Response
from crawl4ai_browser.testing.site_server import SiteServer

SLOW_SECONDS = 1.5
"""The slow gauge: longer than any sensible pause between two requests of a page, shorter than anybody's patience."""

_ENTRIES_PER_PAGE = 5
_SIGHTINGS_PER_PAGE = 12

PageKind = Literal["page", "redirect", "client-redirect", "file", "download", "error", "redirect-loop", "robots-denied"]
"""A page; one that ends elsewhere by HTTP, or by its markup or script; a document that is no page; an attachment; a 4xx
or 5xx with a page; HTTP redirects without end; a URL that robots.txt forbids."""


class Deeper(Frozen):
    """Text that shows only after more than a visit: `how` says what, `target` the selector it concerns, if any.

    `scroll`: to the end, as often as the page grows. `click`: on `target`, as long as it is there. `shadow`, `frame`:
    it is there, but inside an open shadow root or a frame.
    """

    how: Literal["scroll", "click", "shadow", "frame"]
    text: str
    target: str | None = None


class ExpectedPage(Frozen):
    """What a same-host crawl from `/` finds at one path (with its query).

    `status` is None where there is no answer to speak of (a loop, a URL not asked for), `final_path` where nothing is
    shown. `text` is on the page and only its script could have written it; None for pages without a script.
    """

    path: str
    kind: PageKind
    status: int | None
    final_path: str | None
    text: str | None
    deeper: tuple[Deeper, ...] = ()


class _ExpectedSite(Frozen):
    pages: tuple[ExpectedPage, ...]


def expected_pages(folder: Path) -> tuple[ExpectedPage, ...]:
    """What `expected.json` in the site's folder says, in its order."""
    return _ExpectedSite.model_validate_json((folder / "expected.json").read_bytes()).pages


def serve_fixture_site(folder: Path, *, port: int = 0) -> SiteServer:
    """The bundled site in that folder, ready to be entered; `port` 0 takes a free one."""
    site = SiteServer(folder, port=port)
    for routes in (_apis(folder), _encodings(folder), _detours(folder), _for_robots(folder)):
        for path, answer in routes.items():
            site.route(path, answer)
    for path in ("/expected.json", "/README.md"):  # about the site, not of it
        site.route(path, Response.text("404 Not Found", status=404))
    return site


def _apis(folder: Path) -> Routes:
    """What the pages' scripts ask for, and the shell that stands for every address of the shop."""
    shell = Response.html((folder / "shop/index.html").read_text(encoding="utf-8"))
    reports = (("rain began", "upper gauge"), ("lid opened", "lower gauge"), ("lamp lit", "mast"))
    events = [
        json.dumps({"number": number, "what": what, "where": where})
        for number, (what, where) in enumerate(reports, start=1)
    ]
    journal = _data(folder, "journal")
    sightings = _data(folder, "sightings")
    return {
        "/shop/*": shell,
        "/api/journal": lambda hit: _slice(hit, "entries", journal, _ENTRIES_PER_PAGE),
        "/api/sightings": lambda hit: _slice(hit, "sightings", sightings, _SIGHTINGS_PER_PAGE),
        "/api/rings": lambda hit: _slice(hit, "rings", rings(), RINGS_PER_PAGE),
        "/api/specimens": lambda hit: _slice(hit, "specimens", specimens(hit.parameter("kind")), SPECIMENS_PER_PAGE),
        "/api/depot": lambda hit: Response.json({"bytes": len(hit.body)}),
        "/api/slow-gauge": delayed(Response.json({"millimetres": 7.4}), SLOW_SECONDS),
        "/api/anemometer": lambda hit: Response.json({"mast": "north", "gust": 31 + hit.index * 7 % 23}),
        "/api/logger": event_stream(events, interval=0.1),
    }


def _encodings(folder: Path) -> Routes:
    """The letters whose header is not the one that their suffix would give them."""
    headers = {
        "windows-1251.html": "text/html; charset=windows-1251",
        "shift-jis.html": "text/html",
        "wrong-header.html": "text/html; charset=iso-8859-1",
    }
    return {
        f"/letters/{name}": Response(
            headers=(("Content-Type", content_type),), body=(folder / "letters" / name).read_bytes()
        )
        for name, content_type in headers.items()
    }


def _detours(folder: Path) -> Routes:
    """Redirects, a failure, a file to save."""
    packing_list = (folder / "files/packing-list.csv").read_bytes()
    return {
        "/old/route": Response.redirect("/old/path", status=301),
        "/old/path": Response.redirect("/old/way", status=302),
        "/old/way": Response.redirect("/station/arrived.html", status=307),
        "/loop/a": Response.redirect("/loop/b"),
        "/loop/b": Response.redirect("/loop/a"),
        "/broken/report": Response.html((folder / "500.html").read_text(encoding="utf-8"), status=500),
        "/files/packing-list.csv": attachment(packing_list, "packing-list.csv", content_type="text/csv; charset=utf-8"),
    }


def _for_robots(folder: Path) -> Routes:
    """robots.txt and the sitemap, whose URLs have to be absolute and so depend on the host that is asked."""
    paths = [page.path for page in expected_pages(folder) if page.kind == "page"]

    def robots(hit: Hit) -> Response:
        return Response.text(f"User-agent: *\nDisallow: /private/\n\nSitemap: {_origin(hit)}/sitemap.xml\n")

    def sitemap(hit: Hit) -> Response:
        urls = "".join(f"  <url><loc>{escape(_origin(hit) + path)}</loc></url>\n" for path in paths)
        document = (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{urls}</urlset>\n'
        )
        return Response(headers=(("Content-Type", "application/xml"),), body=document.encode())

    return {"/robots.txt": robots, "/sitemap.xml": sitemap}


def _origin(hit: Hit) -> str:
    return f"http://{hit.headers.get('host', '127.0.0.1')}"


def _data(folder: Path, name: str) -> list[JsonValue]:
    return cast("list[JsonValue]", json.loads((folder / "data" / f"{name}.json").read_text(encoding="utf-8")))


def _slice(hit: Hit, name: str, values: list[JsonValue], per_page: int) -> Response:
    """One page of a list, counted from 1; an empty one beyond the end."""
    page = int(hit.parameter("page", "1"))
    part = values[(page - 1) * per_page : page * per_page] if page >= 1 else []
    return Response.json({name: part, "page": page, "pages": -(-len(values) // per_page)})
