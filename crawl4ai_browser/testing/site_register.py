"""The long lists of the bundled site: a thousand ringed birds, and the specimens of the collection.

Made by rule instead of kept in a file: whoever has read a page can tell whether all of it is there.
"""

from __future__ import annotations

from crawl4ai_browser.testing.site_responses import JsonValue

RING_COUNT = 1000
RINGS_PER_PAGE = 50

SPECIMEN_COUNT = 40
SPECIMENS_PER_PAGE = 8

_SPECIES = ("Ring ouzel", "Meadow pipit", "Wheatear", "Golden plover", "Merlin", "Twite", "Whinchat")
_DRAWERS = ("North", "East", "South", "West")


def rings() -> list[JsonValue]:
    """The register. No two rings are alike, while birds of one species often weigh the same."""
    return [
        {"ring": f"HF-{number:04}", "species": _SPECIES[number * 5 % 7], "grams": 12 + number * 13 % 41}
        for number in range(1, RING_COUNT + 1)
    ]


def specimens(kind: str = "") -> list[JsonValue]:
    """The collection, or one kind of it: `egg` or `feather`."""
    every: list[dict[str, JsonValue]] = [
        {
            "number": number,
            "kind": "egg" if number % 2 else "feather",
            "name": f"{_SPECIES[number % 7]}, {'egg' if number % 2 else 'feather'} {number}",
            "drawer": f"{_DRAWERS[number % 4]} drawer {number // 4 + 1}",
            "grams": 1 + number * 7 % 19,
        }
        for number in range(1, SPECIMEN_COUNT + 1)
    ]
    return [specimen for specimen in every if kind in ("", specimen["kind"])]
