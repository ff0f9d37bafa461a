"""Which cassette a marked test uses, and what becomes of a test that asked for what is not on it."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest

from crawl4ai_browser.testing.cassettes.cassette import MODES, Cassette
from crawl4ai_browser.testing.plugin.crawl_test import CrawlTest

MARKER = "crawl_cassette"


def cassette_of(request: pytest.FixtureRequest) -> AbstractContextManager[Cassette | None]:
    """The cassette of a test, to be entered; None of one that is not marked."""
    marker = request.node.get_closest_marker(MARKER)
    return nullcontext() if marker is None else marked_cassette(request.node, marker)


def marked_cassette(item: pytest.Item, marker: pytest.Mark) -> Cassette:
    """What a marker asks for. The command line goes before its mode.

    Raises:
        UsageError: the marker has arguments that it does not take.
    """
    unknown = set(marker.kwargs) - {"path", "mode", "secrets"}
    if unknown or len(marker.args) > 1:
        raise pytest.UsageError(
            f"{item.nodeid}: {MARKER} takes path, mode and secrets, not {sorted(unknown) or 'more'}"
        )
    given = marker.args[0] if marker.args else marker.kwargs.get("path")
    path = item.path.parent / given if given is not None else default_path(item)
    mode = item.config.getoption("crawl_cassettes") or marker.kwargs.get("mode", "once")
    if mode not in MODES:
        raise pytest.UsageError(f"{item.nodeid}: a cassette's mode is one of {', '.join(MODES)}, not {mode!r}")
    return Cassette(path, mode, secrets=marker.kwargs.get("secrets", ()))


def default_path(item: pytest.Item) -> Path:
    """`cassettes/<file>/<test>.json` beside the test's file, with the class and parameters in the test's name."""
    name = "-".join(item.nodeid.split("::")[1:])
    return item.path.parent / "cassettes" / item.path.stem / f"{re.sub(r'[^A-Za-z0-9_.-]+', '-', name).strip('-')}.json"


def complaint(cassette: Cassette) -> str:
    """What was asked for in vain, and what to do."""
    try:
        cassette.check()
    except AssertionError as error:
        return f"{error}\nTo record it: --crawl-cassettes=new"
    return ""


def check(test: CrawlTest) -> None:
    """Fail the test when it asked for what is not on its cassette."""
    if test.cassette is not None and test.cassette.misses:
        test.has_failed = True
        pytest.fail(complaint(test.cassette), pytrace=False)
