"""Cookie banners, walls and whatever else lies over a page, in both frame modes."""

from __future__ import annotations

import pytest

from crawl4ai_browser.actions import DismissConsent, RemoveOverlays, RunScript, Scroll
from crawl4ai_browser.testing.site import Response, SiteServer
from tests.browser.acting.conftest import Act
from tests.browser.visiting import html_of

TEXT = "<p>text</p>" * 60

# Of each platform: the page's part as it is written there, cut to what matters.
PLATFORMS = {
    "OneTrust": (
        '<div id="onetrust-consent-sdk"><div id="onetrust-banner-sdk" style="position:fixed;bottom:0">Valoramos'
        '<button id="onetrust-accept-btn-handler">Yes</button>'
        '<button id="onetrust-reject-all-handler">No</button></div></div>'
    ),
    "Cookiebot": (
        '<div id="CybotCookiebotDialog" style="position:fixed;bottom:0">x'
        '<button id="CybotCookiebotDialogBodyButtonAccept">Yes</button>'
        '<button id="CybotCookiebotDialogBodyButtonDecline">No</button></div>'
    ),
    "Didomi": (
        '<div id="didomi-host"><div style="position:fixed;bottom:0">'
        '<button id="didomi-notice-agree-button">Yes</button>'
        '<button id="didomi-notice-disagree-button">No</button></div></div>'
    ),
    "CookieYes": (
        '<div class="cky-consent-container" style="position:fixed;bottom:0"><button class="cky-btn-accept">Yes</button>'
        '<button class="cky-btn-reject">No</button></div>'
    ),
    "Usercentrics": (
        '<div id="usercentrics-root"><template shadowrootmode="open"><div style="position:fixed;bottom:0">'
        '<button data-testid="uc-accept-all-button">Yes</button>'
        '<button data-testid="uc-deny-all-button">No</button></div>'
        "</template></div>"
    ),
    "in words": (
        '<div role="dialog" style="position:fixed;bottom:0">Wir verwenden Cookies.<button>Alle akzeptieren</button>'
        "<button>Nur notwendige</button></div>"
    ),
    "in French words": (
        '<section style="position:sticky;bottom:0">Nous utilisons des traceurs et des cookies.'
        '<a href="#yes">Tout accepter</a>'
        '<a href="#no">Continuer sans accepter</a></section>'
    ),
}
ANSWERING = """<script>
  const every = [document, ...[...document.querySelectorAll('*')].map(e => e.shadowRoot).filter(Boolean)];
  for (const root of every) for (const button of root.querySelectorAll('button, a')) button.onclick = (event) => {
    const text = button.textContent;
    document.body.append(`answered ${/yes|alle|tout/i.test(text) ? 'yes' : 'no'} ${event.isTrusted}`);
    const box = root === document ? button.closest('[style]') : root.host;
    box.remove();
  };
</script>"""


@pytest.mark.parametrize("platform", PLATFORMS)
async def test_banners_of_the_common_platforms_are_refused(act: Act, site: SiteServer, platform: str) -> None:
    site.route("/banner", Response.html(f"<!doctype html><main>{TEXT}</main>{PLATFORMS[platform]}{ANSWERING}"))
    snapshot = await act("/banner", DismissConsent())
    assert snapshot.actions[0].value == "rejected"
    assert "answered no true" in html_of(snapshot)


async def test_banners_are_agreed_to_where_that_is_asked_for(act: Act, site: SiteServer) -> None:
    for platform in ("OneTrust", "in words"):
        site.route("/banner", Response.html(f"<!doctype html><main>{TEXT}</main>{PLATFORMS[platform]}{ANSWERING}"))
        snapshot = await act("/banner", DismissConsent("accept"))
        assert snapshot.actions[0].value == "accepted"
        assert "answered yes true" in html_of(snapshot)


async def test_the_guest_books_banner_is_refused_or_taken_away_and_the_page_scrolls_again(act: Act) -> None:
    for action, done, stamp in (
        (DismissConsent(), "rejected", "js:consent-refused:7444"),
        (DismissConsent("remove"), "removed", "js:consent:"),
    ):
        snapshot = await act("/station/consent.html", action, Scroll(), RunScript("scrollY"))
        assert snapshot.actions[0].value == done
        assert isinstance(snapshot.actions[2].value, int | float)
        assert snapshot.actions[2].value > 200
        assert stamp in html_of(snapshot)
        assert "bake cookies" not in html_of(snapshot)
        assert 'class="veil"' not in html_of(snapshot)


async def test_a_wall_is_passed_by_agreeing_and_only_then(act: Act) -> None:
    passed = await act("/station/wall.html", DismissConsent("accept"))
    assert passed.actions[0].value == "accepted"
    assert "js:wall-behind:90dc" in html_of(passed)
    refused = await act("/station/wall.html", DismissConsent())
    assert refused.actions[0].value == "removed"
    assert "js:wall-behind" not in html_of(refused)
    assert "value your privacy" not in html_of(refused)


async def test_a_banner_in_a_frame_is_answered(act: Act, site: SiteServer) -> None:
    banner = (
        "<!doctype html><p>We and our partners use cookies.</p><button>Accept all</button><button>Reject all</button>"
        "<script>for (const b of document.querySelectorAll('button')) "
        "b.onclick = () => parent.answered(b.textContent)</script>"
    )
    script = (
        "function answered(text) { document.querySelector('iframe').remove(); document.body.append('said ' + text) }"
    )
    site.route("/banner-frame", Response.html(banner))
    frame = "<iframe src=/banner-frame style='position:fixed;inset:0;width:100%;height:100%'></iframe>"
    site.route("/framed-banner", Response.html(f"<!doctype html><script>{script}</script>{TEXT}{frame}"))
    snapshot = await act("/framed-banner", DismissConsent())
    assert (snapshot.actions[0].value, "said Reject all" in html_of(snapshot)) == ("rejected", True)


async def test_a_banner_that_comes_late_is_waited_for_when_asked(act: Act, site: SiteServer) -> None:
    insertion = f"document.body.insertAdjacentHTML('beforeend', `{PLATFORMS['in words']}`)"
    late = f"<script>setTimeout(() => {insertion}, 700)</script>"
    site.route("/late-banner", Response.html(f"<!doctype html>{TEXT}{late}"))
    snapshot = await act("/late-banner", DismissConsent("remove", wait=10))
    assert snapshot.actions[0].value == "removed"
    assert "Cookies" not in html_of(snapshot).replace(late, "")


async def test_a_page_without_anything_over_it_stays_as_it_is(act: Act) -> None:
    for path in ("/about.html", "/guide/glossary.html", "/shop/"):
        plain = html_of(await act(path))
        snapshot = await act(path, DismissConsent(), RemoveOverlays())
        assert [outcome.value for outcome in snapshot.actions] == ["nothing", 0]
        assert html_of(snapshot) == plain


async def test_overlays_are_taken_away_and_what_belongs_to_the_page_is_not(act: Act, site: SiteServer) -> None:
    body = (
        "<header style='position:fixed;top:0;width:100%;height:60px'>menu</header>"
        f"<main>{TEXT}</main>"
        "<div class=veil style='position:fixed;inset:0;background:black'></div>"
        "<div class=letter style='position:fixed;inset:20%'><div>Subscribe to our newsletter</div></div>"
        "<button style='position:fixed;right:0;bottom:0'>chat</button>"
        "<style>html, body { overflow: hidden; height: 100% }</style>"
    )
    site.route("/covered", Response.html(f"<!doctype html>{body}"))
    snapshot = await act("/covered", RemoveOverlays(), Scroll(), RunScript("scrollY > 200"))
    assert [snapshot.actions[0].value, snapshot.actions[2].value] == [2, True]
    html = html_of(snapshot)
    assert [part in html for part in ("menu", "chat", "text", "newsletter", 'class="veil"')] == [True] * 3 + [False] * 2
