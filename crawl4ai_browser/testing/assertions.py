"""Assertions about results that say what is wrong and where: for tests, with or without the pytest plugin."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from pydantic import JsonValue

from crawl4ai_browser import urls
from crawl4ai_browser.result import CrawlResult
from crawl4ai_browser.snapshot import ConsoleMessage
from crawl4ai_browser.testing.comparison import COMPARED, FACTS, Fields, differences, fields_of
from crawl4ai_browser.testing.field_files import FieldFiles, filled
from crawl4ai_browser.url_patterns import compile_pattern

_FACTS_FILE = "visit"
"""What `save_fields` calls the file of the fields in `FACTS`: a line for each, instead of a file."""

_FILES = (_FACTS_FILE, *COMPARED)

_CONSOLE_ERRORS = frozenset({"error", "uncaught", "assert"})
"""Levels of the console at which a page reports that something went wrong; `uncaught` is what its scripts raised."""

_SHOWN_SOURCES = 5
"""Pages named for each broken link: one in a navigation is on all of them."""


def assert_no_broken_links(results: Iterable[CrawlResult], *, ignore: Collection[str] = ()) -> None:
    """Fail when a page of a crawl could not be had, naming each with its error and the pages that link to it.

    Only what was visited is judged, so the crawl's scope says how far this reaches. What was not visited on purpose
    (robots.txt) is not broken. `ignore`: patterns of URLs, as in a scope.

    Raises:
        AssertionError: there are broken links, or no results at all.
    """
    results = list(results)
    assert results, "there are no results, so nothing was checked"
    broken = [each for each in results if not (each.ok or _is_skipped(each) or _matches(each.url, ignore))]
    if broken:
        lines = [line for each in broken for line in _broken_lines(each, results)]
        raise AssertionError("\n".join([f"{len(broken)} of {len(results)} pages are broken:", *lines]))


def assert_no_console_errors(results: CrawlResult | Iterable[CrawlResult], *, ignore: Collection[str] = ()) -> None:
    """Fail when a page's console shows errors, or its scripts raised something that nobody caught.

    The console has to be captured (`CaptureConfig.console`), which the plugin's own configuration does. `ignore`: parts
    of messages that are let pass.

    Raises:
        AssertionError: there are such messages; each is named with its page, source and line. Or no results at all.
    """
    results = [results] if isinstance(results, CrawlResult) else list(results)
    assert results, "there are no results, so nothing was checked"
    lines = [line for each in results for line in _console_lines(each, ignore)]
    if lines:
        raise AssertionError("\n".join(["the console shows errors:", *lines]))


def assert_same_as(
    result: CrawlResult,
    snapshot: CrawlResult | Path | str,
    *,
    ignore: Collection[str] = (),
    fields: Collection[str] = COMPARED,
) -> None:
    """Fail when a page is not what it was, naming each field that differs and its lines that do.

    `snapshot`: an earlier result, a file that holds one as JSON, or a folder that `save_fields` has written. `fields`
    are what is compared, less those of `ignore`; by default all that is about the page and not about the visit.

    Raises:
        AssertionError: they differ.
    """
    compared = [name for name in fields if name not in ignore]
    expected = filled(_expected(snapshot, compared))
    found = differences({name: expected.get(name) for name in compared}, filled(fields_of(result, compared)))
    if found:
        parts = [f"{name}:\n{_indented(text)}" for name, text in found.items()]
        raise AssertionError(f"{result.url} is not what it was in {', '.join(found)}\n" + "\n".join(parts))


def save_fields(result: CrawlResult, folder: Path | str, *, fields: Collection[str] = COMPARED) -> None:
    """Write a result into a folder, a file for each field that holds something: for `assert_same_as`, and for people.

    Raises:
        StorageError: it can't be written.
    """
    found = filled(fields_of(result, fields))
    facts: JsonValue = {name: found.pop(name) for name in FACTS if name in found}
    FieldFiles(Path(folder), _FILES).write(filled({_FACTS_FILE: facts, **found}))


def _expected(snapshot: CrawlResult | Path | str, compared: Collection[str]) -> Fields:
    if not isinstance(snapshot, CrawlResult) and Path(snapshot).is_dir():
        saved = FieldFiles(Path(snapshot), _FILES).read_all()
        facts = saved.pop(_FACTS_FILE, {})
        return {**(facts if isinstance(facts, dict) else {}), **saved}
    return fields_of(snapshot if isinstance(snapshot, CrawlResult) else _read(Path(snapshot)), compared)


def _is_skipped(result: CrawlResult) -> bool:
    return result.error is not None and result.error.is_skip


def _matches(url: str, patterns: Collection[str]) -> bool:
    address = urls.take_apart(url)
    return address is not None and any(compile_pattern(pattern)(address) for pattern in patterns)


def _broken_lines(result: CrawlResult, results: list[CrawlResult]) -> Iterator[str]:
    yield f"  {result.url}: {result.error}"
    found = list(_sources(result, results))
    yield from (f"    linked from {line}" for line in found[:_SHOWN_SOURCES])
    if len(found) > _SHOWN_SOURCES:
        yield f"    and from {len(found) - _SHOWN_SOURCES} pages more"
    if not found:
        yield f"    found on {result.parent}" if result.parent else "    given as a seed"


def _sources(broken: CrawlResult, results: list[CrawlResult]) -> Iterator[str]:
    wanted = urls.canonicalize(broken.url)
    for page in results:
        texts = [link.text for link in page.links if urls.canonicalize(link.url) == wanted]
        if texts:
            yield f"{page.final_url} as {texts[0]!r}"


def _console_lines(result: CrawlResult, ignore: Collection[str]) -> Iterator[str]:
    wrong = [each for each in result.console if each.level in _CONSOLE_ERRORS and not _has_any(each.text, ignore)]
    if wrong:
        yield f"  {result.url}"
        yield from (f"    {_shown(message)}" for message in wrong)


def _shown(message: ConsoleMessage) -> str:
    place = f" ({message.url}{f':{message.line}' if message.line is not None else ''})" if message.url else ""
    return f"{message.level}: {message.text}{place}"


def _has_any(text: str, parts: Collection[str]) -> bool:
    return any(part in text for part in parts)


def _read(path: Path) -> CrawlResult:
    assert path.is_file(), f"there is no {path}: write it with path.write_text(result.model_dump_json(indent=1))"
    return CrawlResult.model_validate_json(path.read_bytes())


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())
