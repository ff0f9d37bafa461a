from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawl4ai_browser import urls
from crawl4ai_browser.cli.main import run
from crawl4ai_browser.config import ContentConfig
from crawl4ai_browser.errors import ConfigError, StorageError
from crawl4ai_browser.result import CrawlResult
from crawl4ai_browser.schema import Css, Schema
from crawl4ai_browser.testing.saved_visit import SavedVisit, save
from crawl4ai_browser.testing.site import Response, SiteServer

pytest_plugins = ("pytester",)

pytestmark = pytest.mark.timeout(240)  # several runs of pytest in one, or a browser, on a machine that is busy

URL = "https://site.test/huts"
PAGE = """<!doctype html><title>Huts</title>
<h1>Huts</h1><p class="hut"><a href="/tarn">Tarn</a></p><p class="hut"><a href="/ridge">Ridge</a></p>"""
CONTENT = ContentConfig(text=True, items=Schema(each=Css(".hut"), fields={"name": Css("a")}))


def result(html: str = PAGE) -> CrawlResult:
    return CrawlResult(
        url=URL,
        final_url=URL,
        status=200,
        headers={"content-type": "text/html", "set-cookie": "sid=s3cr3t"},
        ok=True,
        html=html,
        base_url=URL,
        content_type="text/html",
        charset="UTF-8",
        fingerprint=urls.fingerprint(URL),
        fetched_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def test_saved_visit_has_a_file_for_each_field_and_no_secrets(tmp_path: Path) -> None:
    saved = save(result(), tmp_path / "huts", CONTENT)

    assert saved.expected_names() == ["ok", "markdown", "text", "links", "metadata", "items"]
    assert (saved.folder / "expected" / "markdown.md").read_text().startswith("# Huts\n")
    assert json.loads((saved.folder / "expected" / "items.json").read_text()) == [{"name": "Tarn"}, {"name": "Ridge"}]
    assert (saved.folder / "page.html").read_text() == PAGE
    assert "s3cr3t" not in (saved.folder / "saved-visit.json").read_text()


def test_saved_visit_gives_the_result_again(tmp_path: Path) -> None:
    saved = SavedVisit(save(result(), tmp_path, CONTENT).folder)
    again = saved.result()

    assert again.html == PAGE
    assert again.items == ({"name": "Tarn"}, {"name": "Ridge"})
    assert {name: saved.expected(name) for name in saved.expected_names()} == saved.fields()


def test_saved_visit_is_not_overwritten_unasked(tmp_path: Path) -> None:
    save(result(), tmp_path, CONTENT)

    with pytest.raises(ConfigError, match="holds a saved visit already"):
        save(result("<h1>other</h1>"), tmp_path, ContentConfig())
    saved = save(result("<h1>other</h1>"), tmp_path, ContentConfig(), overwrite=True)

    assert saved.expected("markdown") == "# other"
    assert "items" not in saved.expected_names()


@pytest.mark.parametrize("text", ["{}", "nonsense", '{"saved_visit": 9}'])
def test_folder_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "saved-visit.json").write_text(text)

    with pytest.raises(StorageError, match=r"saved-visit\.json"):
        SavedVisit(tmp_path).result()
    with pytest.raises(StorageError, match="can't be read"):
        SavedVisit(tmp_path / "missing").result()


QUIET = ("-p", "no:cacheprovider", "-p", "no:playwright", "-p", "no:asyncio")


def test_each_field_is_a_test_that_shows_its_difference(pytester: pytest.Pytester) -> None:
    saved = save(result(), pytester.path / "huts", CONTENT)
    pytester.runpytest_inprocess(*QUIET).assert_outcomes(passed=6)

    (saved.folder / "page.html").write_text(PAGE.replace("Ridge", "Moor"))
    failed = pytester.runpytest_inprocess(*QUIET, "-rf")
    failed.assert_outcomes(passed=2, failed=4)
    failed.stdout.fnmatch_lines(["FAILED huts/saved-visit.json::items*"])
    failed.stdout.fnmatch_lines(
        ["items of the visit in */huts is not what is expected:", '-{"name": "Ridge"}', '+{"name": "Moor"}']
    )
    failed.stdout.no_fnmatch_line("*Traceback*")

    pytester.runpytest_inprocess(*QUIET, "--update-crawls").assert_outcomes(passed=6)
    assert saved.expected("items") == [{"name": "Tarn"}, {"name": "Moor"}]
    pytester.runpytest_inprocess(*QUIET).assert_outcomes(passed=6)


def test_visit_of_which_nothing_is_expected_says_so(pytester: pytest.Pytester) -> None:
    saved = save(result(), pytester.path / "huts", ContentConfig(links=False, metadata=False))
    for path in (saved.folder / "expected").iterdir():
        path.unlink()

    done = pytester.runpytest_inprocess(*QUIET)
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["*nothing is expected of this visit: --update-crawls*"])
    pytester.runpytest_inprocess(*QUIET, "--update-crawls").assert_outcomes(passed=1)
    pytester.runpytest_inprocess(*QUIET).assert_outcomes(passed=3)


def test_save_command_makes_such_a_folder(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "huts"
    with SiteServer() as site:
        site.route("/", Response.html("<title>Huts</title><script>document.write('<h1>rendered</h1>')</script>"))
        url = site.url("/")
        assert run(["save", url, str(folder), "--text"]) == 0
        assert run(["save", url, str(folder)]) == 2
        assert run(["save", url, str(folder), "--overwrite", "--quiet", "--no-markdown", "--text"]) == 0

    assert SavedVisit(folder).expected("text") == "rendered"
    assert SavedVisit(folder).expected_names() == ["ok", "text", "metadata"]
    said = capfd.readouterr().err
    assert f"saved in {folder}: ok, markdown, text, metadata" in said
    assert "(--overwrite replaces it)" in said
