"""Bad input gets one line that names it and exit code 2, before anything is started."""

from __future__ import annotations

from pathlib import Path

import pytest

from crawl4ai_browser.cli.exit_codes import ExitCode
from crawl4ai_browser.cli.main import run

URL = "http://127.0.0.1:9/"


@pytest.fixture(autouse=True)
def no_browser_may_be_started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A browser that would only wait: starting it would show as a test that does not end with its own error."""
    executable = tmp_path / "chromium"
    executable.write_text("#!/bin/sh\necho Chromium 150.0.0.0\n")
    executable.chmod(0o755)
    monkeypatch.setenv("CRAWL4AI_BROWSER_EXECUTABLE", str(executable))
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["crawl"], "nothing to visit: give URLs, or --seeds FILE"),
        (["crawl", "example.com"], "not an absolute URL: 'example.com' (write https://example.com)"),
        (["crawl", URL, "//example.com/x"], "'//example.com/x'"),
        (["crawl", "ftp://example.com/"], "ftp:"),
        (["crawl", "javascript:alert(1)"], "javascript:"),
        (["crawl", "http://"], "'http://'"),
        (["crawl", "file:///etc/hosts"], "'file:///etc/hosts' is visited with --allow-files only"),
        (["crawl", "there.html"], "there.html --allow-files"),
        (["crawl", URL, "--max-deep", "1"], "--max-deep"),
        (["crawl", URL, "--max-depth"], "--max-depth"),
        (["crawl", URL, "--max-depth", "deep"], "--max-depth 'deep': input should be a valid integer"),
        (["crawl", URL, "--max-pages", "0"], "--max-pages '0': input should be greater than or equal to 1"),
        (["crawl", URL, "--delay", "-1"], "--delay '-1': input should be greater than or equal to 0"),
        (["crawl", URL, "--timeout", "0"], "--timeout '0': input should be greater than 0"),
        (["crawl", URL, "--include", "re:("], "--include 're:(': not a regular expression"),
        (["crawl", URL, "--exclude", ""], "--exclude '': "),
        (["crawl", URL, "--same", "planet"], "--same 'planet': input should be 'host', 'site' or 'any'"),
        (["crawl", URL, "--host", "http://x/"], "--host 'http://x/': not a host"),
        (["crawl", URL, "--order", "random"], "'random'"),
        (["crawl", URL, "--ready", "later"], "--ready 'later': write quiet"),
        (["crawl", URL, "--header", "x"], "--header: write 'Name: value'"),
        (["crawl", URL, "--leave-out", "htlm"], "has no field 'htlm'"),
        (["crawl", URL, "--output", "a.txt"], "can't tell the format of 'a.txt'"),
        (["crawl", URL, "--output", "none/a.jsonl"], "the folder of 'none/a.jsonl' does not exist"),
        (["crawl", URL, "--output", "there.jsonl"], "'there.jsonl' is already there"),
        (["crawl", URL, "--output", "folder", "--format", "jsonl"], "'folder' is a folder, not a file"),
        (["crawl", URL, "--output", "folder"], "'folder' is already there"),
        (["crawl", URL, "--output", "x.csv", "--leave-out", "html"], "fields can be left out of JSON only"),
        (["crawl", URL, "--seeds", "seeds"], "give URLs or --seeds, not both"),
        (["crawl", "--seeds", "none"], "can't read the seeds in 'none': No such file or directory"),
        (["crawl", "--seeds", "folder"], "can't read the seeds in 'folder': Is a directory"),
        (["crawl", "--seeds", "empty"], "no URL to visit in empty"),
        (["crawl", URL, "--config", "none.toml"], "can't read 'none.toml': No such file or directory"),
        (["crawl", URL, "--config", "bad.toml"], "bad.toml: visit.timeout: input should be greater than 0"),
        (["crawl", URL, "-q", "-v"], "--quiet and --verbose exclude each other"),
        (["fetch"], "URL"),
        (["fetch", "example.com"], "not an absolute URL: 'example.com'"),
        (["fetch", URL, "--as", "gif"], "'gif'"),
        (["fetch", URL, "--as", "pdf", "--output", "there.jsonl"], "'there.jsonl' is already there"),
        (["fetch", URL, "--viewport", "wide"], "--viewport 'wide': write WIDTHxHEIGHT"),
        (["demo", "folder"], "'folder' is no site to check: it has no expected.json"),
        (["demo", "--output", "none/a.jsonl"], "the folder of 'none/a.jsonl' does not exist"),
        (["doctor", "--nothing"], "--nothing"),
        (["instal"], "'instal'"),
    ],
    ids=str,
)
def test_one_line_names_it(arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "there.html").touch()
    (tmp_path / "there.jsonl").write_text("{}\n")
    (tmp_path / "empty").write_text("# nothing\n\n")
    (tmp_path / "bad.toml").write_text("visit.timeout = 0\n")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").touch()
    before = sorted(tmp_path.rglob("*"))

    assert run(arguments) == ExitCode.USAGE

    printed = capsys.readouterr()
    assert printed.out == ""
    assert said in printed.err
    assert printed.err.startswith("crawl4ai-browser: ")
    assert printed.err.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before, "nothing was written"


@pytest.mark.parametrize("command", [["crawl", URL, "--output", "a.jsonl"], ["fetch", URL], ["demo"]])
def test_without_a_browser_the_exit_code_says_so_and_nothing_is_written(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CRAWL4AI_BROWSER_EXECUTABLE", str(tmp_path / "no-browser"))
    assert run(command) == ExitCode.NO_BROWSER
    assert "no-browser" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["chromium"]


def test_only_bad_seeds_are_reported_line_by_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "seeds").write_text("example.com\n\nmailto:a@b.c\n")
    assert run(["crawl", "--seeds", "seeds", "--output", "a.jsonl"]) == ExitCode.USAGE
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("seeds, line 1: not an absolute URL: 'example.com'")
    assert lines[1].startswith("seeds, line 3: ")
    assert "mailto:a@b.c" in lines[1]
    assert lines[-1] == "crawl4ai-browser: no URL to visit in seeds"
    assert (tmp_path / "a.jsonl").read_text().count("ConfigError") == 2
