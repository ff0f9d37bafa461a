from __future__ import annotations

import os
import signal
import sys

import anyio
import pytest

from crawl4ai_browser.cli.exit_codes import ExitCode, of_signal
from crawl4ai_browser.cli.interrupts import Interrupts

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="event loops receive no signals there")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_the_first_signal_asks_for_an_end_and_the_block_goes_on(number: signal.Signals) -> None:
    interrupts = Interrupts()
    asked = anyio.Event()
    async with interrupts.watched(lambda _: asked.set()):
        os.kill(os.getpid(), number)
        await asked.wait()
    assert interrupts.first == number
    assert repr(interrupts) == f"<Interrupts {number.name}>"


async def test_the_second_signal_stops_the_block() -> None:
    interrupts = Interrupts()
    asked = anyio.Event()
    has_stopped = False
    async with interrupts.watched(lambda _: asked.set()):
        os.kill(os.getpid(), signal.SIGINT)
        await asked.wait()
        os.kill(os.getpid(), signal.SIGTERM)
        try:
            await anyio.sleep_forever()
        finally:
            has_stopped = True
    assert has_stopped
    assert interrupts.first == signal.SIGINT


async def test_after_the_block_signals_have_their_usual_effect() -> None:
    before = signal.getsignal(signal.SIGTERM)
    async with Interrupts().watched(lambda _: None):
        pass
    assert signal.getsignal(signal.SIGTERM) == before


async def test_an_error_of_the_block_comes_out_as_it_is() -> None:
    async def fail() -> None:
        async with Interrupts().watched(lambda _: None):
            raise KeyError("mine") from ZeroDivisionError()

    with pytest.raises(KeyError, match="mine") as caught:
        await fail()
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_exit_codes_are_those_of_shells() -> None:
    assert of_signal(signal.SIGINT) == ExitCode.INTERRUPTED
    assert of_signal(signal.SIGTERM) == 143
