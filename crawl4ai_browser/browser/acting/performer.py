"""Performer: performs actions in their order, each under its own deadline, and records what became of each."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import anyio
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeout

from crawl4ai_browser.action_outcome import ActionOutcome
from crawl4ai_browser.actions import (
    Action,
    Actions,
    AnswerDialogs,
    Collect,
    DismissConsent,
    IfPresent,
    RemoveOverlays,
    Repeat,
    RunScript,
    Scroll,
    WaitFor,
    selector_of,
)
from crawl4ai_browser.browser.acting.diagnosis import diagnosis
from crawl4ai_browser.browser.acting.failing import CannotAct
from crawl4ai_browser.browser.acting.input import give_input
from crawl4ai_browser.browser.acting.lists import collect, scroll
from crawl4ai_browser.browser.acting.overlays import dismiss_consent, remove_overlays
from crawl4ai_browser.browser.acting.reach import first_visible
from crawl4ai_browser.browser.acting.scripts import run_script
from crawl4ai_browser.browser.acting.stage import Stage, seconds_left
from crawl4ai_browser.browser.playwright_errors import is_gone, translate
from crawl4ai_browser.errors import ActionFailed, ActionTimeout, FetchError

if TYPE_CHECKING:
    from pydantic import JsonValue

    from crawl4ai_browser.clock import Clock
    from crawl4ai_browser.ready import Predicate, Selector

GRACE_SECONDS = 0.5
"""Beyond an action's deadline, for Playwright to give it up by itself, which leaves nothing half done."""

AT_ONCE = 0.001
"""The deadline of a condition that is looked at, and not waited for."""


class Performer:
    """Performs the actions of one visit."""

    def __init__(self, stage: Stage, clock: Clock, *, can_act: bool = True) -> None:
        """`can_act` False: the page's scripts do not run, without which it can't be acted on."""
        self._stage = stage
        self._can_act = can_act
        self._clock = clock

    async def perform(self, actions: Actions, outcomes: list[ActionOutcome]) -> None:
        """Perform them; each adds its outcome when it is over, however it ends. The page paints meanwhile.

        Raises:
            ActionFailed, ActionTimeout: one of them; those after it were not begun.
            PlaywrightError: the page is gone.
        """
        async with self._stage.page.frames.flowing():
            await self._all(actions, outcomes, first="")

    async def _all(self, actions: Actions, outcomes: list[ActionOutcome], *, first: str) -> None:
        for number, action in enumerate(actions, start=1):
            await self._one(action, f"{first}{number}", outcomes)

    async def _one(self, action: Action, place: str, outcomes: list[ActionOutcome]) -> None:
        started = self._clock.monotonic()
        inner: list[ActionOutcome] = []
        value: JsonValue = None
        error: str | None = "cut short, as the visit ended"
        try:
            value = await self._in_time(action, place, inner)
            if not isinstance(action, WaitFor | Repeat | IfPresent | AnswerDialogs):  # these have waited, or need not
                await self._stage.settle(self._stage.quiet)
            error = None
        except FetchError as failure:
            error = failure.message
            raise
        finally:
            outcomes.append(
                ActionOutcome(
                    action=action.action,
                    place=place,
                    selector=selector_of(action),
                    ok=error is None,
                    seconds=self._clock.monotonic() - started,
                    value=value,
                    error=error,
                    inner=tuple(inner),
                )
            )

    async def _in_time(self, action: Action, place: str, inner: list[ActionOutcome]) -> JsonValue:
        """What the action gives.

        Raises:
            ActionFailed, ActionTimeout: it, or one that it is made of.
            PlaywrightError: the page is gone.
        """
        seconds = min(action.timeout, seconds_left())
        try:
            if not self._can_act:
                raise CannotAct("scripts do not run in this page", blame="user")
            with anyio.fail_after(seconds + GRACE_SECONDS):
                return await self._done(action, place, inner, seconds)
        except (TimeoutError, PlaywrightTimeout) as error:
            told = await self._told(action, place, f"not done within {seconds:.3g} s")
            raise ActionTimeout(told, phase="perform") from error
        except CannotAct as error:
            told = await self._told(action, place, error.reason)
            raise ActionFailed(told, phase="perform", blame=error.blame) from error
        except PlaywrightError as error:
            if is_gone(error):
                raise
            told = await self._told(action, place, translate(error, phase="perform").message)
            raise ActionFailed(told, phase="perform") from error

    async def _told(self, action: Action, place: str, reason: str) -> str:
        """The message of a failure: which action, what it aimed at, why, and how the page is."""
        selector = selector_of(action)
        name = f"{action.action} {selector!r}" if selector is not None else action.action
        return f"{name} (action {place}): {reason}: {await diagnosis(self._stage.page.page, action)}"

    async def _done(self, action: Action, place: str, inner: list[ActionOutcome], seconds: float) -> JsonValue:
        stage = self._stage
        match action:
            case WaitFor():
                await self._wait(action)
            case Repeat():
                return await self._repeat(action, place, inner)
            case IfPresent():
                return await self._if_present(action, place, inner)
            case Scroll():
                return await scroll(stage, action)
            case Collect():
                return await collect(stage, action)
            case DismissConsent():
                return await dismiss_consent(stage, action)
            case RemoveOverlays():
                return await remove_overlays(stage)
            case AnswerDialogs():
                stage.page.answer_dialogs(action)
            case RunScript():
                await stage.begin_input()
                return await run_script(stage.page.page, action)
            case _:
                await stage.begin_input()
                await give_input(stage.page.page, action, seconds=seconds)
        return None

    async def _wait(self, action: WaitFor) -> None:
        report = await self._stage.settle(action.condition)
        if not report.met and report.kind != "quiet":
            raise CannotAct(report.detail or "it did not come")

    async def _repeat(self, action: Repeat, place: str, inner: list[ActionOutcome]) -> JsonValue:
        rounds = 0
        while not (met := await self._holds(action.condition)) and rounds < action.max_rounds:
            rounds += 1
            await self._all(action.actions, inner, first=f"{place}.")
        return {"rounds": rounds, "met": met}

    async def _holds(self, condition: Selector | Predicate | None) -> bool:
        if condition is None:
            return False
        return (await self._stage.settle(condition.model_copy(update={"timeout": AT_ONCE}))).met

    async def _if_present(self, action: IfPresent, place: str, inner: list[ActionOutcome]) -> JsonValue:
        element = first_visible(self._stage.page.page, action.selector, action.frames)
        is_present = await element.is_visible()
        if not is_present and action.wait:
            with suppress(PlaywrightTimeout):
                await element.wait_for(state="visible", timeout=action.wait * 1000)
                is_present = True
        await self._all(action.actions if is_present else action.otherwise, inner, first=f"{place}.")
        return is_present
