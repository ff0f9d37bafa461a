"""`proxies check`, and what a crawl says of its proxies at the end: through real proxies, by the command itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from crawl4ai_browser.cli.main import run
from crawl4ai_browser.cli.proxy_table import MAX_ROWS, used_proxies
from crawl4ai_browser.crawling.run_report import RunReport
from crawl4ai_browser.proxy_status import ProxyStatus
from crawl4ai_browser.testing.site import Response, SiteServer
from tests import proxy_servers
from tests.cli.conftest import Starter

pytestmark = pytest.mark.timeout(60)  # a browser starts in a second alone on a core, and in ten on a busy machine

SECRET = "canary-password"


@pytest.fixture
def guarded() -> Iterator[SiteServer]:
    with SiteServer() as server:
        server.route("/*", Response.html("<p>text</p>"))
        server.route("/forbidden", Response.html("<p>Robots!</p>", status=403))
        yield server


@pytest.fixture
def listed(tmp_path: Path, guarded: SiteServer) -> Iterator[tuple[Path, list[str]]]:
    """A file with a proxy of each kind of fate, and what names them."""
    path = tmp_path / "proxies.txt"
    with (
        proxy_servers.relaying({"me": SECRET}) as good,
        proxy_servers.relaying({"me": "another"}) as locked,
        proxy_servers.dead() as dead,
    ):
        lines = [
            f"http://me:{SECRET}@127.0.0.1:{good.port} weight=2",
            f"127.0.0.1:{locked.port}:me:{SECRET}  # has another password by now",
            f"socks5://127.0.0.1:{dead.port} tier=1",
            "direct",
        ]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        yield path, [f"127.0.0.1:{each.port}" for each in (good, locked, dead)]
        assert guarded.handler_errors == []


def test_each_proxy_of_a_file_is_checked_and_shown(
    guarded: SiteServer, listed: tuple[Path, list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    path, servers = listed
    assert run(["proxies", "check", str(path), "--url", guarded.url("/page")]) == 1
    output, errors = capsys.readouterr()
    heads, *rows = output.splitlines()
    assert heads.split()[:4] == ["proxy", "verdict", "status", "seconds"]
    assert [row.split()[1:3] for row in rows] == [
        ["works", "200"],
        ["failed", rows[1].split()[2]],
        ["failed", rows[2].split()[2]],
        ["works", "200"],
    ]
    assert [row.split()[0].partition("://")[2].partition("#")[0] or row.split()[0] for row in rows] == [
        *servers,
        "direct",
    ]
    assert rows[1].endswith("407 No")
    assert rows[2].endswith("connection refused")
    assert errors.strip() == "2 of 4 proxies work"
    assert guarded.hit_count("/page") == 2
    assert SECRET not in output + errors


def test_the_statistics_are_values_too(
    guarded: SiteServer, listed: tuple[Path, list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    path, _ = listed
    assert run(["proxies", "check", str(path), "--url", guarded.url("/forbidden"), "--json"]) == 1
    output, errors = capsys.readouterr()
    checks = json.loads(output)
    assert [check["verdict"] for check in checks] == ["blocked", "failed", "failed", "blocked"], errors
    assert [check["status"] for check in checks] == [403, None, None, 403]
    assert checks[1]["error"]["kind"] == "ProxyError"
    good = ProxyStatus.model_validate(checks[0]["statistics"])
    assert (good.requests, good.failures, good.weight, good.connections) == (1, 0, 2.0, 1)
    assert min(good.sent_bytes, good.received_bytes) > 50
    assert good.connect_seconds is not None
    assert good.answer_seconds is not None
    assert ProxyStatus.model_validate(checks[2]["statistics"]).tier == 1
    assert SECRET not in output + errors


def test_a_wrong_list_is_refused_before_anything_starts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "proxies.txt"
    path.write_text(f"127.0.0.1:99999:me:{SECRET}\n", encoding="utf-8")
    assert run(["proxies", "check", str(path)]) == 2
    output, errors = capsys.readouterr()
    assert output == ""
    assert f"line 1 of '{path}'" in errors
    assert SECRET not in errors


def test_a_crawl_tells_of_its_proxies_at_its_end_and_in_its_report(
    start: Starter, site: SiteServer, tmp_path: Path
) -> None:
    with proxy_servers.relaying({"me": SECRET}) as good, proxy_servers.dead() as dead:
        (tmp_path / "list.txt").write_text(f"127.0.0.1:{dead.port}:me:{SECRET}\n127.0.0.1:{good.port}:me:{SECRET}\n")
        process = start(
            *("crawl", site.url("/"), "--max-depth", "1", "--proxy-file", "list.txt"),
            *("--output", "pages.jsonl", "--report", "report", "--verbose"),
        )
        output, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    lines = errors.splitlines()
    heads = next(number for number, line in enumerate(lines) if line.startswith("proxy  "))
    first, second = (line.split() for line in lines[heads + 1 : heads + 3])
    assert first[0].startswith(f"http://127.0.0.1:{dead.port}#")
    assert (first[1], first[-2:]) == ("rests", ["connection", "refused"])
    assert second[0].startswith(f"http://127.0.0.1:{good.port}#")
    assert second[1] == "good"
    assert any(f"http://127.0.0.1:{dead.port}#" in line and "rests for" in line for line in lines[:heads])
    report = RunReport.model_validate_json((tmp_path / "report" / "report.json").read_text(encoding="utf-8"))
    assert [status.last_failure for status in report.proxies] == ["connection refused", ""]
    assert report.proxies[1].requests >= 5, "four pages and robots.txt"
    html = (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
    assert f"http://127.0.0.1:{good.port}#" in html
    files = "".join(path.read_text(encoding="utf-8") for path in tmp_path.rglob("*.json*"))
    assert SECRET not in output + errors + html + files


def test_a_summary_has_no_more_lines_than_are_read() -> None:
    statuses = [ProxyStatus(proxy=f"http://10.0.0.{number}:80", requests=number) for number in range(30)]
    lines = used_proxies(statuses)
    assert len(lines) == MAX_ROWS + 2
    assert lines[1].startswith("http://10.0.0.10:80 ")
    assert lines[-1] == "and 9 more"
    assert used_proxies([ProxyStatus(proxy="http://10.0.0.1:80")]) == []
    assert used_proxies([ProxyStatus(proxy="direct", requests=4)]) == []
