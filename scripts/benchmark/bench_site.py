"""The site that is visited: a shell of HTML, and a script that fetches JSON and builds about 300 nodes of it.

Run as a module it serves until its standard input ends, in a process whose CPU is nobody's. What a page says is only in
its JSON, so html that has `marker(page)` in it is the work of the page's script.
"""

from __future__ import annotations

import base64
import sys
from collections.abc import Callable

from crawl4ai_browser.testing.site import Hit, Response, SiteServer
from crawl4ai_browser.testing.site_responses import JsonValue

HOSTS = 50
SUBRESOURCES = 200
PARAGRAPHS = 24
ROWS = 20
LINKS = 20
IMAGES = 6

Headers = tuple[tuple[str, str], ...]

CACHEABLE: Headers = (("Cache-Control", "public, max-age=3600"),)
FRESH: Headers = (("Cache-Control", "no-store"),)

SHELL = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Loading</title>
<meta name="description" content="A page that its script writes.">
<link rel="stylesheet" href="/site.css"></head>
<body><header><a href="/">Home</a></header><main id="main"></main><script src="/site.js" defer></script></body></html>
"""

STYLE = """body { font: 16px/1.5 sans-serif; margin: 0 auto; max-width: 60rem; color: #222 }
h1, h2 { line-height: 1.2 } table { border-collapse: collapse; width: 100% }
td, th { border: 1px solid #ccc; padding: .25rem .5rem } tr:nth-child(even) { background: #f4f4f4 }
nav ul { columns: 4 } img { width: 120px; height: 80px; margin: .5rem }
"""

SCRIPT = """const make = (name, parent, text) => {
  const element = document.createElement(name);
  if (text !== undefined) element.textContent = text;
  return parent.appendChild(element);
};
const build = (data) => {
  document.title = data.title;
  const main = document.getElementById('main');
  make('h1', main, data.title);
  for (const [number, text] of data.paragraphs.entries()) {
    if (number % 4 === 0) make('h2', main, `Section ${number / 4 + 1}`);
    make('p', main, text);
  }
  const table = make('table', main);
  const head = make('tr', make('thead', table));
  for (const name of data.columns) make('th', head, name);
  const body = make('tbody', table);
  for (const cells of data.rows) {
    const row = make('tr', body);
    for (const cell of cells) make('td', row, cell);
  }
  const list = make('ul', make('nav', main));
  for (const link of data.links) {
    const anchor = make('a', make('li', list), link.text);
    anchor.href = link.href;
  }
  for (const source of data.images) {
    const image = make('img', main);
    image.alt = `Picture ${source}`;
    image.src = source;
  }
  const end = make('p', main, data.marker);
  end.id = 'done';
};
fetch('/data' + location.pathname).then((answer) => answer.json()).then(build);
"""

PICTURE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="120" height="80">'
    '<rect width="120" height="80" fill="#{:06x}"/></svg>'
)

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
"""A PNG of one pixel. Chromium keeps SVG pictures that may not be stored, and what each costs grows with those that it
keeps: a tenth page with 200 of them takes six times what the first took, which says nothing of who loads it."""

_SENTENCE = "The {}th note of page {} says what the survey found on the moor that day, in rain and in wind. "


def marker(page: int) -> str:
    """The text at the end of a page. Neither the shell nor the script has it."""
    return f"written by the script of page {page} out of its data"


def data(page: int) -> JsonValue:
    """What the script makes a page of."""
    return {
        "title": f"Survey {page}",
        "paragraphs": [_SENTENCE.format(number, page) * 3 for number in range(PARAGRAPHS)],
        "columns": ["Station", "Height", "Rain", "Wind", "Note", "Day"],
        "rows": [
            [
                f"Station {row}",
                f"{200 + row * 7} m",
                f"{row / 2} mm",
                f"{row % 12} Bft",
                f"dry {page}",
                f"{row + 1} May",
            ]
            for row in range(ROWS)
        ],
        "links": [{"text": f"Survey {page + n}", "href": f"/page/{page + n}"} for n in range(LINKS)],
        "images": [f"/picture/{number}.svg" for number in range(IMAGES)],
        "marker": marker(page),
    }


def heavy_shell(page: int) -> str:
    """A page that loads many small pictures beside its own data, none of them cacheable."""
    images = "".join(f'<img src="/fresh/{page}/{number}.png" alt="">' for number in range(SUBRESOURCES - 4))
    return SHELL.replace("<main", f"<aside>{images}</aside><main")


def page_number(path: str) -> int:
    """The number that a path ends in."""
    return int(path.rsplit("/", 1)[1])


def answers() -> dict[str, Response | Callable[[Hit], Response]]:
    """The routes of the site."""
    picture_headers = (("Content-Type", "image/svg+xml"), *CACHEABLE)
    pictures: dict[str, Response | Callable[[Hit], Response]] = {
        f"/picture/{number}.svg": Response(headers=picture_headers, body=PICTURE.format(number * 9999).encode())
        for number in range(IMAGES)
    }
    fresh_picture = Response(headers=(("Content-Type", "image/png"), *FRESH), body=PIXEL)
    return {
        **pictures,
        "/page/*": Response.html(SHELL, headers=FRESH),
        "/heavy/*": lambda hit: Response.html(heavy_shell(page_number(hit.path)), headers=FRESH),
        "/data/*": lambda hit: Response.json(data(page_number(hit.path)), headers=FRESH),
        "/fresh/*": fresh_picture,
        "/site.css": Response(headers=(("Content-Type", "text/css"), *CACHEABLE), body=STYLE.encode()),
        "/site.js": Response(headers=(("Content-Type", "text/javascript"), *CACHEABLE), body=SCRIPT.encode()),
        "/robots.txt": Response.text("User-agent: *\nAllow: /\n", headers=CACHEABLE),
        "/favicon.ico": Response(status=204, headers=CACHEABLE),
    }


def addresses() -> tuple[str, ...]:
    """Loopback addresses, each a site of its own to a browser. Linux has all of 127/8."""
    return ("127.0.0.1", *(f"127.0.1.{number}" for number in range(1, HOSTS)))


def main() -> None:
    """Serve, say the port, and end with the standard input."""
    with SiteServer(addresses=addresses(), kept_hits=1) as site:
        for path, answer in answers().items():
            site.route(path, answer)
        print(site.port, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
