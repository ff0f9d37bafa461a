from __future__ import annotations

import pytest

from crawl4ai_browser.browser.proxies.egress_gate import EgressGate
from crawl4ai_browser.browser.proxies.forwarder import USER, Forwarder
from crawl4ai_browser.browser.proxies.traffic import Traffic
from crawl4ai_browser.browser.proxies.upstream import Upstream
from crawl4ai_browser.browser.sessions.context_identity import ContextIdentity
from crawl4ai_browser.browser.sessions.context_options import context_keywords, context_user_agent
from crawl4ai_browser.browser.sessions.devices import device, devices
from crawl4ai_browser.clock import SYSTEM_CLOCK
from crawl4ai_browser.config import ContextConfig, Viewport
from crawl4ai_browser.egress_config import EgressConfig
from crawl4ai_browser.errors import ConfigError
from crawl4ai_browser.identity import Cookie, Geolocation, HttpCredentials
from crawl4ai_browser.proxy import Proxy
from crawl4ai_browser.storage_state import StorageState, StoredItem

BROWSER = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36"
)


def test_devices_are_playwrights() -> None:
    pixel = device("Pixel 7")
    assert (pixel.viewport, pixel.is_mobile, pixel.has_touch) == (Viewport(width=412, height=839), True, True)
    assert len(devices()) > 100


def test_an_unknown_device_is_refused_with_names_that_come_near() -> None:
    with pytest.raises(ConfigError, match=r"no device is called 'pixel 7'; there are .*Pixel 7.* and \d+ more"):
        device("pixel 7")


def test_a_devices_user_agent_has_this_browsers_version() -> None:
    agent = context_user_agent(ContextConfig(), device("Pixel 7"), browser_user_agent=BROWSER)
    assert "Pixel 7" in agent
    assert "Chrome/156.0.0.0 Mobile" in agent
    phone = context_user_agent(ContextConfig(), device("iPhone 15"), browser_user_agent=BROWSER)
    assert "Chrome" not in phone
    own = context_user_agent(ContextConfig(user_agent="me/1"), device("Pixel 7"), browser_user_agent=BROWSER)
    assert own == "me/1"
    assert "Headless" not in context_user_agent(ContextConfig(), None, browser_user_agent=BROWSER)


def test_a_device_gives_way_to_what_is_said_beside_it() -> None:
    config = ContextConfig(device="Pixel 7", viewport=Viewport(width=300, height=200))
    keywords = context_keywords(config, user_agent="x", device=device("Pixel 7"))
    assert keywords.get("viewport") == {"width": 300, "height": 200}
    assert keywords.get("is_mobile")
    plain = context_keywords(ContextConfig(), user_agent="x")
    assert plain.get("viewport") == {"width": 1280, "height": 800}
    assert "is_mobile" not in plain


async def test_secrets_go_in_fields_of_their_own() -> None:
    config = ContextConfig(
        http_credentials=(
            HttpCredentials.model_validate({"origin": "https://a.example", "username": "ann", "password": "1"}),
            HttpCredentials.model_validate({"origin": "https://b.example", "username": "ben", "password": "2"}),
        ),
        proxy=Proxy.parse("http://user:word@127.0.0.1:3128"),
    )
    way = forwarder()
    keywords = context_keywords(config, user_agent="x", way=way)
    assert keywords.get("http_credentials") == [
        {"origin": "https://a.example", "username": "ann", "password": "1"},
        {"origin": "https://b.example", "username": "ben", "password": "2"},
    ]
    # Those of the forwarder: the proxy's own stay with that. Playwright answers every question where it answers one.
    assert keywords.get("proxy") == {"server": way.server, "bypass": "", "username": USER, "password": way.password}
    keywords = context_keywords(ContextConfig(), user_agent="x", way=way)
    assert keywords.get("proxy") == {"server": way.server, "bypass": ""}


def forwarder() -> Forwarder:
    """One that does not listen."""
    gate = EgressGate(EgressConfig())
    return Forwarder(Upstream(None, gate.network, connect_timeout=1), gate, Traffic(), SYSTEM_CLOCK)


def test_a_place_may_be_asked_for() -> None:
    config = ContextConfig(geolocation=Geolocation(latitude=1, longitude=2), permissions=("camera",))
    keywords = context_keywords(config, user_agent="x")
    assert keywords.get("permissions") == ["camera", "geolocation"]
    assert keywords.get("geolocation") == {"latitude": 1, "longitude": 2, "accuracy": 10}


def test_playwright_is_given_its_own_part_of_the_state() -> None:
    state = StorageState.of({"cookies": [{"name": "a", "value": "1", "domain": "x", "path": "/"}]}, source="it")
    state = state.with_session_storage({"http://x": (StoredItem(name="tab", value="1"),)})
    given = context_keywords(ContextConfig(), user_agent="x", state=state).get("storage_state")
    assert given is not None
    assert [cookie.get("name") for cookie in given.get("cookies", [])] == ["a"]
    assert not given.get("origins")


async def test_configured_cookies_take_the_place_of_those_of_the_state() -> None:
    stored = [
        {"name": "a", "value": "old", "domain": "example.com", "path": "/"},
        {"name": "a", "value": "other path", "domain": "example.com", "path": "/shop"},
    ]
    cookie = Cookie.model_validate({"name": "a", "value": "new", "domain": "example.com"})
    state = StorageState.of({"cookies": stored}, source="it")
    identity = await ContextIdentity.of(ContextConfig(storage_state=state, cookies=(cookie,)))
    assert identity.state is not None
    assert [kept.value for kept in identity.state.cookies] == ["other path", "new"]
