"""`SiteServer`: a web site on loopback, in a thread of its own, that behaves or misbehaves as it is told.

HTTP/1.1 by hand over bare sockets, as misbehaviour is the point: a framework that keeps its answers valid can neither
reset a connection in mid body nor announce a wrong length. It needs no package that the crawler does not need itself.
"""

from __future__ import annotations

import inspect
import socket
import traceback
from concurrent.futures import Future
from contextlib import ExitStack, closing
from pathlib import Path
from types import TracebackType
from typing import Self, assert_never

import anyio
import anyio.lowlevel
from anyio.abc import TaskGroup
from anyio.from_thread import start_blocking_portal

from crawl4ai_browser.clock import SYSTEM_CLOCK
from crawl4ai_browser.testing.site_behaviours import Handler
from crawl4ai_browser.testing.site_connection import Connection, accept_waiting, listen
from crawl4ai_browser.testing.site_files import StaticFolder
from crawl4ai_browser.testing.site_requests import KEPT_HITS, BadRequest, Hit, HitLog, RequestHead, parse_head
from crawl4ai_browser.testing.site_responses import End, Repeat, Response, Send, Step, Wait, wire_steps

LOOPBACK = "127.0.0.1"


class SiteServer:
    """Serves a folder and routes while its `with` block runs.

        with SiteServer(folder) as site:
            site.route("/slow", delayed(Response.text("late"), 2))
            ...  # visit site.url("/slow")
            assert site.hit_count("/slow") == 1

    `folder` may be None: then only routes answer. `addresses` are loopback addresses, each its own host to a client,
    all on `port` (0: a free one). `hits` keeps the newest `kept_hits` requests. Leaving the block ends every
    connection, hung ones included, and the thread.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        addresses: tuple[str, ...] = (LOOPBACK,),
        port: int = 0,
        kept_hits: int = KEPT_HITS,
    ) -> None:
        self._files = StaticFolder(folder) if folder is not None else None
        self._addresses = addresses
        self._port = port
        self._log = HitLog(kept_hits)
        self._routes: dict[str, Handler] = {}
        self._prefixes: tuple[tuple[str, Handler], ...] = ()
        self._connections: set[Connection] = set()
        self._handler_errors: list[Exception] = []
        self._stack = ExitStack()
        self._serving: Future[None] | None = None

    def __enter__(self) -> Self:
        if self._serving is not None:
            raise RuntimeError(f"{self!r} runs already")
        with ExitStack() as stack:
            listeners = [stack.enter_context(closing(each)) for each in listen(self._addresses, self._port)]
            self._port = listeners[0].getsockname()[1]
            portal = stack.enter_context(start_blocking_portal(name=f"site-server-{self._port}"))
            self._serving = portal.start_task_soon(self._serve, listeners)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        serving, self._serving = self._serving, None
        if serving is None:
            return
        with self._stack:
            was_running = serving.cancel()
        if not was_running:
            serving.result()  # raises what stopped the server

    def __repr__(self) -> str:
        state = self.origin if self._serving is not None else "stopped"
        routes = len(self._routes) + len(self._prefixes)
        return f"<SiteServer {state} {routes} routes, {len(self._connections)} connections, {self._log.count()} hits>"

    @property
    def port(self) -> int:
        """The port it listens on; 0 before the first start."""
        return self._port

    @property
    def origin(self) -> str:
        """Scheme, host and port of the first address, without a slash at the end."""
        return f"http://{self._addresses[0]}:{self._port}"

    def url(self, path: str = "/", *, address: str | None = None) -> str:
        """The absolute URL of a path (query included), on the first of its addresses or a given one."""
        return f"http://{address or self._addresses[0]}:{self._port}{path}"

    @property
    def hits(self) -> list[Hit]:
        """The requests so far, oldest first; a copy."""
        return self._log.hits()

    def hit_count(self, path: str | None = None) -> int:
        """How many requests came for a path (without its query), or in all. Exact, however many hits are kept."""
        return self._log.count(path)

    def reset_hits(self) -> None:
        """Forget the hits; handlers that count start again."""
        self._log.reset()

    @property
    def handler_errors(self) -> list[Exception]:
        """What handlers raised; each was answered with a 500 and its traceback."""
        return list(self._handler_errors)

    def route(self, path: str, answer: Handler | Response) -> None:
        """Answer a path (as sent, without its query) by a handler or always with one response.

        A path that ends in `*` stands for all that begin with what is before it; an exact path goes first, then the
        longest beginning, then the folder. A route set again replaces the old one, also while the site runs.
        """
        handler: Handler = (lambda hit: answer) if isinstance(answer, Response) else answer
        if not path.startswith("/"):
            raise ValueError(f"a route begins with a slash: {path!r}")
        if not path.endswith("*"):
            self._routes[path] = handler
            return
        prefixes = {**dict(self._prefixes), path[:-1]: handler}
        self._prefixes = tuple(sorted(prefixes.items(), key=lambda item: -len(item[0])))

    async def _serve(self, listeners: list[socket.socket]) -> None:
        try:
            async with anyio.create_task_group() as group:
                for listener in listeners:
                    group.start_soon(self._accept, listener, group)
        finally:
            for connection in self._connections:  # those whose task was cancelled before its first step
                connection.close()
            self._connections.clear()

    async def _accept(self, listener: socket.socket, group: TaskGroup) -> None:
        while True:
            await anyio.wait_readable(listener)
            for connection in accept_waiting(listener):
                self._connections.add(connection)
                group.start_soon(self._converse, connection)

    async def _converse(self, connection: Connection) -> None:
        try:
            with connection:
                while await self._answer_next(connection):
                    pass
        except (OSError, EOFError):
            return  # the client went away, which is its right
        finally:
            self._connections.discard(connection)

    async def _answer_next(self, connection: Connection) -> bool:
        """Whether the connection can be used again."""
        try:
            head_bytes = await connection.read_head()
            if head_bytes is None:
                return False
            head = parse_head(head_bytes)
        except BadRequest as error:
            refusal = Response.text(f"{error.status} {error}", status=error.status)
            await _play(refusal, "GET", connection)
            return False
        hit = await self._receive(head, connection)
        response = await self._respond(hit)
        stays_open = await _play(response, head.method, connection)
        return stays_open and head.keeps_connection

    async def _receive(self, head: RequestHead, connection: Connection) -> Hit:
        body = b""
        if head.body_bytes:
            if head.headers.get("expect", "").lower() == "100-continue":
                await connection.send(b"HTTP/1.1 100 Continue\r\n\r\n")
            body = await connection.read_exactly(head.body_bytes)
        return self._log.record(head, body, at=SYSTEM_CLOCK.monotonic(), remote_port=connection.remote_port)

    async def _respond(self, hit: Hit) -> Response:
        handler = self._handler(hit.path)
        try:
            response = handler(hit)
            return await response if inspect.isawaitable(response) else response
        except Exception as error:  # noqa: BLE001 - a test's own callback: whatever it raises is shown, not lost
            self._handler_errors.append(error)
            return Response.text("".join(traceback.format_exception(error)), status=500)

    def _handler(self, path: str) -> Handler:
        exact = self._routes.get(path)
        if exact is not None:
            return exact
        for prefix, handler in self._prefixes:
            if path.startswith(prefix):
                return handler
        return self._files.answer if self._files is not None else _not_found


def _not_found(hit: Hit) -> Response:
    return Response.text(f"404 Not Found: {hit.path}", status=404)


async def _play(response: Response, method: str, connection: Connection) -> bool:
    """Send an answer step by step; whether the connection can be used again."""
    for number, step in enumerate(wire_steps(response, method=method)):
        if number:  # many steps on a fast client would starve the other connections
            await anyio.lowlevel.checkpoint()
        if isinstance(step, End):
            await _end(step, connection)
            return False
        await _step(step, connection)
    return (response.header("Connection") or "").lower() != "close"


async def _step(step: Step, connection: Connection) -> None:
    match step:
        case Send(data):
            await connection.send(data)
        case Wait(seconds):
            await SYSTEM_CLOCK.sleep(seconds)
        case Repeat() | End():
            raise AssertionError(f"wire_steps leaves no {step!r}")
        case _:
            assert_never(step)


async def _end(end: End, connection: Connection) -> None:
    if end is End.HANG:
        await connection.until_client_closes()
    elif end is End.RESET:
        connection.reset_on_close()
