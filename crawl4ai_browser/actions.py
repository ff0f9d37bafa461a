"""Actions: what is done on a page before it is read, as values.

    Request(url=..., actions=(Click("#more"), WaitFor("li:nth-child(20)")))
    CrawlConfig(actions=(DismissConsent(),))

Input is real: Playwright moves the mouse and presses the keys, and waits until the element is visible, enabled, at rest
and not covered. After each action the page is left to become quiet before the next, so what it has brought is there.
Each has its own deadline and its own outcome in `CrawlResult.actions`. The first that fails ends them: the page is then
read as it stands, and the result's error (`ActionFailed`, `ActionTimeout`) names the action, its selector and the state
of the page. They are not begun on a page that answered 4xx or 5xx.
"""

from dataclasses import field
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field, JsonValue, StringConstraints
from pydantic.dataclasses import dataclass

from crawl4ai_browser.ready import Delay, DomContentLoaded, Predicate, Quiet, Ready, Selector
from crawl4ai_browser.targets import PageCss, Target, check_page_css
from crawl4ai_browser.transforms import STRICT

ELEMENT_SECONDS = 10.0
"""The deadline of one step: an element that is not there by then will not come."""

LIST_SECONDS = 60.0
"""The deadline of what has many steps. The visit's own (`VisitConfig.timeout`) may be nearer, and then holds."""


Seconds = Annotated[float, Field(gt=0)]


def _checked_ready(ready: Ready | str | None) -> Ready | str | None:
    if isinstance(ready, Selector):
        check_page_css(ready.css)
    return ready


@dataclass(frozen=True, kw_only=True, config=STRICT)
class _Step:
    """What is done with one element, or once."""

    timeout: Seconds = ELEMENT_SECONDS
    """Seconds for it, waiting for its element included."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class _OnElement(_Step):
    frames: tuple[Target, ...] = ()
    """The frames in which the element lies, the outermost first."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class _Many:
    """What has many steps."""

    timeout: Seconds = LIST_SECONDS
    """Seconds for all of it."""


Modifier = Literal["Alt", "Control", "ControlOrMeta", "Meta", "Shift"]


@dataclass(frozen=True, config=STRICT)
class Click(_OnElement):
    """A click: on a button, a link, a tab. Where it leads to another document, that is waited for."""

    selector: Target
    button: Literal["left", "middle", "right"] = field(default="left", kw_only=True)
    modifiers: tuple[Modifier, ...] = field(default=(), kw_only=True)
    action: Literal["click"] = field(default="click", kw_only=True, repr=False)


@dataclass(frozen=True, config=STRICT)
class DoubleClick(_OnElement):
    """Two clicks, as one double click."""

    selector: Target
    action: Literal["double_click"] = field(default="double_click", kw_only=True, repr=False)


@dataclass(frozen=True, config=STRICT)
class Hover(_OnElement):
    """The mouse over an element: for menus that open so."""

    selector: Target
    action: Literal["hover"] = field(default="hover", kw_only=True, repr=False)


@dataclass(frozen=True, config=STRICT)
class Fill(_OnElement):
    """A text in an input, in the place of what was there, at once. Its value shows in no message."""

    selector: Target
    value: str = field(repr=False)
    action: Literal["fill"] = field(default="fill", kw_only=True, repr=False)


@dataclass(frozen=True, config=STRICT)
class Type(_OnElement):
    """A text typed key by key, where the caret is: for inputs that look at each key. It shows in no message."""

    selector: Target
    text: str = field(repr=False)
    pause: Annotated[float, Field(ge=0)] = field(default=0.0, kw_only=True)
    """Seconds between two keys."""
    action: Literal["type"] = field(default="type", kw_only=True, repr=False)


@dataclass(frozen=True, config=STRICT)
class Press(_OnElement):
    """A key: `Enter`, `ArrowDown`, `Control+A`, as Playwright names them."""

    key: Annotated[
        str, StringConstraints(pattern=r"^((Alt|Control|ControlOrMeta|Meta|Shift)\+)*([A-Z][A-Za-z0-9]+|.)$")
    ]
    selector: Target | None = None
    """Where. None: in the element that has the focus."""
    action: Literal["press"] = field(default="press", kw_only=True, repr=False)


@dataclass(frozen=True, config=STRICT)
class Select(_OnElement):
    """Options of a `<select>`, by value or label; of one that takes several, these and no others."""

    selector: Target
    options: str | tuple[str, ...]
    action: Literal["select"] = field(default="select", kw_only=True, repr=False)

    @property
    def wanted(self) -> tuple[str, ...]:
        """`options`, also where it is one."""
        return (self.options,) if isinstance(self.options, str) else self.options


@dataclass(frozen=True, config=STRICT)
class Check(_OnElement):
    """A checkbox or radio button checked, or not; nothing where it is so already."""

    selector: Target
    checked: bool = field(default=True, kw_only=True)
    action: Literal["check"] = field(default="check", kw_only=True, repr=False)


@dataclass(frozen=True, config=STRICT)
class Upload(_OnElement):
    """Files for an `<input type=file>`, which is often hidden behind a button; or for what opens a file chooser."""

    selector: Target
    files: Path | tuple[Path, ...]
    """In a file of actions, relative paths begin at its folder."""
    action: Literal["upload"] = field(default="upload", kw_only=True, repr=False)

    @property
    def paths(self) -> tuple[Path, ...]:
        """`files`, also where it is one."""
        return self.files if isinstance(self.files, tuple) else (self.files,)


@dataclass(frozen=True, config=STRICT)
class Drag(_OnElement):
    """An element dragged onto another, by the mouse."""

    selector: Target
    to: Target
    action: Literal["drag"] = field(default="drag", kw_only=True, repr=False)


@dataclass(frozen=True, config=STRICT)
class Scroll(_Many):
    """The page scrolled down, or what scrolls within it: a view at a time, so that what loads when it is seen does.

    `nothing_new` goes on at the end for as long as more comes; `end` stops there. A feed without an end is bounded by
    `times`. Its value is the number of steps.
    """

    until: Literal["nothing_new", "end"] = "nothing_new"
    times: Annotated[int, Field(ge=1)] | None = field(default=None, kw_only=True)
    """Views at most. None: as many as it takes."""
    within: PageCss | None = field(default=None, kw_only=True)
    """The element that scrolls. None: the page."""
    action: Literal["scroll"] = field(default="scroll", kw_only=True, repr=False)


@dataclass(frozen=True, config=STRICT)
class WaitFor:
    """Something that must come, as for `VisitConfig.ready`, whose own deadline holds; text is CSS that gets visible."""

    ready: Annotated[Ready | PageCss, AfterValidator(_checked_ready)]
    action: Literal["wait_for"] = field(default="wait_for", kw_only=True, repr=False)

    @property
    def condition(self) -> Ready:
        """`ready`, also where it is text."""
        return Selector(css=self.ready, state="visible") if isinstance(self.ready, str) else self.ready

    @property
    def timeout(self) -> float:
        """Seconds for it: those of the condition, and some to be told of it."""
        match self.condition:
            case Quiet(cap=seconds) | Delay(seconds=seconds):
                return seconds + ELEMENT_SECONDS
            case DomContentLoaded():
                return ELEMENT_SECONDS
            case condition:
                return condition.timeout + ELEMENT_SECONDS


@dataclass(frozen=True, config=STRICT)
class RunScript(_Step):
    """JavaScript in the page: an expression, or a function, which gets `args`. Its value is in the outcome.

    Arguments travel as JSON and are never part of the script's text. The value is what `JSON.stringify` makes of it:
    0, "" and null stay what they are. Promises are awaited.
    """

    script: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
    args: tuple[JsonValue, ...] = field(default=(), repr=False)
    frames: tuple[Target, ...] = field(default=(), kw_only=True)
    """The frames in which it runs, the outermost first."""
    action: Literal["run_script"] = field(default="run_script", kw_only=True, repr=False)


@dataclass(frozen=True, config=STRICT)
class Repeat(_Many):
    """Actions again and again: `Repeat((Click("#more"),), until="#more")` clicks a button away.

    What `until` says is looked at before each round. Its value is the number of rounds, and whether that came: after
    `max_rounds` it ends without an error.
    """

    actions: Annotated[tuple["_AnyAction", ...], Field(min_length=1)]
    until: Annotated[Selector | Predicate | PageCss | None, AfterValidator(_checked_ready)] = None
    """A `ready.Selector` or `ready.Predicate`, without its deadline. Text is CSS of what must be gone. None: never."""
    max_rounds: Annotated[int, Field(ge=1)] = field(default=100, kw_only=True)
    action: Literal["repeat"] = field(default="repeat", kw_only=True, repr=False)

    @property
    def condition(self) -> Selector | Predicate | None:
        """`until`, also where it is text."""
        return Selector(css=self.until, state="absent") if isinstance(self.until, str) else self.until


@dataclass(frozen=True, config=STRICT)
class IfPresent(_Many):
    """Actions for a page on which something is visible, and others for one on which it is not."""

    selector: Target
    actions: tuple["_AnyAction", ...] = ()
    otherwise: tuple["_AnyAction", ...] = field(default=(), kw_only=True)
    wait: Annotated[float, Field(ge=0)] = field(default=0.0, kw_only=True)
    """Seconds it may take to come. The page is quiet by then, so most is there already."""
    frames: tuple[Target, ...] = field(default=(), kw_only=True)
    action: Literal["if_present"] = field(default="if_present", kw_only=True, repr=False)


Key = Annotated[str, StringConstraints(pattern=r"^[^@]*@[A-Za-z_][\w:.-]*$")]


@dataclass(frozen=True, config=STRICT)
class Collect(_Many):
    """All items of a list that never holds them all at once: kept as they come by, and put into the html that is read.

    A virtualised list replaces its nodes while it is scrolled, and a list with pages replaces them at each click, so
    whatever is read in the end has the last few items alone. Doing this by repeated reading would leave the joining to
    everybody who looks at the result; so it is an action that keeps each item's own html under its key, and when the
    page is read puts all of them, in their order, in the place of those that are shown: html, Markdown, links and
    `items` are then those of the whole list. The page itself is not changed, as its script may still be at work on it.

    The list is scrolled from its beginning, a view at a time with an overlap; where two views in a row have no item in
    common, it is gone back. Items that can be told apart neither by `key` nor by their position (`aria-posinset`,
    `aria-rowindex`, `data-index`) nor by their content are one. The action's value is the number of items.
    """

    selector: PageCss
    """The items, outside of shadow roots and frames."""
    key: Key | None = None
    """What tells items apart: an attribute of theirs (`@data-id`), or of an element within (`a@href`). None: position
    or content, which is right where no two items say the same."""
    next: Target | None = field(default=None, kw_only=True)
    """What brings further items: clicked as long as it is visible and enabled and brings any. None: scrolling does."""
    within: PageCss | None = field(default=None, kw_only=True)
    """What scrolls. None: what the items lie in."""
    max_items: Annotated[int, Field(ge=1)] = field(default=100_000, kw_only=True)
    """With so many it ends; a feed may have no end."""
    action: Literal["collect"] = field(default="collect", kw_only=True, repr=False)


@dataclass(frozen=True, config=STRICT)
class DismissConsent(_Step):
    """A cookie banner or wall answered, those of the common consent platforms and any that speaks of cookies.

    `reject` clicks what refuses, or has only what is necessary; where there is no such thing the banner is taken out of
    the page, and nothing is agreed to. `accept` clicks what agrees: for walls that show nothing otherwise. `remove`
    clicks nothing. Its value says what was done: rejected, accepted, removed, or nothing where there was none.
    """

    answer: Literal["reject", "accept", "remove"] = "reject"
    wait: Annotated[float, Field(ge=0)] = field(default=0.0, kw_only=True)
    """Seconds it may take to come."""
    action: Literal["dismiss_consent"] = field(default="dismiss_consent", kw_only=True, repr=False)


@dataclass(frozen=True, config=STRICT)
class RemoveOverlays(_Step):
    """What lies over the page taken out of it, and the page made to scroll again: newsletters, adverts, log-in walls.

    That is what is fixed in its place and covers the middle of the view. Its value is how many there were.
    """

    action: Literal["remove_overlays"] = field(default="remove_overlays", kw_only=True, repr=False)


@dataclass(frozen=True, config=STRICT)
class AnswerDialogs(_Step):
    """How the alerts, confirms and prompts that open from here on are answered, until another one says otherwise.

    A page that asks whether it may be left stays where it is not accepted. Without any of these, dialogs are dismissed
    (or as `VisitConfig.dialogs` says, which holds from the visit's begin) and pages are left. Their texts are in
    `CrawlResult.dialogs`.
    """

    accept: bool = field(default=True, kw_only=True)
    """True: OK. False: Cancel."""
    text: str | None = field(default=None, kw_only=True, repr=False)
    """What a prompt is told. None: what stands in it. It shows in no message."""
    action: Literal["answer_dialogs"] = field(default="answer_dialogs", kw_only=True, repr=False)


Action: TypeAlias = Annotated[
    Click
    | DoubleClick
    | Hover
    | Fill
    | Type
    | Press
    | Select
    | Check
    | Upload
    | Drag
    | Scroll
    | WaitFor
    | RunScript
    | Repeat
    | IfPresent
    | Collect
    | DismissConsent
    | RemoveOverlays
    | AnswerDialogs,
    Field(discriminator="action"),
]
"""Any of them. In JSON and YAML `action` says which: `{"action": "click", "selector": "#more"}`."""

Actions = tuple[Action, ...]

_AnyAction: TypeAlias = Action
# The name for actions within actions: see `STRICT`.


def selector_of(action: Action) -> str | None:
    """What the action aims at, as it was written."""
    match action:
        case Scroll():
            return action.within
        case WaitFor():
            return action.condition.css if isinstance(action.condition, Selector) else None
        case RunScript() | Repeat() | DismissConsent() | RemoveOverlays() | AnswerDialogs():
            return None
        case _:
            return action.selector
