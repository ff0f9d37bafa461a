"""Which visits may be stored: those that a later run may take for a visit of its own. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from crawl4ai_browser.snapshot import Snapshot

_STATUSES = frozenset({None, 200, 203})
"""None: there was no HTTP. Every other status stands for less than the page: a part (206), nothing (204), a promise
(202), an error."""

_CHALLENGES = (("cf-mitigated", "challenge"), ("x-amzn-waf-action", ""))
"""Headers by which Cloudflare (https://developers.cloudflare.com/cloudflare-challenges/challenge-types/challenge-pages/
detect-response/) and AWS WAF say that they ask for proof of a person in place of the page, whatever the status."""

_PASSING = frozenset({408, 425, 429})
"""4xx that say "not now"."""


def is_gone(status: int | None) -> bool:
    """Whether the site says that there is no such page for us, so that an older one must not stand for it."""
    return status is not None and 400 <= status < 500 and status not in _PASSING


def reason_not_to_keep(snapshot: Snapshot) -> str | None:
    """Why a visit that raised nothing is not stored; None: it may be."""
    if snapshot.status not in _STATUSES:
        return f"status {snapshot.status}"
    if is_challenge(snapshot.headers):
        return "a challenge in the place of the page"
    if snapshot.ready is not None and not snapshot.ready.met:
        return f"not ready: {snapshot.ready.detail}"
    if any(download.state != "complete" for download in snapshot.downloads):
        return "a file did not come whole"
    if snapshot.capture_faults:
        return f"a capture could not be had: {snapshot.capture_faults[0]}"
    if not (snapshot.html or snapshot.downloads or snapshot.screenshot or snapshot.pdf):
        return "nothing came"
    return None


def is_challenge(headers: Mapping[str, str]) -> bool:
    """Whether the answer says that it is a test for robots. `headers` have their names in lower case."""
    return any(name in headers and headers[name].startswith(value) for name, value in _CHALLENGES)


def validators(snapshot: Snapshot) -> dict[str, str]:
    """Headers that ask whether the document has changed since; empty where nothing can be made of the answer.

    Where scripts fetched something, or it is not known whether they did, an unchanged document means little.
    """
    conditions: dict[str, str] = {}
    if snapshot.has_fetched is not False or snapshot.status != 200:
        return conditions
    if etag := snapshot.headers.get("etag"):
        conditions["If-None-Match"] = etag
    if modified := snapshot.headers.get("last-modified"):
        conditions["If-Modified-Since"] = modified
    return conditions
