"""What a row keeps of a request besides its URL, as JSON: nothing for a plain one that was never tried, as most are."""

from __future__ import annotations

import json

from pydantic import TypeAdapter

from crawl4ai_browser.request import Request
from crawl4ai_browser.result import Attempt

_DEFAULTS = {name: field.get_default() for name, field in Request.model_fields.items() if name != "url"}
_ATTEMPTS = TypeAdapter(tuple[Attempt, ...])


def overrides_of(request: Request) -> str | None:
    """The fields that are not at their defaults; None: all are."""
    # Only the request's own fields are left out at their defaults: the values in them need all theirs to be read back.
    special = {name for name, default in _DEFAULTS.items() if getattr(request, name) != default}
    return request.model_dump_json(include=special) if special else None


def session_override(session: str | None) -> str | None:
    """The same for a request that has nothing but a session."""
    return None if session is None else json.dumps({"session": session})


def request_from(url: str, overrides: str | None) -> Request:
    """The request that a row was made of."""
    if overrides is None:
        return Request(url=url)
    return Request.model_validate({"url": url, **json.loads(overrides)})


def attempts_json(attempts: tuple[Attempt, ...]) -> str:
    """Attempts as they lie in a row."""
    return _ATTEMPTS.dump_json(attempts).decode()


def attempts_from(text: str | None) -> tuple[Attempt, ...]:
    """The attempts of a row."""
    return () if text is None else _ATTEMPTS.validate_json(text)
