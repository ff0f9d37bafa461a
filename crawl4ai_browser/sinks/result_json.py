"""A result as one line of JSON, whole or with fields left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic_core import PydanticSerializationError

from crawl4ai_browser.errors import ConfigError, SinkError
from crawl4ai_browser.result import CrawlResult

if TYPE_CHECKING:
    from collections.abc import Iterable


def check_leave_out(names: Iterable[str]) -> frozenset[str]:
    """The names as a set.

    Raises:
        ConfigError: one is no field of `CrawlResult`, or one without which a line could not be read back.
    """
    fields = CrawlResult.model_fields
    for name in names:
        if name not in fields:
            raise ConfigError(f"a result has no field {name!r}; it has {', '.join(fields)}")
        if fields[name].is_required():
            raise ConfigError(f"the field {name!r} can't be left out: a result is not readable without it")
    return frozenset(names)


def result_json(result: CrawlResult, leave_out: frozenset[str]) -> bytes:
    """One line of JSON in UTF-8, without its newline. Bytes are base64.

    Raises:
        SinkError: the result holds text that is not Unicode.
    """
    try:
        return result.model_dump_json(exclude=set(leave_out) or None).encode("utf-8")
    except (PydanticSerializationError, UnicodeEncodeError) as error:
        raise SinkError(f"no JSON for {result.url}: {error}", phase="store", blame="us") from error
