"""SavedVisit: a visit in a folder, with what is expected of it: a test of extraction that needs no browser.

saved-visit.json   where it was, what was answered, and which content was made of it
page.html          the rendered DOM
expected/          a file for each field of the result: markdown.md, links.json, ... What is not there is not compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue, ValidationError

from crawl4ai_browser.config import CapacityConfig, ContentConfig, CrawlConfig
from crawl4ai_browser.crawling.blocking import fetch
from crawl4ai_browser.errors import ConfigError, StorageError
from crawl4ai_browser.frozen import Frozen
from crawl4ai_browser.result import CrawlResult
from crawl4ai_browser.snapshot import Snapshot
from crawl4ai_browser.testing.comparison import Fields, fields_of
from crawl4ai_browser.testing.field_files import FieldFiles, filled
from crawl4ai_browser.testing.scripted_fetcher import ScriptedFetcher

VISIT_FILE = "saved-visit.json"
"""What a folder is told by."""

HTML_FILE = "page.html"
EXPECTED_FOLDER = "expected"

VERSION = 1

MADE_FIELDS = (
    *("ok", "error", "markdown", "cited_markdown", "main_markdown", "text"),
    *("links", "media", "tables", "metadata", "items"),
)
"""The fields of a result that are made of a visit, and so may change with the code or the configuration."""

_SECRET_HEADERS = frozenset({"set-cookie", "authorization"})


class _Visit(Frozen):
    """The file."""

    saved_visit: int = VERSION
    content: ContentConfig
    snapshot: Snapshot


@dataclass(frozen=True)
class SavedVisit:
    """A folder. Made by `save`, or by `crawl4ai-browser save URL DIR`."""

    folder: Path

    def result(self) -> CrawlResult:
        """What is made of the visit now: its content, by the code as it is. Takes some 20 ms.

        Raises:
            StorageError: the folder can't be read, or holds no saved visit.
        """
        visit = self._read()
        config = CrawlConfig(content=visit.content, capacity=CapacityConfig(max_pages=1, content_workers=0))
        return fetch(visit.snapshot.url, config, fetcher=ScriptedFetcher({visit.snapshot.url: visit.snapshot}))

    def fields(self) -> Fields:
        """The fields of that which hold something."""
        return filled(fields_of(self.result(), MADE_FIELDS))

    def expected_names(self) -> list[str]:
        """The fields that something is expected of."""
        return self._files.names()

    def expected(self, name: str) -> JsonValue:
        """What is expected of a field.

        Raises:
            StorageError: it can't be read.
        """
        return self._files.read(name)

    def expect(self, fields: Fields) -> None:
        """Expect this from now on, and of no other field anything.

        Raises:
            StorageError: it can't be written.
        """
        self._files.write(fields)

    @property
    def _files(self) -> FieldFiles:
        return FieldFiles(self.folder / EXPECTED_FOLDER, MADE_FIELDS)

    def _read(self) -> _Visit:
        path = self.folder / VISIT_FILE
        try:
            visit = _Visit.model_validate_json(path.read_bytes())
            html_path = self.folder / HTML_FILE
            html = html_path.read_bytes().decode("utf-8") if html_path.exists() else None
        except OSError as error:
            raise StorageError(f"{path} can't be read: {error}") from error
        except (ValidationError, UnicodeDecodeError) as error:
            raise StorageError(f"{path} is no saved visit: {error}") from error
        if visit.saved_visit != VERSION:
            raise StorageError(f"{path} is of version {visit.saved_visit}, and this reads {VERSION}")
        return visit.model_copy(update={"snapshot": visit.snapshot.model_copy(update={"html": html})})


def save(result: CrawlResult, folder: Path, content: ContentConfig, *, overwrite: bool = False) -> SavedVisit:
    """Save a result as a visit, and what `content` makes of it as what is expected. Cookies and captures are left out.

    Raises:
        ConfigError: a visit is saved there, and is not to be overwritten.
        StorageError: it can't be written.
    """
    saved = SavedVisit(folder)
    if (folder / VISIT_FILE).exists() and not overwrite:
        raise ConfigError(f"{folder} holds a saved visit already (--overwrite replaces it)")
    snapshot = Snapshot(
        url=result.url,
        final_url=result.final_url,
        status=result.status,
        headers={name: value for name, value in result.headers.items() if name not in _SECRET_HEADERS},
        redirects=result.redirects,
        base_url=result.base_url,
        content_type=result.content_type,
        charset=result.charset,
        fetched_at=result.fetched_at,
    )
    visit = _Visit(content=content, snapshot=snapshot)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / VISIT_FILE).write_text(
            visit.model_dump_json(indent=1, exclude_defaults=True, exclude_unset=False) + "\n", encoding="utf-8"
        )
        if result.html is not None:
            (folder / HTML_FILE).write_bytes(result.html.encode())
    except OSError as error:
        raise StorageError(f"{folder} can't be written: {error}") from error
    saved.expect(saved.fields())
    return saved
