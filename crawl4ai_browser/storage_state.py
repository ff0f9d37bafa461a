"""StorageState: what a browser context remembers, as a value: cookies, local storage, IndexedDB, session storage.

Its JSON is Playwright's own (`BrowserContext.storage_state`), so files travel between both, with one field more: an
origin's `sessionStorage`. All of it is secret: nothing of it is shown when a state is printed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Literal, Self

from pydantic import ConfigDict, Field, JsonValue, ValidationError
from pydantic.alias_generators import to_camel

from crawl4ai_browser.errors import ConfigError
from crawl4ai_browser.frozen import Frozen
from crawl4ai_browser.identity import Cookie


class _Stored(Frozen):
    """A part of the state, in Playwright's spelling; fields that a later Playwright adds are kept as they are."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        serialize_by_alias=True,
        extra="allow",
        hide_input_in_errors=True,
    )

    def __repr__(self) -> str:
        """The kind of thing alone."""
        return f"<{type(self).__name__}>"

    __str__ = __repr__


class StoredCookie(_Stored):
    """A cookie as the browser holds it."""

    name: str
    value: str
    domain: str
    path: str
    expires: float = -1.0
    http_only: bool = False
    secure: bool = False
    same_site: Literal["Strict", "Lax", "None"] = "Lax"

    @classmethod
    def of(cls, cookie: Cookie) -> Self:
        """The cookie that a configuration gives."""
        return cls(
            name=cookie.name,
            value=cookie.value.get_secret_value(),
            domain=cookie.host,
            path=cookie.path,
            expires=cookie.expires,
            http_only=cookie.http_only,
            secure=cookie.is_secure,
            same_site=cookie.same_site,
        )


class StoredItem(_Stored):
    """An entry of local or session storage."""

    name: str
    value: str


class StoredOrigin(_Stored):
    """What one origin has stored."""

    origin: str
    local_storage: tuple[StoredItem, ...] = ()
    indexed_db: tuple[JsonValue, ...] = Field(default=(), alias="indexedDB")
    """Databases as Playwright writes them."""
    session_storage: tuple[StoredItem, ...] = ()
    """Of its newest page: every page has its own."""

    @property
    def has_lasting(self) -> bool:
        """Whether it holds more than session storage."""
        return bool(self.local_storage or self.indexed_db or self.model_extra)


class StorageState(_Stored):
    """All that a context remembers."""

    cookies: tuple[StoredCookie, ...] = ()
    origins: tuple[StoredOrigin, ...] = ()

    @classmethod
    def parse(cls, text: str | bytes, *, source: str) -> Self:
        """The state that a JSON text describes.

        Raises:
            ConfigError: not JSON, or of another shape. Names `source` and the place in it, and shows no value.
        """
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as error:
            place = f" (line {error.lineno}, column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
            raise ConfigError(f"{source} is not JSON{place}") from None
        return cls.of(value, source=source)

    @classmethod
    def of(cls, value: object, *, source: str) -> Self:
        """The state that a value describes, as Playwright gives it or as `parse` reads it.

        Raises:
            ConfigError: of another shape. Names `source` and the place in it, and shows no value.
        """
        try:
            return cls.model_validate(value)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = _place(first["loc"]) or "the whole"
            raise ConfigError(f"{source} is no storage state: {place}: {first['msg']}") from None

    def to_json(self) -> str:
        """The text that `parse` takes."""
        # Not pydantic's own: the strings of a page's script may hold lone surrogates, which this writes as escapes.
        return json.dumps(self.model_dump(mode="python"))

    def with_cookies(self, cookies: Iterable[StoredCookie]) -> Self:
        """The same with these cookies in place of its own."""
        return self.model_copy(update={"cookies": tuple(cookies)})

    def without_session_storage(self) -> Self:
        """What outlives a page."""
        kept = [origin.model_copy(update={"session_storage": ()}) for origin in self.origins if origin.has_lasting]
        return self.model_copy(update={"origins": tuple(kept)})

    @property
    def session_storage(self) -> dict[str, tuple[StoredItem, ...]]:
        """Session storage by origin."""
        return {origin.origin: origin.session_storage for origin in self.origins if origin.session_storage}

    def with_session_storage(self, stored: dict[str, tuple[StoredItem, ...]]) -> Self:
        """The same with this session storage, by origin, in place of its own."""
        lasting = {origin.origin: origin for origin in self.without_session_storage().origins}
        for origin, items in stored.items():
            known = lasting.get(origin, StoredOrigin(origin=origin))
            lasting[origin] = known.model_copy(update={"session_storage": items})
        return self.model_copy(update={"origins": tuple(lasting.values())})

    def __repr__(self) -> str:
        """How much there is of it."""
        return f"<StorageState {len(self.cookies)} cookies, {len(self.origins)} origins>"

    __str__ = __repr__


def _place(location: tuple[int | str, ...]) -> str:
    """`cookies[2].domain`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return text.removeprefix(".")
