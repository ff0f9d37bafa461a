"""Sites: what the fixture `crawl_site` serves."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Union

from crawl4ai_browser.testing.site_behaviours import Handler
from crawl4ai_browser.testing.site_faults import install_fault_routes
from crawl4ai_browser.testing.site_files import CONTENT_TYPES
from crawl4ai_browser.testing.site_requests import Hit
from crawl4ai_browser.testing.site_responses import Response
from crawl4ai_browser.testing.site_server import SiteServer

Page = Union[str, int, Path, Response, Handler, Sequence["Page"]]  # noqa: UP007 - names itself, so it is evaluated late
"""What a route answers: html, the number of a status, a file, a `Response`, a function of the `Hit` that gives one; a
list of these is given by turns, the last one again and again: `[Response.text("later", status=429), "<h1>here</h1>"]`.
"""


class CrawlSite:
    """The fixture `crawl_site`: serves sites on loopback until the test is over.

        site = crawl_site({"/": "<a href='/late'>late</a>", "/late": delayed(Response.text("late"), 0.5), "/gone": 410})
        ...  # visit site.url("/")
        assert site.hit_count("/late") == 1

    The misbehaviours that a `Response` may have are in `crawl4ai_browser.testing.site`.
    """

    def __init__(self) -> None:
        """Nothing is served."""
        self._stack = ExitStack()

    def __call__(
        self,
        content: Path | str | Mapping[str, Page],
        routes: Mapping[str, Page] | None = None,
        *,
        faults: bool = False,
    ) -> SiteServer:
        """A running site: a folder, or a mapping of paths to what they answer, or both. Each has a port of its own.

        `faults` adds the routes of `testing.site_faults`, one for each known misbehaviour.

        Raises:
            NotADirectoryError: there is no such folder.
        """
        folder = None if isinstance(content, Mapping) else Path(content)
        if folder is not None and not folder.is_dir():
            raise NotADirectoryError(f"crawl_site serves a folder, and {folder} is none")
        site = SiteServer(folder)
        if faults:
            install_fault_routes(site)
        given: Mapping[str, Page] = content if isinstance(content, Mapping) else {}
        for path, page in {**given, **(routes or {})}.items():
            site.route(path, answer_of(page))
        return self._stack.enter_context(site)

    def close(self) -> None:
        """Stop every site."""
        self._stack.close()


def answer_of(page: Page) -> Handler | Response:
    """What a route answers, as `SiteServer.route` takes it."""
    if isinstance(page, Response) or callable(page):
        return page
    if isinstance(page, str):
        return Response.html(page)
    if isinstance(page, int):
        return Response.html(f"<h1>{page}</h1>", status=page)
    if isinstance(page, Path):
        return _file(page)
    turns = [answer_of(each) for each in page]
    if not turns:
        raise ValueError("a list of turns has at least one")

    def answered_by_turns(hit: Hit) -> Response | Awaitable[Response]:
        turn = turns[min(hit.index, len(turns) - 1)]
        return turn if isinstance(turn, Response) else turn(hit)

    return answered_by_turns


def _file(path: Path) -> Response:
    """A file as a web server has it, read once."""
    content_type = CONTENT_TYPES.get(path.suffix.lower(), "application/octet-stream")
    return Response(headers=(("Content-Type", content_type),), body=path.read_bytes())
