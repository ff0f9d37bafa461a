"""What `--record` and `--replay` ask for, and what is said of a crawl that asked for more than was recorded."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING

from crawl4ai_browser.cli.exit_codes import ExitCode
from crawl4ai_browser.cli.lines import plural
from crawl4ai_browser.cli.streams import say
from crawl4ai_browser.errors import ConfigError

if TYPE_CHECKING:
    from crawl4ai_browser.testing.cassettes.cassette import Cassette

_SHOWN_MISSES = 10


def asked_cassette(values: Mapping[str, object]) -> Cassette | None:
    """The cassette that a crawl is to go through, not in use yet; None: it goes out itself.

    Raises:
        ConfigError: both are asked for.
    """
    record, replay = values["record"], values["replay"]
    if record is None and replay is None:
        return None
    if record is not None and replay is not None:
        raise ConfigError("--record and --replay exclude each other")
    # By name, as it brings a server, which crawls without it do without.
    cassette: type[Cassette] = import_module("crawl4ai_browser.testing.cassettes.cassette").Cassette
    return cassette(str(record or replay), "all" if record is not None else "none")


def missed(cassette: Cassette | None, code: int) -> int:
    """The exit code of a crawl, and a word on each request that was not in the file."""
    if cassette is None or not cassette.misses:
        return code
    lines = list(dict.fromkeys(map(str, cassette.misses)))
    for line in lines[:_SHOWN_MISSES]:
        say(line)
    if len(lines) > _SHOWN_MISSES:
        say(f"and {plural(len(lines) - _SHOWN_MISSES, 'request')} more that are not on the cassette")
    return code or ExitCode.FAILED
