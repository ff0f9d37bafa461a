"""Configuration: small frozen models, one for each part that reads it, gathered in `CrawlConfig`.

Times are seconds, sizes bytes. A default stands here once, with its reason. A changed copy: `model_copy(update=...)`.
"""

from __future__ import annotations

from pathlib import Path
from string import Formatter
from typing import Literal, Self, cast

from pydantic import ConfigDict, Field, field_validator, model_validator

from crawl4ai_browser.actions import Actions
from crawl4ai_browser.cache_config import CacheConfig
from crawl4ai_browser.capture_config import CaptureConfig
from crawl4ai_browser.cgroups import usable_cores
from crawl4ai_browser.egress_config import EgressConfig
from crawl4ai_browser.frozen import Frozen
from crawl4ai_browser.identity import (
    Cookie,
    Geolocation,
    Headers,
    HttpCredentials,
    LanguageTag,
    Network,
    Permission,
    TimezoneName,
)
from crawl4ai_browser.proxy import Proxy
from crawl4ai_browser.proxy_pool import ProxyPool
from crawl4ai_browser.ready import Quiet, Ready
from crawl4ai_browser.schema import Schema
from crawl4ai_browser.storage_state import StorageState


class BrowserConfig(Frozen):
    """How browsers are started."""

    executable: Path | None = None
    """None: the one `crawl4ai-browser doctor` shows."""
    headless: bool = True
    sandbox: bool | None = None
    """None: on, unless the process runs as root, where Chromium refuses to start with it."""
    args: tuple[str, ...] = ()
    """Further switches of Chromium."""
    count: int | None = Field(default=None, ge=1)
    """Browsers in the pool. None: one per four cores, as one main process feeds about 40 pages/s."""
    frames: Literal["auto", "always"] = "auto"
    """When pages paint. auto: on demand where the browser can (a headless shell), which saves about a third of the CPU
    of a page; always: as a browser with a window does."""
    launch_timeout: float = Field(default=30.0, gt=0)
    max_pages: int = Field(default=2000, ge=1)
    """Visits after which a browser is replaced. Chromium and the driver grow slowly; a restart costs about 0.5 s."""
    max_age: float | None = Field(default=None, gt=0)
    """Seconds after which it is."""
    max_memory_bytes: int | None = Field(default=4 * 2**30, gt=0)
    """Of a browser with its renderers, above which it is: four times what 16 ordinary pages take."""


class Viewport(Frozen):
    """The size of the visible page, in CSS pixels."""

    width: int = Field(default=1280, gt=0)
    height: int = Field(default=800, gt=0)


DEFAULT_VIEWPORT = Viewport()
"""Of pages for which nothing else is asked: a common laptop's window."""


class ContextConfig(Frozen):
    """What a browser context is given: the identity a site sees. All of it belongs to one `Browser.new_context`."""

    model_config = ConfigDict(hide_input_in_errors=True)

    device: str | None = None
    """A device that Playwright describes, such as `Pixel 7`: user agent, viewport, touch. Fields below go first."""
    user_agent: str | None = None
    """None: the device's, or the browser's own without the word "Headless"."""
    locale: LanguageTag | None = None
    """A BCP 47 tag such as `de-CH`. None: the browser's."""
    timezone: TimezoneName | None = None
    """An IANA name such as `Europe/Zurich`. None: the machine's."""
    geolocation: Geolocation | None = None
    viewport: Viewport | None = None
    """None: the device's, or `DEFAULT_VIEWPORT`."""
    color_scheme: Literal["light", "dark"] = "light"
    reduced_motion: bool = False
    """Whether pages are asked to do without animations (`prefers-reduced-motion`)."""
    network: Network = Network()
    headers: Headers = Field(default={}, repr=False)
    """Sent with every request of the context."""
    http_credentials: tuple[HttpCredentials, ...] = ()
    cookies: tuple[Cookie, ...] = ()
    """What it begins with, beside those of `storage_state`."""
    storage_state: str | Path | StorageState | None = None
    """What it begins with: a file, or what `Session.storage_state` gave."""
    keep_session_storage: bool = False
    """Whether session storage is part of the session's state and given to each of its pages. Browsers have one for
    each page and forget it; needed where a site keeps its sign-in there."""
    permissions: tuple[Permission, ...] = ()
    init_scripts: tuple[str, ...] = ()
    """JavaScript that runs in each document and frame before its own."""
    java_script: bool = True
    ignore_tls_errors: bool = False
    service_workers: Literal["block", "allow"] = "block"
    """Their requests escape a page's own view; few sites need them to show their content."""
    proxy: Proxy | None = None

    @field_validator("storage_state", mode="before")
    @classmethod
    def _state_of_a_value(cls, given: object) -> object:
        return StorageState.of(cast("object", given), source="storage_state") if isinstance(given, dict) else given


class SessionLimits(Frozen):
    """How much a session may be used, and for how long. One that has reached a limit ends."""

    max_pages_at_once: int | None = Field(default=None, ge=1)
    """None: as many as the crawler has."""
    max_idle: float | None = Field(default=None, gt=0)
    """Seconds without a page in use."""
    max_age: float | None = Field(default=None, gt=0)
    """Seconds from its opening."""
    max_pages: int | None = Field(default=None, ge=1)
    """Visits in all."""


class VisitConfig(Frozen):
    """How one page is loaded and read."""

    ready: Ready = Quiet()
    timeout: float = Field(default=60.0, gt=0)
    """The one deadline over the whole visit, whatever hangs inside it."""
    navigation_timeout: float = Field(default=30.0, gt=0)
    """Until the document is parsed."""
    max_navigations: int = Field(default=20, ge=1)
    """Documents the main frame may load in one visit: meta and JavaScript redirect loops never end by themselves."""
    shadow_roots: bool = False
    """Serialize open shadow roots as declarative ones (`<template shadowrootmode>`)."""
    frames: bool = False
    """Put the html of same-origin iframes into their `srcdoc`."""
    dialogs: Literal["dismiss", "accept"] = "dismiss"
    """How alerts, confirms and prompts are answered from the visit's begin; `actions.AnswerDialogs` says it later."""
    max_html_bytes: int = Field(default=64 * 2**20, gt=0)


class ContentConfig(Frozen):
    """What is made of the html. Parts left out cost nothing."""

    markdown: bool = True
    cited_markdown: bool = False
    """Links as numbered references with a list at the end."""
    main_markdown: bool = False
    """The main content alone: navigation, boilerplate and adverts left out."""
    text: bool = False
    """The visible text, one block a line."""
    links: bool = True
    media: bool = True
    tables: bool = True
    metadata: bool = True
    items: Schema | None = None
    """What to extract into the result's `items`. A page of which an item lacks something required, or does not fit, is
    not ok: its error names the field, and the other items are kept."""


NO_CONTENT = ContentConfig(markdown=False, links=False, media=False, tables=False, metadata=False)
"""Nothing is made of the html."""


class FileFilter(Frozen):
    """Which files are kept. An empty list lets everything pass; what is refused is refused even where it is listed.

    Types are compared with the header as soon as it is there, and with the file's first bytes in the end; `image/*` is
    every image. Suffixes are those of the suggested name, in any case, with or without their dot.
    """

    types: tuple[str, ...] = ()
    refused_types: tuple[str, ...] = ()
    suffixes: tuple[str, ...] = ()
    refused_suffixes: tuple[str, ...] = ()
    min_bytes: int = Field(default=0, ge=0)


FILE_LAYOUT_FIELDS = frozenset({"host", "path", "name", "stem", "suffix", "session", "date", "sha256", "type"})
"""What a layout may have in braces: the URL's host and path; the name, and the two parts of it; the session's name
(`anonymous` where it has none); the day (2025-12-31, UTC); hex digits of the content; the media type's first half."""


class FileNames(Frozen):
    """How files are called."""

    layout: str = "{name}"
    """The path below the folder, such as `{host}/{path}` or `{session}/{date}/{name}`: see `FILE_LAYOUT_FIELDS`."""
    when_taken: Literal["number", "hash", "overwrite_identical"] = "number"
    """What is done when a file of that name lies there: `report (2).pdf`, `report-5f2a9c01.pdf`, or, where its bytes
    are the same, it is replaced (else numbered)."""
    one_copy: bool = False
    """Store equal bytes once: the records of further copies point to the first."""

    @field_validator("layout")
    @classmethod
    def _layout_is_known(cls, layout: str) -> str:
        fields = {field for _, field, _, _ in Formatter().parse(layout) if field is not None}
        unknown = sorted(fields - FILE_LAYOUT_FIELDS) or ([] if fields else [layout])
        if unknown:
            known = " ".join(f"{{{field}}}" for field in sorted(FILE_LAYOUT_FIELDS))
            raise ValueError(f"a layout is made of {known}, not of {unknown[0]!r}")
        return layout


class DownloadConfig(Frozen):
    """What happens to files."""

    folder: Path | None = None
    """Where files go. None: a folder `downloads` in the current one, made when the first file comes."""
    timeout: float = Field(default=300.0, gt=0)
    """For one file, apart from the visit's deadline."""
    max_bytes: int | None = Field(default=None, gt=0)
    """Of one file. Applied while the bytes arrive, as all caps are."""
    max_crawl_bytes: int | None = Field(default=None, gt=0)
    """Of all files of a crawler."""
    min_free_bytes: int = Field(default=64 * 2**20, ge=0)
    """What must stay free on the folder's disk, where the crawl's own database may lie too."""
    max_at_once: int = Field(default=4, ge=1)
    """Linked files fetched at once. What pages start by themselves is bounded by the pages there are."""
    pdf: Literal["download", "render", "both"] = "download"
    """`render`: shown in the browser's viewer, for a screenshot. Only a full Chromium has one; others save it."""
    resume_attempts: int = Field(default=3, ge=0)
    """How often a file that broke off is continued where it stopped, by a Range request of the same session. A waiting
    time that doubles from one second lies before each."""
    manifest: bool = True
    """Keep a list of all records in the folder, in `downloads.jsonl`."""
    linked: tuple[str, ...] = ()
    """Links of pages to fetch as files: patterns as in a scope (`*.pdf`, `/files/*`, `re:...`). Each once a crawler, in
    the session of the page, in the host's turn."""
    accept: FileFilter = FileFilter()
    names: FileNames = FileNames()


class PolitenessConfig(Frozen):
    """How hosts are treated."""

    obey_robots: bool = True
    user_agent_token: str = "crawl4ai-browser"
    """The product token that robots.txt groups are matched with (RFC 9309, 2.2.1)."""
    max_pages_per_host: int = Field(default=8, ge=1)
    min_delay: float = Field(default=0.0, ge=0)
    """Seconds between the starts of two visits of one host."""
    jitter: float = Field(default=0.0, ge=0)
    """A random part of this many seconds on top of each delay."""
    max_crawl_delay: float = Field(default=60.0, ge=0)
    """A longer Crawl-delay of a site is cut to this."""
    max_back_off: float = Field(default=3600.0, gt=0)
    """A longer Retry-After is cut to this."""
    give_up_after: float | None = Field(default=900.0, gt=0)
    """Seconds. A host that has done nothing but refuse, or not answer at all, for at least so long and five times is
    given up: its pages fail at once with `HostGivenUp`. It is tried again after as long. None: never given up, however
    long its pages keep the crawl waiting."""


class RetryConfig(Frozen):
    """What is tried again, and when."""

    max_attempts: int = Field(default=3, ge=1)
    first_delay: float = Field(default=1.0, ge=0)
    """Upper bound of the first wait; it doubles with each attempt, with full jitter."""
    max_delay: float = Field(default=60.0, ge=0)
    statuses: frozenset[int] = frozenset({408, 425, 429, 500, 502, 503, 504})
    """Final statuses that are worth another attempt."""
    max_browser_deaths: int = Field(default=3, ge=1)
    """A URL in whose visits this many browsers died is given up: it is probably the killer."""
    repeat_actions: bool = False
    """Whether a page may be tried again, for whatever reason, on which an action was begun that may have changed
    something at its site: a form sent, a script run. Scrolling, waiting, answering banners may be done again anyway."""


PAGES_PER_CORE = 4


class CapacityConfig(Frozen):
    """How much happens at once."""

    max_pages: int = Field(default_factory=lambda: PAGES_PER_CORE * usable_cores(), ge=1)
    """Pages open at once, at most; by default four for each core. A page spends most of its time waiting for its own
    data and then for being quiet, and the rest of it is CPU: fewer leave cores idle, more only slow each page down."""
    follow_machine: bool = True
    """Whether fewer are open while memory is short or the event loop comes late."""
    memory_reserve: float = Field(default=0.1, ge=0, lt=1)
    """The share of the memory, of the machine or of the container, that is left alone."""
    content_workers: int | None = Field(default=None, ge=0)
    """Processes that turn html into content. None: one per two cores, at least one. 0: threads of this process, where
    no process may be started; a page that hangs or kills the parser then takes the crawl with it."""
    content_timeout: float = Field(default=30.0, gt=0)
    """Seconds for the content of one page. Typical is 0.02; only hostile pages get near it."""
    result_buffer: int = Field(default=16, ge=0)
    """Finished results that may wait for a slow reader before the crawl pauses."""


class LimitsConfig(Frozen):
    """What a crawl may cost.

    One that reaches a limit begins no more visits, gives out those under way, and ends with the limit's name as its
    reason. Each counts from the start of a run: a resumed crawl has all of it again. For a limit on pages, which holds
    exactly and over all runs, see `Scope.max_pages`.
    """

    max_seconds: float | None = Field(default=None, gt=0)
    max_bytes: int | None = Field(default=None, gt=0)
    """Of results: html as UTF-8, captures (in files too) and downloaded files."""
    max_failures: int | None = Field(default=None, ge=1)
    """Results that failed for good; skipped ones (robots.txt) do not count."""


class CrawlConfig(Frozen):
    """All of it. Each field is read by one part of the package."""

    model_config = ConfigDict(hide_input_in_errors=True)  # `context` holds secrets

    browser: BrowserConfig = BrowserConfig()
    context: ContextConfig = ContextConfig()
    visit: VisitConfig = VisitConfig()
    actions: Actions = ()
    """What is done on every page before it is read; see `crawl4ai_browser.actions`."""
    capture: CaptureConfig = CaptureConfig()
    content: ContentConfig = ContentConfig()
    download: DownloadConfig = DownloadConfig()
    politeness: PolitenessConfig = PolitenessConfig()
    retry: RetryConfig = RetryConfig()
    capacity: CapacityConfig = CapacityConfig()
    limits: LimitsConfig = LimitsConfig()
    cache: CacheConfig = CacheConfig()
    egress: EgressConfig = EgressConfig()
    proxies: ProxyPool = ProxyPool()
    """Proxies that take turns, for sessions that have none of their own. Without members all goes out directly."""
    state_dir: Path | None = None
    """Where the crawl's database lies. None: in memory."""
    allow_files: bool = False
    """Whether `file:` URLs may be seeds."""
    fresh_contexts: bool = False
    """A new context for every URL, instead of one anonymous session for the whole crawl."""

    @model_validator(mode="after")
    def _actions_have_scripts(self) -> Self:
        if self.actions and not self.context.java_script:
            raise ValueError("actions need scripts, which context.java_script switches off")
        return self

    @model_validator(mode="after")
    def _proxies_come_from_one_place(self) -> Self:
        if self.context.proxy is not None and self.proxies.members:
            raise ValueError("context.proxy and proxies contradict each other: give one proxy for all, or a pool")
        return self
