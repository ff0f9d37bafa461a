"""What one visit yields, for pages that behave and pages that do not, in both frame modes."""

from __future__ import annotations

import anyio
import pytest

from crawl4ai_browser.browser.browser_fetcher import BrowserFetcher
from crawl4ai_browser.browser.pool import BrowserPool
from crawl4ai_browser.capture_config import CaptureConfig
from crawl4ai_browser.config import ContextConfig, CrawlConfig, VisitConfig
from crawl4ai_browser.egress_config import EgressConfig
from crawl4ai_browser.errors import (
    ConnectionFailed,
    FetchError,
    FetchTimeout,
    NameNotResolved,
    NavigationError,
    NavigationTimeout,
    ReadyTimeout,
    TooManyRedirects,
)
from crawl4ai_browser.ready import Delay, DomContentLoaded, Load, Predicate, Quiet, Selector
from crawl4ai_browser.request import Request
from crawl4ai_browser.testing.site import Hit, Response, SiteServer
from tests.browser.visiting import ADD, Fetch, html_of, page

# --- documents and their way


async def test_status_headers_and_html_are_those_of_the_page(fetch: Fetch) -> None:
    snapshot = await fetch("/status/404")
    assert snapshot.status == 404
    assert snapshot.headers["content-type"].startswith("text/html")
    assert "<h1>status 404</h1>" in html_of(snapshot)


async def test_http_redirects_are_listed_with_their_statuses(fetch: Fetch, site: SiteServer) -> None:
    snapshot = await fetch("/redirect-chain?hops=2")
    assert [(hop.url, hop.status) for hop in snapshot.redirects] == [
        (site.url("/redirect-chain?hops=2"), 302),
        (site.url("/redirect-chain?hops=1"), 302),
    ]
    assert (snapshot.final_url, snapshot.status) == (site.url("/redirect-chain?hops=0"), 200)


@pytest.mark.parametrize(
    "source",
    [
        "<script>location.replace('/status/404')</script>",
        "<meta http-equiv=refresh content='0;url=/status/404'>",
        "<meta http-equiv=refresh content='0.6; URL=\"/status/404\"'><p>moved</p>",
        "<p>moved</p><script>addEventListener('load', () => { location.href = '/status/404' })</script>",
    ],
    ids=["script", "meta", "meta after a while", "script on load"],
)
async def test_client_redirects_end_at_the_page_they_lead_to(fetch: Fetch, site: SiteServer, source: str) -> None:
    site.route("/client-redirect", Response.html(f"<!doctype html><title>moved</title>{source}"))
    snapshot = await fetch("/client-redirect")
    assert [(hop.url, hop.status, hop.kind) for hop in snapshot.redirects] == [
        (site.url("/client-redirect"), None, "client")
    ]
    assert (snapshot.final_url, snapshot.status) == (site.url("/status/404"), 404)
    assert "status 404" in html_of(snapshot)


async def test_a_page_that_loads_itself_again_while_it_is_read_is_read_again(fetch: Fetch, site: SiteServer) -> None:
    """As those do that check the browser first. Its answer takes a while, so that there is something to wait for."""
    loads = 0

    async def checking(hit: Hit) -> Response:
        nonlocal loads
        loads += 1
        if loads == 1:
            return page("", body="<p>checking<script>document.onreadystatechange = () => location.reload()</script>")
        await anyio.sleep(0.5)
        return page("", body="<p>checked")

    site.route("/checking", checking)
    snapshot = await fetch("/checking", ready=DomContentLoaded(), timeout=60)
    assert "<p>checked" in html_of(snapshot)
    assert (snapshot.status, loads) == (200, 2)


async def test_address_changed_by_script_keeps_the_document_it_came_with(fetch: Fetch, site: SiteServer) -> None:
    site.route("/pushed", page("history.pushState({}, '', '/elsewhere')"))
    snapshot = await fetch("/pushed")
    assert (snapshot.final_url, snapshot.status, snapshot.redirects) == (site.url("/elsewhere"), 200, ())


async def test_a_route_in_the_fragment_is_loaded_anew_in_a_kept_page(fetch: Fetch, site: SiteServer) -> None:
    site.route("/routed", page(ADD + "window.loads = (window.loads || 0) + 1; add('js:' + location.hash + loads)"))
    for route in ("#/one", "#/two", "#/two"):
        snapshot = await fetch(f"/routed{route}")
        assert f"js:{route}1" in html_of(snapshot)
        assert (snapshot.status, snapshot.final_url) == (200, site.url(f"/routed{route}"))


async def test_no_content_is_a_snapshot_without_html(fetch: Fetch) -> None:
    snapshot = await fetch("/204")
    assert (snapshot.status, snapshot.html, snapshot.downloads) == (204, None, ())


async def test_raw_html_is_shown_at_its_base_and_runs_its_scripts(
    pool: BrowserPool, crawl_config: CrawlConfig, site: SiteServer
) -> None:
    site.route("/data.json", Response.json({"word": "fetched"}))
    html = f"<p>raw</p><script>{ADD} fetch('data.json').then(r => r.json()).then(d => add('js:' + d.word))</script>"
    request = Request.from_html(html, base_url=site.url("/folder/../page"))
    snapshot = await BrowserFetcher(pool, crawl_config).fetch(request)
    assert "js:fetched" in html_of(snapshot)
    assert (snapshot.final_url, snapshot.base_url) == (site.url("/page"), site.url("/page"))
    assert site.hit_count("/page") == 0
    after = await BrowserFetcher(pool, crawl_config).fetch(Request(url=site.url("/status/404")))
    assert after.status == 404


async def test_doctype_and_frames_and_shadow_roots_are_in_the_html_when_asked(fetch: Fetch, site: SiteServer) -> None:
    site.route("/inner", page(ADD + "add('inside' + 1)"))
    site.route(
        "/outer",
        page(
            "document.querySelector('#host').attachShadow({mode: 'open'}).innerHTML = '<b>in the ' + 'shadow</b>';",
            body="<div id=host></div><iframe src=/inner></iframe><iframe srcdoc='<i>old</i>'></iframe>",
        ),
    )
    plain = html_of(await fetch("/outer", ready=Load()))
    assert plain.startswith("<!DOCTYPE html>")
    assert "shadowrootmode" not in plain
    whole = html_of(await fetch("/outer", ready=Load(), shadow_roots=True, frames=True))
    assert '<template shadowrootmode="open"' in whole
    assert "<b>in the shadow</b>" in whole
    assert "inside1" in whole
    assert whole.count("srcdoc=") == 2
    assert "data-frame-html" not in whole


async def test_lone_surrogates_become_replacement_characters(fetch: Fetch, site: SiteServer) -> None:
    site.route("/surrogate", page("document.body.append('a\\ud800b')"))
    assert "a\ufffdb" in html_of(await fetch("/surrogate"))


async def test_html_over_the_limit_is_an_error(fetch: Fetch) -> None:
    with pytest.raises(NavigationError, match="at most 50000"):
        await fetch("/big?bytes=100000", max_html_bytes=50_000)


async def test_a_kept_page_carries_no_window_name_over(fetch: Fetch, site: SiteServer) -> None:
    site.route("/name", page(ADD + "add('name:[' + window.name + ']'); window.name = 'left over'"))
    for _ in range(3):
        assert "name:[]" in html_of(await fetch("/name"))


@pytest.mark.parametrize(
    ("content_type", "body", "html"),
    [
        ("application/xml", "<?xml version='1.0'?><list><entry>one</entry></list>", "<list><entry>one</entry></list>"),
        ("image/svg+xml", "<svg xmlns='http://www.w3.org/2000/svg'><text>hi</text></svg>", "<text>hi</text>"),
        ("text/plain", "less < more", "less &lt; more</pre>"),
        ("application/json", '{"a": "b"}', '{"a": "b"}</pre>'),
    ],
)
async def test_documents_that_are_not_html_are_read_as_what_they_are(
    fetch: Fetch, site: SiteServer, content_type: str, body: str, html: str
) -> None:
    site.route("/other", Response(headers=(("Content-Type", content_type),), body=body.encode()))
    snapshot = await fetch("/other", shadow_roots=True)
    assert html in html_of(snapshot)
    assert snapshot.content_type == content_type


async def test_a_page_whose_policy_forbids_scripts_is_read_at_once(fetch: Fetch, site: SiteServer) -> None:
    policy = (("Content-Security-Policy", "default-src 'none'; sandbox"),)
    site.route("/sandboxed", Response.html("<p id=there>text</p>", headers=policy))
    assert "text" in html_of(await fetch("/sandboxed", timeout=3))
    assert "text" in html_of(await fetch("/sandboxed", timeout=3, ready=Selector(css="#there")))
    with pytest.raises(ReadyTimeout):
        await fetch("/sandboxed", timeout=3, ready=Selector(css="#not-there"))


async def test_a_context_without_java_script_runs_none(site: SiteServer) -> None:
    config = CrawlConfig(context=ContextConfig(java_script=False), egress=EgressConfig(private="allow"))
    site.route("/scripted", page("document.body.append('js:' + 'ran')"))
    async with BrowserPool(config) as pool:
        for ready in (Quiet(), Load(), Delay(seconds=0.05), Predicate(script="1 + 1")):
            request = Request(url=site.url("/scripted"), visit=VisitConfig(ready=ready, timeout=5))
            html = html_of(await BrowserFetcher(pool, config).fetch(request))
            assert "<p>shell</p>" in html
            assert "js:ran" not in html


# --- pages that do not behave


@pytest.mark.parametrize(
    ("path", "error", "text"),
    [
        ("/drop", ConnectionFailed, "ERR_EMPTY_RESPONSE"),
        ("/reset", ConnectionFailed, "ERR_CONNECTION_RESET"),
        ("/redirect-loop", TooManyRedirects, "ERR_TOO_MANY_REDIRECTS"),
        ("/meta-refresh-loop", TooManyRedirects, "8 documents"),
        ("/script-redirect-loop", TooManyRedirects, "8 documents"),
        ("/truncated", NavigationError, "cut short"),
        ("/cut-chunk", NavigationError, "cut short"),
        ("/reset-body", NavigationError, "cut short"),
        ("/alert-loop", FetchTimeout, "more than 10 dialogs"),
    ],
)
async def test_a_broken_answer_fails_at_once(fetch: Fetch, path: str, error: type[FetchError], text: str) -> None:
    with pytest.raises(error, match=text) as caught:
        await fetch(path, max_navigations=8)
    assert caught.value.blame == "site"
    assert caught.value.request is not None


async def test_refused_connection_and_unknown_host_are_told_apart(pool: BrowserPool, crawl_config: CrawlConfig) -> None:
    fetcher = BrowserFetcher(pool, crawl_config)
    with pytest.raises(NameNotResolved):
        await fetcher.fetch(Request(url="http://no-such-host.invalid/"))
    with SiteServer() as closed:
        url = closed.url("/")
    with pytest.raises(ConnectionFailed, match="ERR_CONNECTION_REFUSED"):
        await fetcher.fetch(Request(url=url))


@pytest.mark.parametrize("path", ["/hang-headers", "/busy-loop", "/hang-body"])
async def test_one_deadline_covers_whatever_hangs(fetch: Fetch, path: str) -> None:
    with pytest.raises(FetchTimeout):
        await fetch(path, timeout=1.5, navigation_timeout=1.0)


async def test_a_document_that_stops_in_the_middle_keeps_what_came(fetch: Fetch) -> None:
    with pytest.raises(NavigationTimeout, match="not parsed within") as caught:
        await fetch("/hang-body", navigation_timeout=0.8)
    assert "A line of text" in html_of(caught.value.snapshot)


async def test_dialogs_are_dismissed_and_told(fetch: Fetch) -> None:
    snapshot = await fetch("/dialogs")
    assert len(snapshot.dialogs) == 2


async def test_a_storm_of_windows_is_closed(fetch: Fetch, pool: BrowserPool) -> None:
    snapshot = await fetch("/window-open-storm", timeout=60)  # forty windows cost a busy machine seconds
    assert len(snapshot.popups) >= 30
    context = await pool.session(None).context()
    for _ in range(100):
        if len(context.pages) <= pool.open_pages:
            break
        await context.pages[-1].wait_for_event("close")
    assert len(context.pages) <= pool.open_pages


async def test_the_page_after_one_that_asks_to_stay_is_reached(fetch: Fetch) -> None:
    for _ in range(2):
        await fetch("/before-unload")
        assert (await fetch("/status/200")).status == 200


# --- records and pictures


async def test_console_and_requests_are_recorded_when_asked(
    pool: BrowserPool, crawl_config: CrawlConfig, site: SiteServer
) -> None:
    site.route(
        "/noisy", page("console.warn('careful'); fetch('/status/500'); setTimeout(() => { throw Error('oh') }, 10)")
    )
    request = Request(url=site.url("/noisy"), capture=CaptureConfig(console=True, requests=True))
    snapshot = await BrowserFetcher(pool, crawl_config).fetch(request)
    assert ("warning", "careful") in [(message.level, message.text) for message in snapshot.console]
    assert ("uncaught", "oh") in [(message.level, message.text) for message in snapshot.console]
    statuses = {record.url: record.status for record in snapshot.requests}
    assert statuses[site.url("/noisy")] == 200
    assert statuses[site.url("/status/500")] == 500
    quiet = await BrowserFetcher(pool, crawl_config).fetch(Request(url=site.url("/noisy")))
    assert (quiet.console, quiet.requests) == ((), ())


async def test_screenshot_and_pdf_are_pictures_of_the_page(
    pool: BrowserPool, crawl_config: CrawlConfig, site: SiteServer
) -> None:
    site.route("/tall", page("", body="<div style='height:3000px'>tall</div>"))
    sizes: list[tuple[int, int]] = []
    for screenshot in ("viewport", "full_page"):
        request = Request(url=site.url("/tall"), capture=CaptureConfig(screenshot=screenshot, pdf=True))
        snapshot = await BrowserFetcher(pool, crawl_config).fetch(request)
        assert snapshot.screenshot is not None
        assert snapshot.pdf is not None
        assert snapshot.pdf.startswith(b"%PDF")
        sizes.append(png_size(snapshot.screenshot))
    assert sizes[0] == (1280, 800)
    assert sizes[1][1] > 3000


def png_size(picture: bytes) -> tuple[int, int]:
    assert picture.startswith(b"\x89PNG")
    return int.from_bytes(picture[16:20]), int.from_bytes(picture[20:24])
