"""Cassette: records what a crawl is answered, and serves the same crawl from that, without network."""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import Future
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Literal, Self

import anyio
from anyio.abc import SocketAttribute, TaskStatus
from anyio.from_thread import start_blocking_portal

from crawl4ai_browser.clock import SYSTEM_CLOCK
from crawl4ai_browser.config import ContextConfig, CrawlConfig
from crawl4ai_browser.errors import ConfigError
from crawl4ai_browser.proxy import Proxy
from crawl4ai_browser.proxy_pool import ProxyPool
from crawl4ai_browser.testing.cassettes.conversation import Conversation
from crawl4ai_browser.testing.cassettes.deck import Deck, Miss
from crawl4ai_browser.testing.cassettes.fixed_time import fixed_time
from crawl4ai_browser.testing.cassettes.secrets_filter import Secrets
from crawl4ai_browser.testing.cassettes.tape import Tape
from crawl4ai_browser.testing.cassettes.tape_file import read_tape, write_tape

LOOPBACK = "127.0.0.1"

Mode = Literal["none", "once", "new", "all"]
"""What is recorded: nothing; all, where there is no file yet, and else nothing; what is not in the file; all, anew."""

MODES: tuple[Mode, ...] = ("none", "once", "new", "all")

_TIMEZONE = "UTC"
"""Of pages whose configuration names none: that of the machine would be another one elsewhere."""


class Cassette:
    """A file of answers, in use while its `with` block runs.

        with Cassette("crawl.json") as cassette:  # the first time it records, from then on it replays
            results = list(crawl(seeds, cassette.configured(config)))
            cassette.check()

    The browser goes out through it as through a proxy, so it sees documents, scripts, frames, workers, files and
    robots.txt alike. Pages and their workers take the moment of the recording for the present, and draw the same random
    numbers. Over a WebSocket the server's messages come in their order, each after those that the page had sent before
    it. A picture, film or font that a page loads in a replay and did not come to load in the recording is missing
    there, and no more is made of it.
    """

    def __init__(self, path: str | Path, mode: Mode = "once", *, secrets: Collection[str] = ()) -> None:
        """Nothing is read. `secrets`: names of headers, parameters and fields to mask, beside the well-known ones."""
        if mode not in MODES:
            raise ConfigError(f"a cassette's mode is one of {', '.join(MODES)}, not {mode!r}")
        self.path = Path(path)
        self.mode = mode
        self._secret_names = tuple(secrets)
        self._contexts: list[ContextConfig] = []
        self._deck: Deck | None = None
        self._is_discarded = False
        self._port = 0
        self._stack = ExitStack()
        self._serving: Future[None] | None = None

    def __enter__(self) -> Self:
        """Read the file, and be there for browsers.

        Raises:
            ConfigError: there is no such file, and nothing is to be recorded.
            StorageError: it can't be read, or is no cassette.
        """
        tape, exists = self._loaded(SYSTEM_CLOCK.now())
        is_recorded_anew = self.mode == "all" or not exists
        self._deck = Deck(tape, replays=not is_recorded_anew, records=is_recorded_anew or self.mode == "new")
        with ExitStack() as stack:
            portal = stack.enter_context(start_blocking_portal(name="cassette"))
            self._serving, self._port = portal.start_task(self._serve)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_error: object) -> None:
        """End every connection; write what was recorded, unless the block failed.

        Raises:
            StorageError: it can't be written.
        """
        self.stop()
        if kind is None and not self._is_discarded:
            self.save()

    def _loaded(self, now: datetime) -> tuple[Tape, bool]:
        exists = self.path.exists()
        if not exists and self.mode == "none":
            raise ConfigError(f"there is no cassette {self.path}, and mode none records nothing")
        return (read_tape(self.path) if exists and self.mode != "all" else Tape(now)), exists

    def stop(self) -> None:
        """End every connection. What is under way counts as left open."""
        serving, self._serving = self._serving, None
        with self._stack:
            if serving is not None:
                serving.cancel()

    def discard(self) -> None:
        """Write nothing when the block ends: what was recorded is of no use."""
        self._is_discarded = True

    def save(self) -> None:
        """Write what was recorded, if anything was.

        Raises:
            StorageError: it can't be written.
        """
        if self._used.recorded_count or (self._used.records and self._used.tape.unreachable):
            write_tape(self._used.tape, self.path)

    async def _serve(self, *, task_status: TaskStatus[int]) -> None:
        async with await anyio.create_tcp_listener(local_host=LOOPBACK) as listener:
            task_status.started(listener.extra(SocketAttribute.local_port))
            await listener.serve(lambda client: Conversation(client, self._used).run())

    # --- use

    def configured(self, config: CrawlConfig) -> CrawlConfig:
        """The configuration of a crawl that goes through this cassette. A recording goes out by its proxy, if any.

        Raises:
            ConfigError: it has several proxies that take turns, and something may be recorded.
        """
        members = config.proxies.members
        proxy = members[0].proxy if len(members) == 1 else config.context.proxy
        if len(members) > 1 and self._used.records:
            raise ConfigError("a cassette is recorded through one proxy or none, not through several by turns")
        self._used.go_out_as(config, proxy)
        return config.model_copy(update={"context": self.context(config.context), "proxies": ProxyPool()})

    def context(self, context: ContextConfig) -> ContextConfig:
        """The configuration of a session that goes through this cassette. Its secrets are masked."""
        way = Proxy(scheme="socks5", host=LOOPBACK, port=self._port)
        if context.proxy == way:
            return context
        self._contexts.append(context)
        self._used.secrets = Secrets.of(self._contexts, self._secret_names)
        scripts = (fixed_time(self._used.tape.recorded_at), *context.init_scripts)
        return context.model_copy(
            update={
                "proxy": way,
                "ignore_tls_errors": True,  # of the certificates made here; those of servers are looked at here
                "init_scripts": scripts,
                "timezone": context.timezone or _TIMEZONE,
            }
        )

    @property
    def misses(self) -> tuple[Miss, ...]:
        """Requests that were not on it, so far."""
        return tuple(self._used.misses)

    @property
    def is_recording(self) -> bool:
        """Whether requests may go to their servers."""
        return self._used.records

    def check(self) -> None:
        """Fail when something was asked for that is not on it.

        Raises:
            AssertionError: names each such request and the nearest one that is.
        """
        if self.misses:
            lines = [f"  {miss}" for miss in dict.fromkeys(map(str, self.misses))]
            raise AssertionError("\n".join([f"{self.path} (mode {self.mode}):", *lines]))

    @property
    def _used(self) -> Deck:
        if self._deck is None:
            raise ConfigError("a cassette is used inside 'with Cassette(...) as cassette:'")
        return self._deck

    def __repr__(self) -> str:
        """The file, how it is used, and what is on it."""
        return f"<Cassette {self.path} {self.mode} {self._deck.tape if self._deck is not None else 'not in use'}>"
