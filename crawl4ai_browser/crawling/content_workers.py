"""ContentWorkers: the processes that render html, seen from the crawl's side.

They are plain child processes over pipes: `multiprocessing` would import the user's main module again in each, which
runs a script that has no `if __name__ == "__main__"` a second time.
"""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio
from anyio.abc import Process, TaskGroup
from anyio.streams.buffered import BufferedByteReceiveStream
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from crawl4ai_browser.crawling.content_messages import LENGTH, ContentJob, Failure, encode
from crawl4ai_browser.errors import ExtractError
from crawl4ai_browser.page_content import Content

_BOOT = (
    "import gc, sys; gc.disable(); "
    "timeout, *path = sys.argv[1:]; sys.path += [entry for entry in path if entry not in sys.path]; "
    "sys.modules.update(dict.fromkeys(['cchardet', 'chardet', 'charset_normalizer'])); "
    "from crawl4ai_browser.crawling.content_worker import main; main(float(timeout))"
)
"""With `-P` instead of `-m`, so that a file `lxml.py` in the current folder is not taken for the library; our own path
comes after the child's, so that it finds this package wherever we found it. The detectors of encodings that
BeautifulSoup looks for are hidden, as all our text is decoded: loading chardet takes a quarter of the start. The
garbage collector rests until all is loaded, as there is none until then."""

_START_TIMEOUT = 60.0
"""Seconds for a process to load its imports: half a second alone on a core, several on a machine that is swamped."""

_END_GRACE = 5.0
"""Seconds for a killed process to be reaped. It takes milliseconds, unless the machine is thrashing."""

_DYING_TIME = 1.0
"""Seconds for a process whose pipe is at its end to be reported as ended. It is not killed before: to send a signal is
to ask for the status first, and whoever waits for it then never sees it."""

_TRIES = 2
"""A worker that is gone when its answer is due may have been dying before the job came, so the job gets another one;
a page that kills two is the cause."""


class WorkerDied(Exception):
    """The process ended, or never answered."""


class _Worker:
    """One process, asked one thing at a time."""

    def __init__(self, process: Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process = process
        self._inbox = process.stdin
        self._outbox = BufferedByteReceiveStream(process.stdout)

    @classmethod
    async def start(cls, timeout: float) -> _Worker:
        """A new process that is ready for a job.

        Raises:
            OSError: no process could be started.
            WorkerDied: it did not get ready.
        """
        command = [sys.executable, "-P", "-c", _BOOT, str(timeout), *filter(None, sys.path)]
        process = await anyio.open_process(
            command,
            stderr=None,  # ours: there is something to read only when the worker can't start
            env={**os.environ, "PYDANTIC_DISABLE_PLUGINS": "__all__"},  # looking for them takes 40 ms
            start_new_session=True,  # an interrupt from the terminal is for the crawl alone
        )
        worker = cls(process)
        try:
            with anyio.fail_after(_START_TIMEOUT):
                await worker._receive()
        except TimeoutError:
            raise WorkerDied(f"was not ready in {_START_TIMEOUT:g} s, and {await worker.close()}") from None
        except WorkerDied:
            raise WorkerDied(await worker.ending()) from None
        except BaseException:
            await worker.close()
            raise
        return worker

    async def ask(self, job: ContentJob) -> Content | Failure:
        """The answer to a job. After an error or a cancel the worker must be closed: its answer is still on the way.

        Raises:
            WorkerDied: there will be no answer.
        """
        try:
            for part in encode(job):
                await self._inbox.send(part)
        except (OSError, anyio.BrokenResourceError) as error:
            raise WorkerDied from error
        reply: Content | Failure = pickle.loads(await self._receive())
        return reply

    async def _receive(self) -> bytes:
        try:
            (length,) = LENGTH.unpack(await self._outbox.receive_exactly(LENGTH.size))
            return await self._outbox.receive_exactly(length)
        except (OSError, anyio.EndOfStream, anyio.IncompleteRead, anyio.BrokenResourceError) as error:
            raise WorkerDied from error

    async def ending(self) -> str:
        """How a process ended that does not answer any more; it is killed if it has not."""
        with anyio.move_on_after(_DYING_TIME, shield=True):
            await self._process.wait()
        return await self.close()

    async def close(self) -> str:
        """Kill it, and say how it ended."""
        with anyio.move_on_after(_END_GRACE, shield=True):
            status = self._process.returncode
            if status is None:
                self._process.kill()
            await self._process.aclose()
        return _how_it_ended(self._process.returncode)


def _how_it_ended(status: int | None) -> str:
    if status is None:
        return "did not end"
    if status < 0:
        return f"was killed by signal {-status}" + (" (out of memory?)" if status == -9 else "")
    return f"ended with exit status {status}"


@dataclass(eq=False)
class _Question:
    """A job on its way: whoever asks waits for `done`, and takes the reply if it is still there to take it."""

    job: ContentJob
    done: anyio.Event = field(default_factory=anyio.Event)
    reply: Content | ExtractError | None = None
    is_abandoned: bool = False


class ContentWorkers:
    """A renderer in worker processes, first come first served. They start with the first job, or with `warm`."""

    def __init__(self, tasks: TaskGroup, *, count: int, timeout: float) -> None:
        self._tasks = tasks
        self._count = count
        self._timeout = timeout
        self._is_started = False
        self._busy_count = 0
        # No buffer: a job waits with whoever asks, so a cancel takes it out of the queue by itself.
        self._questions: MemoryObjectSendStream[_Question]
        self._incoming: MemoryObjectReceiveStream[_Question]
        self._questions, self._incoming = anyio.create_memory_object_stream[_Question](0)

    @classmethod
    @asynccontextmanager
    async def open(cls, *, count: int, timeout: float) -> AsyncGenerator[ContentWorkers]:
        """Up to `count` processes, each given `timeout` seconds a page. All are gone afterwards."""
        async with anyio.create_task_group() as tasks:
            workers = cls(tasks, count=count, timeout=timeout)
            try:
                yield workers
            finally:
                tasks.cancel_scope.cancel()
                workers._questions.close()
                workers._incoming.close()

    def warm(self) -> None:
        """Start the processes now, in the background."""
        if self._is_started:
            return
        self._is_started = True
        for _ in range(self._count):
            self._tasks.start_soon(self._work)

    async def render(self, job: ContentJob) -> Content:
        """The content of one document. A cancelled call leaves its worker fit for the next.

        Raises:
            ExtractError: rendering failed, took too long, or killed its worker.
        """
        self.warm()
        question = _Question(job)
        try:
            await self._questions.send(question)
            await question.done.wait()
        except BaseException:
            question.is_abandoned = True
            raise
        if isinstance(question.reply, Content):
            return question.reply
        raise question.reply or ExtractError("the content workers were closed", phase="content")

    async def _work(self) -> None:
        """The life of one place for a worker: whenever its process is lost, the next job gets another."""
        worker: _Worker | None = None
        try:
            worker, _ = await self._started()
            async for question in self._incoming:
                if question.is_abandoned:
                    continue
                self._busy_count += 1
                worker, question.reply = await self._answer(worker, question.job)
                self._busy_count -= 1
                question.done.set()
        finally:
            if worker is not None:
                await worker.close()

    async def _answer(self, worker: _Worker | None, job: ContentJob) -> tuple[_Worker | None, Content | ExtractError]:
        """The reply to a job, and the worker that is left for the next one."""
        ending = ""
        for _ in range(_TRIES):
            if worker is None:
                worker, ending = await self._started()
            if worker is None:
                continue
            try:
                with anyio.fail_after(self._timeout):
                    reply = await worker.ask(job)
            except WorkerDied:
                ending = await worker.ending()
                worker = None
            except TimeoutError:
                await worker.close()
                message = f"the content of {len(job.html)} characters of html was not ready in {self._timeout:g} s"
                return None, ExtractError(message, phase="content", blame="us")
            except BaseException:
                await worker.close()
                raise
            else:
                return worker, reply if isinstance(reply, Content) else _as_error(reply)
        return None, ExtractError(f"the content worker {ending}", phase="content", blame="machine")

    async def _started(self) -> tuple[_Worker | None, str]:
        """A worker, or why there is none: no memory, no room for a process, a broken installation."""
        try:
            return await _Worker.start(self._timeout), ""
        except OSError as error:
            return None, f"could not be started: {error}"
        except WorkerDied as error:
            return None, f"could not be started: it {error}"

    def __repr__(self) -> str:
        """How many there are and work."""
        count = self._count if self._is_started else 0
        return f"<ContentWorkers {self._busy_count} busy of {count}>"


def _as_error(failure: Failure) -> ExtractError:
    return ExtractError(failure.message, phase="content", blame="us")
