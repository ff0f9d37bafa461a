from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import psutil
import pytest

from crawl4ai_browser.config import ContentConfig
from crawl4ai_browser.crawling import content_workers
from crawl4ai_browser.crawling.content_messages import ContentJob
from crawl4ai_browser.crawling.content_workers import ContentWorkers
from crawl4ai_browser.errors import ExtractError

ROOT = Path(__file__).parents[2]

# A worker like the real one, whose pages say what happens to it.
PROGRAM = """
import os, sys, time
timeout, *path = sys.argv[1:]
sys.path += path
from crawl4ai_browser.crawling import content_worker
from crawl4ai_browser.page_content import Content

def render(document, config):
    word, _, rest = document.html.partition(" ")
    if word == "die":
        os._exit(7)
    if word == "hang":
        time.sleep(1000)
    if word == "wait":
        time.sleep(float(rest))
    if word == "raise":
        raise ValueError(rest)
    if word == "print":
        print(rest, flush=True)
        os.write(1, rest.encode())
    return Content(markdown=document.html, text=str(os.getpid()))

content_worker.render = render
content_worker._ALARM_MARGIN = 0.1
content_worker.main(float(timeout))
"""


def job(html: str, config: ContentConfig | None = None) -> ContentJob:
    return ContentJob(html=html, url="https://a.test/", base_url=None, config=config or ContentConfig())


def worker_processes() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "content_worker" in " ".join(child.cmdline())]


@pytest.fixture
async def workers(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ContentWorkers]:
    """One worker, as a second would make the order of things a matter of luck."""
    monkeypatch.setattr(content_workers, "_BOOT", PROGRAM)
    async with ContentWorkers.open(count=1, timeout=10.0) as workers:
        yield workers


async def test_a_page_is_rendered() -> None:
    async with ContentWorkers.open(count=1, timeout=10.0) as workers:
        content = await workers.render(job('<h1>Hello</h1><p>a <a href="/b">link</a></p>'))
    assert content.markdown is not None
    assert "# Hello" in content.markdown
    assert [link.url for link in content.links] == ["https://a.test/b"]


async def test_processes_start_with_the_first_page_and_are_gone_at_the_end(workers: ContentWorkers) -> None:
    assert (worker_processes(), repr(workers)) == ([], "<ContentWorkers 0 busy of 0>")
    await workers.render(job("one"))
    await workers.render(job("two"))
    assert len(worker_processes()) == 1
    assert repr(workers) == "<ContentWorkers 0 busy of 1>"


async def test_there_are_as_many_processes_as_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content_workers, "_BOOT", PROGRAM)
    pids: set[str | None] = set()

    async def render() -> None:
        pids.add((await pool.render(job("wait 0.3"))).text)

    async with ContentWorkers.open(count=2, timeout=10.0) as pool, anyio.create_task_group() as tasks:
        for _ in range(4):
            tasks.start_soon(render)
    assert len(pids) == 2


async def test_pages_are_rendered_first_come_first_served(workers: ContentWorkers) -> None:
    order: list[int] = []

    async def render(number: int) -> None:
        await workers.render(job(f"page {number}"))
        order.append(number)

    async with anyio.create_task_group() as tasks:
        for number in range(10):
            tasks.start_soon(render, number)
    assert order == list(range(10))


async def test_a_page_that_kills_its_worker_fails_alone(workers: ContentWorkers) -> None:
    with pytest.raises(ExtractError, match="ended with exit status 7") as caught:
        await workers.render(job("die"))
    assert (caught.value.phase, caught.value.blame) == ("content", "machine")
    assert (await workers.render(job("next"))).markdown == "next"


async def test_a_page_that_hangs_costs_its_deadline_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content_workers, "_BOOT", PROGRAM)
    async with ContentWorkers.open(count=1, timeout=1.5) as workers:
        first = (await workers.render(job("first"))).text
        with pytest.raises(ExtractError, match="content of 4 characters of html was not ready in 1.5 s"):
            await workers.render(job("hang"))
        second = await workers.render(job("second"))
        assert len(worker_processes()) == 1
    assert second.markdown == "second"
    assert second.text != first


async def test_a_page_whose_worker_was_killed_before_it_came_is_rendered_by_another(workers: ContentWorkers) -> None:
    pid = (await workers.render(job("first"))).text
    assert pid is not None
    os.kill(int(pid), signal.SIGKILL)
    second = await workers.render(job("second"))
    assert second.markdown == "second"
    assert second.text != pid


async def test_a_page_that_makes_rendering_raise_keeps_its_worker(workers: ContentWorkers) -> None:
    pid = (await workers.render(job("first"))).text
    with pytest.raises(ExtractError, match="ValueError: too deep"):
        await workers.render(job("raise too deep"))
    assert (await workers.render(job("next"))).text == pid


async def test_the_answer_to_a_cancelled_page_is_given_to_nobody(workers: ContentWorkers) -> None:
    pid = (await workers.render(job("first"))).text
    with anyio.move_on_after(0.1) as scope:
        await workers.render(job("wait 0.4"))
    assert scope.cancelled_caught
    after = await workers.render(job("after"))
    assert (after.markdown, after.text) == ("after", pid)


async def test_a_page_cancelled_in_the_queue_is_not_rendered(workers: ContentWorkers) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(workers.render, job("wait 0.3"))
        await anyio.wait_all_tasks_blocked()
        with anyio.move_on_after(0.05):
            await workers.render(job("die"))
    assert (await workers.render(job("next"))).markdown == "next"


async def test_what_a_page_makes_the_worker_print_does_not_disturb_it(workers: ContentWorkers) -> None:
    assert (await workers.render(job("print noise"))).markdown == "print noise"
    assert (await workers.render(job("next"))).markdown == "next"


async def test_an_interrupt_from_the_terminal_does_not_reach_the_workers(workers: ContentWorkers) -> None:
    pid = (await workers.render(job("first"))).text
    assert pid is not None
    assert os.getpgid(int(pid)) != os.getpgid(0)
    os.kill(int(pid), signal.SIGINT)
    assert (await workers.render(job("next"))).text == pid


async def test_a_big_page_comes_through_whole(workers: ContentWorkers) -> None:
    html = "big " + "ä€𝄞 " * 2_000_000
    assert (await workers.render(job(html))).markdown == html


async def test_files_in_the_current_folder_are_not_taken_for_libraries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lxml.py").write_text("raise SystemExit('the wrong lxml')")
    monkeypatch.chdir(tmp_path)
    async with ContentWorkers.open(count=1, timeout=10.0) as workers:
        assert (await workers.render(job("<p>right</p>"))).markdown == "right"


async def test_a_machine_without_room_for_a_process_fails_the_page(
    workers: ContentWorkers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    with pytest.raises(ExtractError, match="could not be started"):
        await workers.render(job("first"))
    monkeypatch.undo()


PARENT = """
import sys, anyio
from crawl4ai_browser.crawling import content_workers
from tests_program import PROGRAM, job

content_workers._BOOT = PROGRAM

async def main():
    async with content_workers.ContentWorkers.open(count=1, timeout=1.0) as workers:
        print((await workers.render(job("first"))).text, flush=True)
        async with anyio.create_task_group() as tasks:
            if sys.argv[1] == "busy":
                tasks.start_soon(workers.render, job("hang"))
            await anyio.sleep_forever()

anyio.run(main)
"""


@pytest.mark.parametrize("state", ["idle", "busy"])
def test_workers_do_not_outlive_a_crawl_that_was_killed(tmp_path: Path, state: str) -> None:
    (tmp_path / "tests_program.py").write_bytes(Path(__file__).read_bytes())
    (tmp_path / "parent.py").write_text(PARENT)
    env = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}"}
    command = [sys.executable, str(tmp_path / "parent.py"), state]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env) as parent:
        assert parent.stdout is not None
        worker = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    assert psutil.wait_procs([worker], timeout=5.0)[1] == []


def test_a_script_without_a_main_guard_runs_once(tmp_path: Path) -> None:
    script = tmp_path / "ten_lines.py"
    script.write_text(
        textwrap.dedent(
            """
            import crawl4ai_browser
            from crawl4ai_browser.testing.scripted_fetcher import ScriptedFetcher

            print("starting")
            fetcher = ScriptedFetcher({"https://a.test/": "<h1>Hello</h1>"})
            for result in crawl4ai_browser.crawl("https://a.test/", fetcher=fetcher):
                print(result.markdown)
            """
        )
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, env=env, timeout=50, check=False)
    assert (done.stdout.split("\n"), done.stderr) == (["starting", "# Hello", ""], "")
