"""Continues a file whose transfer broke off, by Range requests of the same session."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
from playwright.async_api import Error as PlaywrightError

from crawl4ai_browser.browser.files.intake import storage_verdict
from crawl4ai_browser.browser.files.rules import Verdict
from crawl4ai_browser.browser.files.store import remove

if TYPE_CHECKING:
    from crawl4ai_browser.browser.files.intake import FileIntake, IncomingFile
    from crawl4ai_browser.browser.files.ranged_get import RangedGet

FIRST_DELAY = 1.0
"""Seconds before a broken file is asked for again. Doubles each time."""

RESUMABLE = frozenset({"truncated", "unreachable"})
"""States after which asking again may help."""

_NO_HEAD = frozenset({400, 403, 405, 501})
"""Statuses of servers that answer no HEAD, though they may answer a GET."""


async def resume(ranged: RangedGet, file: IncomingFile, intake: FileIntake, *, verdict: Verdict) -> Path | Verdict:
    """Where the whole file lies, or why it is not to be had: `verdict`, or what was learned since."""
    remaining = file.deadline - intake.clock.monotonic()
    with anyio.move_on_after(max(0.0, remaining)):
        outcome = await _attempts(ranged, file, intake, verdict=verdict)
        answer = ranged.answer
        is_news = isinstance(outcome, Verdict) and outcome.state == "http_error"
        if answer is not None and (is_news or file.origin.status is None):
            file.origin = file.origin._replace(status=answer.status, headers=answer.headers)
        return outcome
    return verdict._replace(reason=f"{verdict.reason}; it could not be continued within {intake.config.timeout:g} s")


async def _attempts(ranged: RangedGet, file: IncomingFile, intake: FileIntake, *, verdict: Verdict) -> Path | Verdict:
    delay = FIRST_DELAY
    for _ in range(intake.config.resume_attempts):
        await intake.clock.sleep(delay)
        delay *= 2
        try:
            newer = await _refusal(ranged, verdict) or await ranged.run(partial(_note, file, intake))
        except PlaywrightError:
            ranged.ask_for_less()
            continue
        except OSError as error:
            return storage_verdict(error)
        if newer is None:
            return ranged.part
        if newer is verdict or newer.state not in RESUMABLE:
            return newer
        # It has changed on the server: from the beginning.
        verdict = newer
        await anyio.to_thread.run_sync(remove, ranged.part)
        ranged.begin_anew()
    return verdict


async def _refusal(ranged: RangedGet, verdict: Verdict) -> Verdict | None:
    """Why the server can't be asked to go on; asked once, by a HEAD request."""
    if ranged.answer is not None:
        return None
    head = await ranged.head()
    if head.status >= 400 and head.status not in _NO_HEAD:
        ranged.answer = head
        return Verdict("http_error", f"the server answered {head.status}")
    if not head.comes_in_pieces:
        return verdict
    ranged.answer = head
    return None


def _note(file: IncomingFile, intake: FileIntake, received_bytes: int, total_bytes: int | None) -> Verdict | None:
    return intake.progress(file, received_bytes=received_bytes, total_bytes=total_bytes)
