"""The commands against a real browser and a small site, in this process."""

from __future__ import annotations

import io
import json
import re
import sys
from pathlib import Path

import pytest

from crawl4ai_browser.cli.main import run
from crawl4ai_browser.result import CrawlResult
from crawl4ai_browser.testing.site import Response, SiteServer, attachment

SCRIPT_TEXT = "written by script 42"


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def results_in(path: str) -> dict[str, CrawlResult]:
    results = [CrawlResult.model_validate_json(line) for line in Path(path).read_bytes().splitlines()]
    assert len({result.url for result in results}) == len(results), "no page twice"
    return {result.url: result for result in results}


def test_crawl_writes_every_page_and_says_how_it_went(site: SiteServer, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["crawl", site.url("/"), "--output", "pages.jsonl"]) == 0
    results = results_in("pages.jsonl")
    assert set(results) == {site.url(path) for path in ("/", "/one", "/two", "/three")}
    assert all(SCRIPT_TEXT in (result.markdown or "") for result in results.values())
    printed = capsys.readouterr()
    assert printed.out == ""
    for url in results:
        assert re.search(rf"^200 +\d+\.\d\d s  {re.escape(url)}$", printed.err, re.MULTILINE)
    last = printed.err.splitlines()[-1]
    assert re.fullmatch(r"4 pages: 4 ok, 0 failed in .*; results in pages\.jsonl", last)


def test_crawl_keeps_to_its_scope_and_ends_with_1_when_a_page_failed(
    site: SiteServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["crawl", site.url("/flawed"), "--max-depth", "1", "--exclude", "/one", "--output", "a.jsonl"]) == 1
    results = results_in("a.jsonl")
    assert set(results) == {site.url("/flawed"), site.url("/missing")}
    assert results[site.url("/missing")].status == 404
    assert "HttpStatusError" in capsys.readouterr().err


def test_crawl_reports_how_it_went(site: SiteServer) -> None:
    assert run(["crawl", site.url("/flawed"), "--quiet", "--output", "a.jsonl", "--report", "how"]) == 1
    report = json.loads(Path("how/report.json").read_bytes())
    assert (report["ok"], report["failed"], report["statuses"]) == (2, 1, {"200": 2, "404": 1})
    assert site.url("/missing") in Path("how/report.html").read_text(encoding="utf-8")


def test_crawl_prints_results_where_no_output_is_named(site: SiteServer, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["crawl", site.url("/one"), "--quiet", "--format", "json", "--leave-out", "html"]) == 0
    printed = capsys.readouterr()
    (result,) = json.loads(printed.out)
    assert result["metadata"]["title"] == "Seite one"
    assert "html" not in result
    assert printed.err == ""


def test_crawl_writes_markdown_files(site: SiteServer) -> None:
    assert run(["crawl", site.url("/"), "--max-pages", "2", "--format", "markdown", "--output", "pages"]) == 0
    texts = [path.read_text(encoding="utf-8") for path in Path("pages").rglob("*.md")]
    assert len(texts) == 2
    assert all("# Grüezi" in text and 'title: "Seite ' in text for text in texts)


def test_bad_seeds_are_reported_and_the_others_crawled(
    site: SiteServer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = f"# a list\n{site.url('/one')}\nexample.com\n\n{site.url('/two')}\n"
    Path("seeds").write_text(lines)
    with Path("seeds").open() as standard_input:
        monkeypatch.setattr(sys, "stdin", standard_input)
        assert run(["crawl", "--seeds", "-", "--max-depth", "0", "--output", "a.jsonl"]) == 1
    results = results_in("a.jsonl")
    assert {url for url, result in results.items() if result.ok} == {site.url("/one"), site.url("/two")}
    error = results["example.com"].error
    assert error is not None
    assert error.kind == "ConfigError"
    said = [line for line in capsys.readouterr().err.splitlines() if "example.com" in line]
    assert len(said) == 1
    assert said[0].startswith("standard input, line 3: not an absolute URL: 'example.com'")


def test_a_full_disk_stops_the_crawl_and_is_named(site: SiteServer, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["crawl", site.url("/one"), "--output", "/dev/full", "--format", "jsonl"]) == 1
    said = capsys.readouterr().err
    assert said.endswith("crawl4ai-browser: stopped: can't write '/dev/full': No space left on device\n")


def test_a_crawl_with_state_goes_on_where_it_stopped(site: SiteServer) -> None:
    arguments = ["crawl", site.url("/"), "--state", "state", "--output", "a.jsonl"]
    assert run([*arguments, "--max-pages", "2"]) == 0
    assert len(results_in("a.jsonl")) == 2
    assert run([*arguments, "--max-pages", "4"]) == 0
    assert set(results_in("a.jsonl")) == {site.url(path) for path in ("/", "/one", "/two", "/three")}


def output_of(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> bytes:
    output = io.BytesIO()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", io.TextIOWrapper(output))
        assert run(arguments) == 0
        return output.getvalue()


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("json", b'"title": "Seite start"'),
        ("screenshot", b"\x89PNG"),
        ("pdf", b"%PDF-"),
    ],
)
def test_fetch_gives_out_the_form(
    site: SiteServer, monkeypatch: pytest.MonkeyPatch, form: str, expected: bytes
) -> None:
    assert expected in output_of(["fetch", site.url("/"), "--as", form], monkeypatch)


def test_fetch_writes_a_file(site: SiteServer, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["fetch", site.url("/"), "--as", "screenshot", "--output", "a.png"]) == 0
    assert Path("a.png").read_bytes().startswith(b"\x89PNG")
    assert capsys.readouterr().out == ""


def test_fetch_of_a_failing_page_shows_the_page_and_ends_with_1(
    site: SiteServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["fetch", site.url("/missing")]) == 1
    printed = capsys.readouterr()
    assert "404" in printed.out
    assert "HttpStatusError" in printed.err


def test_fetch_of_a_file_says_where_it_lies(site: SiteServer, capsys: pytest.CaptureFixture[str]) -> None:
    site.route("/plan.csv", attachment(b"a,b\n1,2\n", "plan.csv", content_type="text/csv"))
    assert run(["fetch", site.url("/plan.csv")]) == 0
    assert Path("downloads/plan.csv").read_bytes() == b"a,b\n1,2\n"
    assert f"{Path('downloads/plan.csv').absolute()}\n" in capsys.readouterr().err


def test_crawl_fetches_linked_files_into_their_folder(site: SiteServer, capsys: pytest.CaptureFixture[str]) -> None:
    report = attachment(b"a report", "report.txt")
    site.route("/linking", Response.html("<p>see</p><a href=/files/1.txt>1</a> <a href=/files/2.txt>2</a>"))
    site.route("/files/*", report)
    flags = ["--max-depth", "0", "--download", "*.txt", "--download-folder", "saved", "--output", "a.jsonl"]
    assert run(["crawl", site.url("/linking"), *flags]) == 0
    assert {path.name for path in Path("saved").iterdir()} == {"report.txt", "report (2).txt", "downloads.jsonl"}
    [result] = results_in("a.jsonl").values()
    assert [download.state for download in result.downloads] == ["complete", "complete"]
    assert capsys.readouterr().err.count("file  ") == 2


def test_install_prints_the_browser_that_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["install"]) == 0
    assert Path(capsys.readouterr().out.removesuffix("\n")).is_file()


def test_doctor_finds_nothing_wrong_here(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(re.match(r"ok +Launch +launched, rendered a page", line) for line in lines)
    assert not any(line.startswith("WRONG") for line in lines)


def test_doctor_says_what_to_do_when_there_is_no_browser(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", "--executable", "no-browser"]) == 3
    printed = capsys.readouterr().out
    assert re.search(r"^WRONG +Browser +.*no-browser", printed, re.MULTILINE)
    assert "crawl4ai-browser install" in printed


@pytest.mark.timeout(60)
def test_demo_finds_the_whole_bundled_site(capsys: pytest.CaptureFixture[str]) -> None:
    code = run(["demo"])
    said = capsys.readouterr().err
    assert code == 0, said
    assert "complete: every page of the site once" in said
    assert f"results in {Path.cwd() / 'crawl4ai-browser-demo.jsonl'}" in said
    assert len(results_in("crawl4ai-browser-demo.jsonl")) > 50
