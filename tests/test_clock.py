"""Tests of crawl4ai_browser.clock."""

from __future__ import annotations

import anyio
import pytest

from crawl4ai_browser.clock import call_after

pytestmark = pytest.mark.anyio


async def test_a_call_comes_after_its_time() -> None:
    called = anyio.Event()
    call_after(0.01, called.set)
    assert not called.is_set()
    with anyio.fail_after(10):
        await called.wait()


async def test_a_call_that_is_called_off_never_comes() -> None:
    calls: list[str] = []
    call_off = call_after(0.01, lambda: calls.append("called off"))
    later = anyio.Event()
    call_after(0.05, later.set)
    call_off()
    with anyio.fail_after(10):
        await later.wait()
    assert calls == []
