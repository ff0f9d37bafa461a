"""Run something to its end, whatever is cancelled around it."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

import anyio

T = TypeVar("T")


async def to_the_end(work: Awaitable[T]) -> T:
    """The result of `work`, which is not cancelled with its caller; the cancellation is delivered afterwards.

    For what creates or closes something: cancelled halfway, the driver may have done it and nobody would hold it.
    `work` needs a deadline of its own.
    """
    with anyio.CancelScope(shield=True):
        return await work
    raise AssertionError("a scope that is never cancelled swallows nothing")
