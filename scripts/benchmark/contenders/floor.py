"""The floor: the DevTools protocol over a pipe, frames on demand, one kept tab for each worker, and nothing else.

It waits and reads in one evaluation. No errors, no redirects, no downloads, no isolation: what a page costs at least.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import tempfile
from collections import deque
from typing import Any

from scripts.benchmark.protocol import READY_SELECTOR, Job, Report

SWITCHES = (
    "--headless",
    "--no-sandbox",
    "--remote-debugging-pipe",
    "--disable-gpu",
    "--mute-audio",
    "--no-first-run",
    "--hide-scrollbars",
    "--disable-extensions",
    "--disable-component-update",
    "--disable-background-networking",
    "--enable-begin-frame-control",
    "--run-all-compositor-stages-before-draw",
)

WAIT_AND_READ = f"""new Promise((resolve) => {{
  const look = () => document.querySelector({json.dumps(READY_SELECTOR)}) !== null;
  const read = () => resolve(document.documentElement.outerHTML);
  if (look()) return read();
  const observer = new MutationObserver(() => {{ if (look()) {{ observer.disconnect(); read(); }} }});
  observer.observe(document, {{ childList: true, subtree: true }});
}})"""


class Pipe:
    """Commands out, their answers in, over two descriptors. Events are read and dropped."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.WriteTransport) -> None:
        self._reader = reader
        self._writer = writer
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._number = 0

    async def send(self, method: str, session: str | None = None, **parameters: object) -> dict[str, Any]:
        """The result of a command."""
        self._number += 1
        message: dict[str, object] = {"id": self._number, "method": method, "params": parameters}
        if session is not None:
            message["sessionId"] = session
        answer = self._answers[self._number] = asyncio.get_running_loop().create_future()
        self._writer.write(json.dumps(message).encode() + b"\0")
        result: dict[str, Any] = await answer
        return result

    async def read(self) -> None:
        """Hand out answers until the browser ends."""
        while True:
            try:
                message = json.loads((await self._reader.readuntil(b"\0"))[:-1])
            except asyncio.IncompleteReadError:
                return
            if (answer := self._answers.pop(message.get("id"), None)) is not None:
                answer.set_result(message.get("result", {}))


async def visit(pipe: Pipe, urls: deque[str], report: Report) -> None:
    """Visit URLs in one tab until there are none."""
    target = await pipe.send("Target.createTarget", url="about:blank", enableBeginFrameControl=True)
    attached = await pipe.send("Target.attachToTarget", targetId=target["targetId"], flatten=True)
    session = str(attached["sessionId"])
    while urls:
        url = urls.popleft()
        await pipe.send("Page.navigate", session, url=url)
        answer = await pipe.send(
            "Runtime.evaluate", session, expression=WAIT_AND_READ, awaitPromise=True, returnByValue=True
        )
        report.page(url, answer.get("result", {}).get("value"))


async def run(job: Job) -> None:
    """Start the browser, visit everything, end the browser."""
    to_browser, from_us = os.pipe()
    to_us, from_browser = os.pipe()
    profile = tempfile.mkdtemp(prefix="bench-floor-")
    # The shell puts the ends where Chromium looks for them (3 reads, 4 writes).
    command = f'exec "$0" "$@" 3<&{to_browser} 4>&{from_browser}'
    browser = await asyncio.create_subprocess_exec(
        "bash", "-c", command, job.executable, *SWITCHES, *job.options, f"--user-data-dir={profile}",
        pass_fds=(to_browser, from_browser), stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    os.close(to_browser)
    os.close(from_browser)
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=2**26)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(to_us, "rb"))
    writer, _ = await loop.connect_write_pipe(asyncio.Protocol, os.fdopen(from_us, "wb"))
    pipe, urls, report = Pipe(reader, writer), deque(job.urls), Report(job)
    reading = asyncio.create_task(pipe.read())
    await asyncio.gather(*(visit(pipe, urls, report) for _ in range(job.concurrency)))
    await pipe.send("Browser.close")
    await browser.wait()
    await reading
    shutil.rmtree(profile, ignore_errors=True)


if __name__ == "__main__":
    asyncio.run(run(Job.of_command_line()))
