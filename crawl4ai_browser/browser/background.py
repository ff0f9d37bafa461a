"""Start: how the parts of the browser layer run something in the background."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

Start = Callable[[Callable[[], Awaitable[None]]], None]
"""Runs an async function in the pool's own task group, which ends it when the pool closes."""
