"""The key of a visit in the cache: a digest of everything that what it yields depends on. Pure."""

from __future__ import annotations

import json
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from hashlib import blake2b
from pathlib import Path
from typing import cast

from pydantic import BaseModel, SecretStr

from crawl4ai_browser.config import BrowserConfig, ContextConfig, CrawlConfig, DownloadConfig, VisitConfig
from crawl4ai_browser.proxy import Proxy
from crawl4ai_browser.request import Request

_OF_THE_CRAWL = {"priority", "metadata", "session", "visit", "actions", "capture"}
"""Of a request: what does not change its visit, and what is resolved against the crawl's own."""

_DEADLINES = {"timeout", "navigation_timeout"}
"""Of a visit. One that kept within the old ones yields the same within the new, or fails."""

_APPEARANCE = ("headless", "args", "frames")
"""Of the browsers. How they are found, started and replaced shows nowhere."""

_FILES = ("folder", "pdf", "accept", "names", "max_bytes")
"""Of the downloads: which are kept, where, under what name."""

_MEMORY = {"storage_state"}
"""Of a context: what it begins with. A session's name stands for that, as it changes with every page; the anonymous one
has none."""

_DIGEST_BYTES = 16


def cache_key(request: Request, config: CrawlConfig, context: ContextConfig) -> bytes:
    """16 bytes. Equal for requests whose visits yield the same; `context` is what the request's session is opened with.

    Secrets are part of it, and can't be had from it.
    """
    proxies = sorted(str(member.proxy) for member in config.proxies.members)
    parts = {
        "request": _fields(request, leave_out=_OF_THE_CRAWL),
        "session": request.session,
        "fresh": config.fresh_contexts and request.session is None,
        "context": _fields(context, leave_out=_MEMORY if request.session is not None else set()),
        "visit": _fields(request.visit or config.visit, leave_out=_DEADLINES & VisitConfig.model_fields.keys()),
        "actions": request.actions if request.actions is not None else config.actions,
        "capture": _fields(request.capture or config.capture),
        "browser": _fields(config.browser, leave_out=BrowserConfig.model_fields.keys() - set(_APPEARANCE)),
        "download": _fields(config.download, leave_out=DownloadConfig.model_fields.keys() - set(_FILES)),
        "proxies": [] if context.proxy is not None else proxies,
    }
    text = json.dumps(parts, sort_keys=True, default=_plain)
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_DIGEST_BYTES).digest()


def _fields(model: BaseModel, *, leave_out: AbstractSet[str] = frozenset()) -> dict[str, object]:
    """By name. Not `model_dump`, which hides secrets and leaves out what is not to be written down."""
    return {name: getattr(model, name) for name in type(model).model_fields if name not in leave_out}


def _plain(value: object) -> object:
    """What JSON has no form for."""
    match value:
        case Proxy():
            return value.id
        case BaseModel():
            return {"is": type(value).__name__, **_fields(value)}
        case _ if is_dataclass(value) and not isinstance(value, type):  # not its repr, which hides what is typed
            return {"is": type(value).__name__, **{each.name: getattr(value, each.name) for each in fields(value)}}
        case SecretStr():
            return value.get_secret_value()
        case Path():
            return str(value)
        case bytes():
            return value.hex()
        case set() | frozenset():
            return sorted(
                json.dumps(each, sort_keys=True, default=_plain) for each in cast("AbstractSet[object]", value)
            )
        case _:
            return repr(value)
