"""What the tests of captures share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from crawl4ai_browser.snapshot import Snapshot
from crawl4ai_browser.testing.site import Response

Colour = tuple[int, ...]

RED, GREEN, BLUE, WHITE, BLACK = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0)


class Seen(NamedTuple):
    """A decoded picture."""

    size: tuple[int, ...]
    colours: list[Colour]


Take = Callable[..., Awaitable[Snapshot]]
"""The fixture `take`."""

Look = Callable[..., Awaitable[Seen]]
"""The fixture `look`."""


def is_near(seen: Colour, meant: Colour) -> bool:
    """Whether a lossy format may have made the one of the other."""
    return all(abs(one - other) <= 12 for one, other in zip(seen, meant, strict=True))


def flag(height: int, *, script: str = "") -> Response:
    """A white page of this height, with a band of 40 pixels at its top, in its middle and at its bottom."""
    style = (
        "body { margin: 0; position: relative; background: white }div { position: absolute; width: 100%; height: 40px }"
    )
    bands = "".join(
        f"<div style='{place}; background: {colour}'></div>"
        for place, colour in (("top: 0", "#f00"), (f"top: {height // 2}px", "#0f0"), ("bottom: 0", "#00f"))
    )
    return Response.html(
        f"<!doctype html><title>flag</title><style>{style}</style>"
        f"<body style='height: {height}px'>{bands}<script>{script}</script>"
    )
