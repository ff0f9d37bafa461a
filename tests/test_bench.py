"""The bench's pure parts, and one small round of its own: figures that nobody can trust are worse than none."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import psutil
import pytest

from crawl4ai_browser.testing.site import SiteServer
from scripts.benchmark.bench_site import SCRIPT, SHELL, answers, data, heavy_shell, marker
from scripts.benchmark.measured_round import Measured
from scripts.benchmark.plot import svg
from scripts.benchmark.process_tree import Usage, kind_of
from scripts.benchmark.protocol import Job, Report, marker_of
from scripts.benchmark.report import Target, Verdict, cpu, gathered, ratio, speed, table, verdicts
from scripts.benchmark.running import Workload


def measured(contender: str, cpu_ms: float, **fields: object) -> Measured:
    return Measured(contender, cpu_ms=cpu_ms, pages_per_second=1000 / cpu_ms, kinds_ms={"python": cpu_ms / 4}, **fields)  # type: ignore[arg-type]


def test_marker_is_in_the_data_alone() -> None:
    assert marker(7) == marker_of("http://127.0.0.1:80/page/7")
    assert marker(7) in json.dumps(data(7))
    assert marker(7) not in SHELL + SCRIPT + heavy_shell(7)


def test_heavy_page_names_as_many_pictures_as_it_should() -> None:
    assert heavy_shell(3).count('src="/fresh/3/') == 196


def test_every_route_of_the_site_can_be_served() -> None:
    with SiteServer() as site:
        for path, answer in answers().items():
            site.route(path, answer)
        assert f"{len(answers())} routes" in repr(site)


def test_no_page_is_visited_twice_and_hosts_take_turns() -> None:
    urls = Workload("x", pages=100, hosts=50, warm_up=20).urls(8080, first=1)
    assert len(set(urls)) == 120
    assert len({url.split("/")[2] for url in urls[:50]}) == 50


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (["/usr/bin/python3", "-m", "scripts.benchmark.contenders.ours"], "python"),
        (["/usr/bin/python3", "-c", "from crawl4ai_browser.crawling.content_worker import main"], "content"),
        (["/x/driver/node", "cli.js", "run-driver"], "node"),
        (["/usr/bin/chromium", "--headless", "--remote-debugging-pipe"], "browser"),
        (["/usr/bin/chromium", "--type=renderer", "--lang=en"], "renderer"),
        (["/usr/bin/chromium", "--type=gpu-process"], "gpu"),
        (["/usr/bin/chromium", "--type=utility", "--utility-sub-type=network.mojom.NetworkService"], "network"),
        (["/usr/bin/chromium", "--type=zygote"], "browser"),
    ],
)
def test_processes_are_told_apart_by_their_command_lines(line: list[str], kind: str) -> None:
    assert kind_of(line) == kind


def test_cpu_that_no_look_saw_is_counted_as_short_lived() -> None:
    used = Usage(10.0, {"python": 6.0}).since(Usage(4.0, {"python": 2.0}))
    assert used.total == 6.0
    assert used.by_kind["python"] == 4.0
    assert used.by_kind["short-lived"] == 2.0


def test_ratio_is_taken_within_rounds() -> None:
    rounds = gathered(
        [(0, measured("a", 10)), (0, measured("b", 20)), (1, measured("a", 100)), (1, measured("b", 300))]
        + [(2, measured("a", 50))]
    )
    assert ratio(rounds, cpu, of="b", to="a") == 2.5
    assert ratio(rounds, cpu, of="b", to="nobody") is None


def test_contender_that_lost_pages_has_no_figures() -> None:
    rounds = gathered([(0, measured("a", 10)), (0, measured("b", 1, failure="3 pages wrong"))])
    assert list(rounds) == ["a"]


def test_verdicts_say_what_is_missed() -> None:
    rounds = gathered([(0, measured("ours", 20)), (0, measured("floor", 10))])
    targets = (
        Target("cpu", "one", cpu, "ours", "floor", 1.8, at_most=True),
        Target("speed", "one", speed, "ours", "floor", 0.4, at_most=False),
        Target("elsewhere", "two", cpu, "ours", "floor", 1.8, at_most=True),
    )
    found = verdicts(targets, {"one": rounds})
    assert [(verdict.value, verdict.is_met) for verdict in found] == [(2.0, False), (0.5, True)]
    assert found[0].line().startswith("MISSED")
    assert isinstance(found[0], Verdict)


def test_table_has_a_row_for_each_contender_with_its_ratio() -> None:
    text = table(gathered([(0, measured("floor (raw)", 10)), (0, measured("ours", 25))]), base="floor (raw)")
    assert "| x floor |" in text.splitlines()[0]
    assert "| ours | 40.0 | 25 | 2.50 |" in text


def test_plot_is_well_formed_and_names_everyone() -> None:
    picture = svg("CPU <a page>", gathered([(0, measured("a & b", 10))]))
    words = "".join(ElementTree.fromstring(picture).itertext())
    assert "CPU <a page>" in words
    assert "a & b" in words


def test_page_without_its_marker_is_reported_as_wrong(tmp_path: Path) -> None:
    with (tmp_path / "lines").open("wb") as lines:
        report = Report(Job((), 1, "", report_fd=lines.fileno()))
        report.page("http://x/page/4", f"<p>{marker(4)}</p>")
        report.page("http://x/page/4", f"<p>{marker(5)}</p>")
        report.page("http://x/page/4", f"<p>{marker(4)}</p>", is_complete=False)
    told = [json.loads(line)["right"] for line in (tmp_path / "lines").read_text().splitlines()]
    assert told == [True, False, False]


CONTENDER = """
import subprocess, sys
from scripts.benchmark.protocol import Job, Report, marker_of
job = Job.of_command_line()
burn = "import time\\nwhile time.process_time() < 0.4: pass"
report = Report(job)
for url in job.urls:
    report.page(url, marker_of(url))
    if url.endswith("/1"):  # a child that is dead when the last page is done
        subprocess.run([sys.executable, "-c", burn], check=True)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the bench adopts orphans, which is Linux's")
def test_cpu_of_children_that_have_ended_is_measured(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[1]
    (tmp_path / "contender.py").write_text(CONTENDER)
    Job(("http://x/page/1", "http://x/page/2"), 1, "").save(tmp_path / "job.json")
    plan = {
        "contender": "burner",
        "command": [sys.executable, str(tmp_path / "contender.py")],
        "job_file": str(tmp_path / "job.json"),
        "log_file": str(tmp_path / "log.txt"),
        "page_count": 2,
        "warm_up": 1,
    }
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "scripts.benchmark.measured_round", json.dumps(plan)],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        stdout=subprocess.PIPE,
        check=True,
    )
    figures = Measured(**json.loads(done.stdout))
    assert figures.failure == ""
    assert figures.pages == 2
    # Some of it may be gone by the time that the first page has been read.
    assert 200 <= figures.cpu_ms <= (time.monotonic() - started) * 1000 * (psutil.cpu_count() or 1)
