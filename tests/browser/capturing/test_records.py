"""What is recorded of a page's traffic: answers with their bodies, archives, certificates, cookies."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest
from pydantic import JsonValue

from crawl4ai_browser.browser.browser_fetcher import BrowserFetcher
from crawl4ai_browser.browser.pool import BrowserPool
from crawl4ai_browser.capture_config import CaptureConfig, Traffic
from crawl4ai_browser.config import ContextConfig, CrawlConfig
from crawl4ai_browser.errors import ExtractError, ReadyTimeout
from crawl4ai_browser.identity import Cookie
from crawl4ai_browser.ready import Predicate, Selector
from crawl4ai_browser.request import Request
from crawl4ai_browser.snapshot import Snapshot
from crawl4ai_browser.testing.site import Response, SiteServer
from tests.browser.capturing.archive import Archive, Entry
from tests.browser.capturing.looking import Take
from tests.browser.tls_site import certificate_for_loopback, tls_site
from tests.browser.visiting import page

CATALOGUE: JsonValue = [{"id": number, "name": f"tent {number}"} for number in range(3)]

SCRIPT = """(async () => {
  const post = { method: 'POST', body: JSON.stringify({ password: 'secret word' }), credentials: 'include',
    headers: { Authorization: 'Bearer token', 'X-Plain': 'plain' } };
  const items = await (await fetch('/api/items?page=1', post)).json();
  await (await fetch('/other.json')).json();
  await fetch('/api/moved').then((answer) => answer.text());
  await fetch('/api/picture').then((answer) => answer.arrayBuffer());
  document.body.append('js:' + items.length);
})()"""


@pytest.fixture
def shop(site: SiteServer) -> str:
    """The path of a page whose data comes from an API, with a sign-in that must not be shown."""
    cookie = (("Set-Cookie", "sid=secret-cookie; Path=/; HttpOnly"), ("X-Api-Key", "secret key"))
    site.route("/shop-page", page(SCRIPT))
    site.route("/api/items", Response.json(CATALOGUE, headers=cookie))
    site.route("/api/moved", Response.redirect("/api/place"))
    site.route("/api/place", Response.text("Grüezi", headers=(("Content-Type", "text/plain; charset=utf-8"),)))
    site.route("/api/picture", Response.text("\x00\x01\x02", headers=(("Content-Type", "image/x-none"),)))
    site.route("/other.json", Response.json({"other": True}))
    return "/shop-page"


def archive_of(snapshot: Snapshot) -> list[Entry]:
    assert snapshot.har is not None
    return Archive.model_validate_json(snapshot.har).log.entries


def entry_of(entries: list[Entry], end: str) -> Entry:
    [entry] = [entry for entry in entries if entry.request.url.endswith(end)]
    return entry


async def test_answers_of_the_pages_own_api_are_data(shop: str, take: Take) -> None:
    snapshot = await take(shop, responses="**/api/**")
    shown = [(each.url.partition("/api/")[2], each.method, each.status) for each in snapshot.responses]
    assert shown == [
        ("items?page=1", "POST", 200),
        ("moved", "GET", 302),
        ("place", "GET", 200),
        ("picture", "GET", 200),
    ]
    items, moved, place, picture = snapshot.responses
    assert items.data() == CATALOGUE
    assert (items.resource_type, items.mime_type) == ("fetch", "application/json")
    assert (place.text(), picture.read()) == ("Grüezi", b"\x00\x01\x02")
    assert (moved.body, moved.headers["location"]) == (None, "/api/place")
    assert snapshot.requests == (), "requests were not asked for"
    with pytest.raises(ExtractError, match="not JSON"):
        place.data()
    with pytest.raises(ExtractError, match="no body"):
        moved.read()


@pytest.mark.parametrize(
    ("pattern", "count"),
    [("re:/api/(items|place)", 2), ("/api/*?page=2", 0)],
)
async def test_patterns_choose_answers(shop: str, take: Take, pattern: str, count: int) -> None:
    assert len((await take(shop, responses=pattern)).responses) == count


async def test_a_body_beyond_the_cap_is_left_out_and_its_record_says_so(shop: str, take: Take) -> None:
    snapshot = await take(shop, responses=("/api/items", "/api/place"), traffic=Traffic(max_body_bytes=20))
    items, place = snapshot.responses
    assert items.body is None
    assert items.failure is not None
    assert items.failure.endswith("bytes, more than 20")
    assert (items.status, place.text()) == (200, "Grüezi")


async def test_what_signs_somebody_in_is_masked_unless_asked_for(shop: str, take: Take) -> None:
    masked = await take(shop, responses="/api/items", har=True)
    assert masked.har is not None
    everything = masked.model_dump_json(exclude={"html"})
    for secret in ("secret-cookie", "secret key", "secret word", "Bearer token"):
        assert secret not in everything
    [items] = masked.responses
    assert (items.headers["set-cookie"], items.headers["x-api-key"]) == ("(masked)", "(masked)")
    entry = entry_of(archive_of(masked), "/api/items?page=1")
    assert {"x-plain": "plain", "authorization": "(masked)"}.items() <= {
        header.name.lower(): header.value for header in entry.request.headers
    }.items()
    assert entry.request.postData is None
    assert entry.request.bodySize > 0

    open_record = await take(shop, responses="/api/items", har=True, traffic=Traffic(secrets=True))
    entry = entry_of(archive_of(open_record), "/api/items?page=1")
    assert entry.request.postData is not None
    assert entry.request.postData.text == '{"password":"secret word"}'
    assert "Bearer token" in [header.value for header in entry.request.headers]
    assert [(cookie.name, cookie.value, cookie.httpOnly) for cookie in entry.response.cookies] == [
        ("sid", "secret-cookie", True)
    ]
    assert "sid=secret-cookie" in open_record.responses[0].headers["set-cookie"]


async def test_the_archive_is_one_and_has_every_request_with_its_times(shop: str, take: Take, site: SiteServer) -> None:
    snapshot = await take(shop, har=True, responses=("/api/items", "/api/picture"))
    entries = archive_of(snapshot)
    assert [entry.request.url for entry in entries][0] == site.url(shop)
    items = entry_of(entries, "/api/items?page=1")
    assert [(pair.name, pair.value) for pair in items.request.queryString] == [("page", "1")]
    assert items.request.httpVersion.upper() == "HTTP/1.1"
    assert items.response.content.text is not None
    assert '"tent 2"' in items.response.content.text
    assert items.response.content.encoding is None
    assert (items.serverIPAddress, items.timings.wait >= 0, items.time > 0) == ("127.0.0.1", True, True)
    picture = entry_of(entries, "/api/picture").response.content
    assert (picture.text, picture.encoding) == ("AAEC", "base64")
    other = entry_of(entries, "/other.json").response
    assert (other.content.text, other.status, other.bodySize > 0) == (None, 200, True)
    moved = entry_of(entries, "/api/moved").response
    assert (moved.status, moved.redirectURL) == (302, "/api/place")


async def test_requests_that_fail_or_never_end_are_recorded(site: SiteServer, take: Take) -> None:
    site.route("/failing", page("fetch('/hang-headers'); fetch('/drop').catch(() => { window.done = true })"))
    snapshot = await take("/failing", ready=Predicate(script="window.done"), requests=True, har=True)
    failures = {record.url.rpartition("/")[2]: record.failure for record in snapshot.requests}
    assert failures["failing"] is None
    assert failures["drop"] is not None
    assert failures["drop"].startswith("net::ERR")
    assert failures["hang-headers"] == "unfinished"
    assert entry_of(archive_of(snapshot), "/hang-headers").response.status == 0


async def test_an_answer_that_the_browser_had_is_told_apart(site: SiteServer, take: Take) -> None:
    cached = (("Content-Type", "text/javascript"), ("Cache-Control", "max-age=600"))
    site.route("/kept.js", Response.text("1", headers=cached))
    site.route("/keeping", page("", body="<script src=/kept.js></script>"))
    seen = [
        {
            record.url.rpartition("/")[2]: record.from_cache
            for record in (await take("/keeping", requests=True)).requests
        }
        for _ in range(2)
    ]
    assert seen == [{"keeping": False, "kept.js": False}, {"keeping": False, "kept.js": True}]


async def test_what_was_recorded_is_kept_when_the_visit_fails(site: SiteServer, take: Take) -> None:
    site.route("/losing", page("fetch('/other.json').then((answer) => answer.json())"))
    site.route("/other.json", Response.json({"other": True}))
    never = Selector(css="#never", timeout=1)
    with pytest.raises(ReadyTimeout) as caught:
        await take("/losing", ready=never, requests=True, har=True, responses="*.json", screenshot="viewport")
    snapshot = caught.value.snapshot
    assert snapshot is not None
    assert [response.data() for response in snapshot.responses] == [{"other": True}]
    assert entry_of(archive_of(snapshot), "/other.json").response.status == 200
    assert len(snapshot.requests) == 2


async def test_visits_at_once_record_their_own_requests_alone(site: SiteServer, take: Take) -> None:
    for number in range(4):
        site.route(f"/own{number}", page(f"fetch('/data{number}.json')"))
        site.route(f"/data{number}.json", Response.json(number))
    found: dict[int, list[object]] = {}

    async def visit(number: int) -> None:
        snapshot = await take(f"/own{number}", responses="/data*.json")
        found[number] = [response.data() for response in snapshot.responses]

    async with anyio.create_task_group() as tasks:
        for number in range(4):
            tasks.start_soon(visit, number)
    assert found == {number: [number] for number in range(4)}


async def test_the_certificate_tells_who_vouches_and_until_when(
    pool: BrowserPool, crawl_config: CrawlConfig, tmp_path: Path, take: Take
) -> None:
    certificate, key = await certificate_for_loopback(tmp_path)
    async with tls_site(certificate, key) as port:
        session = await pool.open_session("careless", ContextConfig(ignore_tls_errors=True))
        request = Request(url=f"https://127.0.0.1:{port}/", session="careless", capture=CaptureConfig(certificate=True))
        shown = (await BrowserFetcher(pool, crawl_config).fetch(request)).certificate
        await pool.close_session(session)
    assert shown is not None
    assert (shown.subject, shown.issuer, shown.protocol) == ("127.0.0.1", "127.0.0.1", "TLS 1.3")
    assert 1 <= (shown.valid_to - shown.valid_from).days <= 3


async def test_a_page_without_tls_has_no_certificate(take: Take) -> None:
    snapshot = await take("/status/200", certificate=True)
    assert (snapshot.certificate, snapshot.capture_faults) == (None, ())


async def test_cookies_are_those_that_the_page_is_sent(
    pool: BrowserPool, crawl_config: CrawlConfig, site: SiteServer, take: Take
) -> None:
    elsewhere = Cookie.model_validate({"name": "far", "value": "x", "domain": "elsewhere.test"})
    here = Cookie.model_validate({"name": "near", "value": "y", "url": site.url("/")})
    session = await pool.open_session("biscuits", ContextConfig(cookies=(elsewhere, here)))
    for asked, names in ((True, ["near"]), (False, [])):
        request = Request(url=site.url("/status/200"), session="biscuits", capture=CaptureConfig(cookies=asked))
        snapshot = await BrowserFetcher(pool, crawl_config).fetch(request)
        assert [cookie.name for cookie in snapshot.cookies] == names
        assert Snapshot.model_validate_json(snapshot.model_dump_json()) == snapshot
    await pool.close_session(session)
