"""Sink: the protocol of whatever takes results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from crawl4ai_browser.result import CrawlResult

IfExists = Literal["refuse", "append", "overwrite"]
"""What becomes of an output that already holds something. Refusing is the default everywhere: a crawl costs more than
a second thought."""


class Sink(Protocol):
    """Takes results one by one, at least once each: after a crash a result may come again, with the same fingerprint.

    A sink is an async context manager. Entering opens the output; leaving completes it, also after an error or a
    cancel. It is used once.
    """

    async def __aenter__(self) -> Self:
        """Open the output.

        Raises:
            ConfigError: it can't be opened, or exists and may not be touched. Nothing has been changed.
        """
        ...

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        """Complete and close the output.

        Raises:
            SinkError: it could not be completed.
        """
        ...

    async def write(self, result: CrawlResult) -> None:
        """Store the result. When this returns, the result has left this process: a kill doesn't lose it.

        May be called by several tasks at once. A cancelled write is either whole or not there.

        Raises:
            SinkError: it could not be stored; the message names the output.
        """
        ...
