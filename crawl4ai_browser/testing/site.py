"""A web site for tests, in one import: the server, what it answers, and how it misbehaves.

    from crawl4ai_browser.testing.site import Response, SiteServer, delayed

    with SiteServer(folder) as site:
        site.route("/late", delayed(Response.text("late"), 2))

`install_fault_routes` adds a route for each known misbehaviour; `serve_fixture_site` is the bundled JavaScript site.
"""

from crawl4ai_browser.testing.site_behaviours import (
    Handler,
    Routes,
    attachment,
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
    gzipped,
    hanging,
    hanging_after,
    overlong,
    ranged,
    raw,
    reset,
    reset_after,
    truncated,
    with_cookie,
    with_headers,
)
from crawl4ai_browser.testing.site_faults import install_fault_routes
from crawl4ai_browser.testing.site_fixture import Deeper, ExpectedPage, expected_pages, serve_fixture_site
from crawl4ai_browser.testing.site_login import Members, install_members, password_of
from crawl4ai_browser.testing.site_requests import Hit
from crawl4ai_browser.testing.site_responses import End, Repeat, Response, Send, Step, Wait
from crawl4ai_browser.testing.site_server import SiteServer

__all__ = [
    "Deeper",
    "End",
    "ExpectedPage",
    "Handler",
    "Hit",
    "Members",
    "Repeat",
    "Response",
    "Routes",
    "Send",
    "SiteServer",
    "Step",
    "Wait",
    "attachment",
    "badly_gzipped",
    "behind_password",
    "by_turns",
    "chunked",
    "cut_gzip",
    "delayed",
    "dripped",
    "dripped_head",
    "dropped",
    "endless",
    "event_stream",
    "expected_pages",
    "gzipped",
    "hanging",
    "hanging_after",
    "install_fault_routes",
    "install_members",
    "overlong",
    "password_of",
    "ranged",
    "raw",
    "reset",
    "reset_after",
    "serve_fixture_site",
    "truncated",
    "with_cookie",
    "with_headers",
]
