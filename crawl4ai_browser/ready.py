"""Ready: the moment at which a page is fit to be acted on and read, as values."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from crawl4ai_browser.frozen import Frozen


class Quiet(Frozen):
    """The DOM and the page's own requests have been still for a while after DOMContentLoaded. The default.

    Not being met within `cap` is no error: pages that poll for ever are read as they stand, with `ready.met` False.
    """

    kind: Literal["quiet"] = "quiet"
    stillness: float = Field(default=0.1, gt=0)
    """Seconds without a DOM change, a pending fetch/XHR or a pending script. 0.1 is longer than the gaps between a
    response and the render it causes in the common frameworks (one or two tasks), so it rarely ends too early."""
    cap: float = Field(default=8.0, gt=0)
    """Seconds after DOMContentLoaded at which the page is read whatever it still does."""


class Selector(Frozen):
    """A CSS selector matches an element. Not in time: `ReadyTimeout`, with the html kept."""

    kind: Literal["selector"] = "selector"
    css: str
    state: Literal["attached", "visible", "absent"] = "attached"
    timeout: float = Field(default=15.0, gt=0)
    """Seconds after DOMContentLoaded."""


class Predicate(Frozen):
    """A JavaScript expression, or a function without arguments, gives something truthy. Not in time: `ReadyTimeout`."""

    kind: Literal["predicate"] = "predicate"
    script: str
    timeout: float = Field(default=15.0, gt=0)
    """Seconds after DOMContentLoaded."""


class Load(Frozen):
    """The `load` event has fired: all that the document named has arrived."""

    kind: Literal["load"] = "load"
    timeout: float = Field(default=30.0, gt=0)


class DomContentLoaded(Frozen):
    """The document is parsed and its deferred scripts have run. The fastest; sees no data fetched later."""

    kind: Literal["domcontentloaded"] = "domcontentloaded"


class Delay(Frozen):
    """A fixed time after DOMContentLoaded."""

    kind: Literal["delay"] = "delay"
    seconds: float = Field(ge=0)


Ready = Annotated[
    Quiet | Selector | Predicate | Load | DomContentLoaded | Delay,
    Field(discriminator="kind"),
]
