"""ActionOutcome: what became of an action, and whether it may be done again."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import JsonValue

from crawl4ai_browser.frozen import Frozen, PageText

HARMLESS = frozenset(
    {"hover", "scroll", "wait_for", "dismiss_consent", "remove_overlays", "answer_dialogs", "repeat", "if_present"}
)
"""What may be done again on the same page as often as one likes; of the last two, what they are made of decides."""


class ActionOutcome(Frozen):
    """What became of one action."""

    action: str
    """As in `Action`: click, fill, repeat, ..."""
    place: str
    """Which of them, from 1; `3.2` is the second of the actions in the third."""
    selector: PageText | None = None
    """What it aimed at."""
    ok: bool
    seconds: float
    value: JsonValue = None
    """What a script gave, and what others say of themselves."""
    error: PageText | None = None
    """Why it failed, and the state of the page."""
    inner: tuple[ActionOutcome, ...] = ()
    """Of the actions it is made of, in the order in which they were performed."""


def may_be_repeated(outcomes: Iterable[ActionOutcome]) -> bool:
    """Whether nothing was begun that may have changed something at the site: an order placed, a message sent."""
    return all(outcome.action in HARMLESS and may_be_repeated(outcome.inner) for outcome in outcomes)
