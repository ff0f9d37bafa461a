"""What travels between the crawl and its content workers.

A message is its length (8 bytes, big-endian) and a pickle. Only our own values travel, between our own processes.
"""

from __future__ import annotations

import pickle
import struct
from dataclasses import dataclass

from crawl4ai_browser.config import ContentConfig

LENGTH = struct.Struct(">Q")


@dataclass(frozen=True, slots=True)
class ContentJob:
    """One document to render."""

    html: str
    url: str
    """The document's final address."""
    base_url: str | None
    """What the browser gave as the base for relative URLs; None: the document decides."""
    config: ContentConfig


@dataclass(frozen=True, slots=True)
class Failure:
    """The answer when rendering raised."""

    message: str


def encode(message: object) -> tuple[bytes, bytes]:
    """A message as its length and its pickle, apart so that a big one is not copied to join them."""
    body = pickle.dumps(message, protocol=5)
    return LENGTH.pack(len(body)), body
