from __future__ import annotations

import json

import pytest

from crawl4ai_browser.errors import ConfigError
from crawl4ai_browser.storage_state import StorageState, StoredItem

# As Playwright 1.65 writes it, with a partitioned cookie and an IndexedDB.
WRITTEN: dict[str, object] = {
    "cookies": [
        {
            "name": "id",
            "value": "7",
            "domain": "example.com",
            "path": "/",
            "expires": -1.0,
            "httpOnly": True,
            "secure": True,
            "sameSite": "Lax",
            "partitionKey": "https://shop.example",
            "_crHasCrossSiteAncestor": False,
        }
    ],
    "origins": [
        {
            "origin": "https://example.com",
            "localStorage": [{"name": "token", "value": "lone \ud800 surrogate"}],
            "indexedDB": [{"name": "auth", "version": 1, "stores": []}],
            "opfs": [],
        }
    ],
    "credentials": [],
}


def test_a_state_of_playwright_travels_through_unchanged() -> None:
    state = StorageState.parse(json.dumps(WRITTEN), source="it")
    written = json.loads(state.to_json())
    del written["origins"][0]["sessionStorage"]
    assert written == WRITTEN
    assert StorageState.parse(state.to_json(), source="it") == state


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it is not JSON (line 1, column 1)"),
        ('{"cookies": [', "it is not JSON (line 1, column 14)"),
        ("[" * 100_000, "it is not JSON"),
        ("[]", "it is no storage state: the whole"),
        ('{"cookies": 3}', "it is no storage state: cookies:"),
        ('{"cookies": [{"name": "id"}]}', "it is no storage state: cookies[0].value: Field required"),
        ('{"origins": [{"origin": "x", "localStorage": [{"name": 3}]}]}', "origins[0].localStorage[0].name"),
        ('{"origins": [{"localStorage": []}]}', "origins[0].origin: Field required"),
    ],
)
def test_another_shape_is_refused_with_its_place(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        StorageState.parse(text, source="it")
    assert said in caught.value.message


def test_session_storage_is_put_beside_what_lasts_and_taken_off_again() -> None:
    state = StorageState.parse(json.dumps(WRITTEN), source="it")
    items = (StoredItem(name="tab", value="1"),)
    both = state.with_session_storage({"https://example.com": items, "https://other.example": items})
    assert both.session_storage == {"https://example.com": items, "https://other.example": items}
    assert both.with_session_storage({}).session_storage == {}
    assert both.without_session_storage() == state
