"""The flags that set a `CrawlConfig`, in tables; and the configuration that the flags of a call and its file amount to.

What is special about one command (its scope, its output) is declared beside that command.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from crawl4ai_browser.actions_file import read_actions
from crawl4ai_browser.cli.config_file import read_config
from crawl4ai_browser.cli.flag_values import parse_bytes, parse_header, parse_place, parse_ready, parse_viewport
from crawl4ai_browser.cli.flags import SETTINGS_TITLE, Flag, FlagGroup, GroupedOption, applied
from crawl4ai_browser.config import DEFAULT_VIEWPORT, CrawlConfig
from crawl4ai_browser.extract.schema_file import read_schema
from crawl4ai_browser.proxy_pool import PooledProxy, read_proxies

VISIT_FLAGS = FlagGroup(
    "How pages are loaded",
    CrawlConfig,
    (
        Flag(
            "--ready",
            "visit.ready",
            "When to read a page: quiet (DOM and network still), load, domcontentloaded, a number of seconds,"
            " css:SELECTOR or js:SCRIPT (both must come, else the page failed).",
            metavar="CONDITION",
            parse=parse_ready,
            default="quiet",
        ),
        Flag(
            "--actions",
            "actions",
            "What to do on each page before it is read, listed in a .json or .yaml file. May be repeated.",
            metavar="FILE",
            parse=read_actions,
        ),
        Flag("--timeout", "visit.timeout", "The deadline over a whole visit.", metavar="SECONDS"),
        Flag(
            "--navigation-timeout",
            "visit.navigation_timeout",
            "The deadline until the document is parsed.",
            metavar="SECONDS",
        ),
        Flag(
            "--shadow-roots",
            "visit.shadow_roots",
            "Put open shadow roots into the html (as <template shadowrootmode>).",
            sets=True,
        ),
        Flag("--frames", "visit.frames", "Put same-origin iframes into the html (as their srcdoc).", sets=True),
        Flag("--no-javascript", "context.java_script", "Load pages without running their scripts.", sets=False),
        Flag("--allow-files", "allow_files", "Also visit file: URLs that are given.", sets=True),
        Flag(
            "--allow-private",
            "egress.private",
            "Let pages connect to private, loopback and all other special addresses, not only where a seed itself is.",
            sets="allow",
        ),
    ),
)

IDENTITY_FLAGS = FlagGroup(
    "What sites see",
    CrawlConfig,
    (
        Flag(
            "--proxy",
            "proxies.members",
            "Go out through a proxy: http://user:password@host:port, also https, socks5, or 'PROXY via PROXY'."
            " May be repeated: they take turns, and a retry has another.",
            metavar="URL",
            parse=PooledProxy.parse,
            is_secret=True,
        ),
        Flag(
            "--proxy-file",
            "proxies.members",
            "The proxies that are listed in a file, one a line; 'direct' is none, weight=2 and tier=1 may follow.",
            metavar="FILE",
            parse=read_proxies,
        ),
        Flag("--proxy-rotation", "proxies.rotation", "Which of several proxies is next."),
        Flag("--proxy-sticky", "proxies.sticky", "Who keeps its proxy as long as that works."),
        Flag(
            "--user-agent",
            "context.user_agent",
            "The User-Agent header.",
            metavar="TEXT",
            default='the browser\'s own, without "Headless"',
        ),
        Flag(
            "--header",
            "context.headers",
            "A header for every request, as 'Name: value'. May be repeated.",
            metavar="HEADER",
            parse=parse_header,
            is_secret=True,
        ),
        Flag(
            "--device",
            "context.device",
            "A device that Playwright describes, such as 'Pixel 7': its user agent, viewport and touch.",
            metavar="NAME",
        ),
        Flag(
            "--locale",
            "context.locale",
            "The language that pages are asked for, such as de-CH.",
            metavar="TAG",
            default="the browser's",
        ),
        Flag(
            "--timezone",
            "context.timezone",
            "The time zone that scripts see, such as Europe/Zurich.",
            metavar="NAME",
            default="the machine's",
        ),
        Flag(
            "--viewport",
            "context.viewport",
            "The size of the visible page in CSS pixels.",
            metavar="WIDTHxHEIGHT",
            parse=parse_viewport,
            default=f"{DEFAULT_VIEWPORT.width}x{DEFAULT_VIEWPORT.height}",
        ),
        Flag(
            "--geolocation",
            "context.geolocation",
            "Where pages that ask are told they are, in degrees: 47.37,8.54.",
            metavar="LATITUDE,LONGITUDE",
            parse=parse_place,
        ),
        Flag("--color-scheme", "context.color_scheme", "The colours that pages are asked for."),
        Flag("--reduced-motion", "context.reduced_motion", "Ask pages to do without animations.", sets=True),
        Flag(
            "--latency", "context.network.latency", "A slow network: what each answer takes longer.", metavar="SECONDS"
        ),
        Flag(
            "--bandwidth",
            "context.network.download_rate",
            "A slow network: what pages receive in a second: 50000, 1MB.",
            metavar="BYTES",
            parse=parse_bytes,
            default="no limit",
        ),
        Flag(
            "--ignore-tls-errors",
            "context.ignore_tls_errors",
            "Visit sites whose certificate is wrong.",
            sets=True,
        ),
        Flag(
            "--fresh-contexts",
            "fresh_contexts",
            "A new browser context for every URL: pages share no cookies.",
            sets=True,
        ),
    ),
)

POLITENESS_FLAGS = FlagGroup(
    "How hosts are treated",
    CrawlConfig,
    (
        Flag("--no-robots", "politeness.obey_robots", "Do not ask for robots.txt, nor obey it.", sets=False),
        Flag(
            "--delay", "politeness.min_delay", "Time between the starts of two visits of one host.", metavar="SECONDS"
        ),
        Flag("--per-host", "politeness.max_pages_per_host", "Pages of one host open at once.", metavar="N"),
        Flag("--attempts", "retry.max_attempts", "How often a page is tried.", metavar="N"),
    ),
)

CAPACITY_FLAGS = FlagGroup(
    "How much at once",
    CrawlConfig,
    (
        Flag(
            "--concurrency",
            "capacity.max_pages",
            "Pages open at once, over all hosts.",
            metavar="N",
            default="four per core",
        ),
        Flag(
            "--content-workers",
            "capacity.content_workers",
            "Processes that turn html into content.",
            metavar="N",
            default="one per two cores",
        ),
        Flag("--browsers", "browser.count", "Browsers in the pool.", metavar="N", default="one per four cores"),
    ),
)

LIMIT_FLAGS = FlagGroup(
    "When it ends before all is visited",
    CrawlConfig,
    (
        Flag("--max-seconds", "limits.max_seconds", "Time for the crawl.", metavar="SECONDS", default="no limit"),
        Flag(
            "--max-bytes",
            "limits.max_bytes",
            "Bytes of html, pictures and files in all results.",
            metavar="N",
            default="no limit",
        ),
        Flag("--max-failures", "limits.max_failures", "Pages that failed for good.", metavar="N", default="no limit"),
    ),
)

BROWSER_FLAGS = FlagGroup(
    "The browser",
    CrawlConfig,
    (
        Flag(
            "--executable",
            "browser.executable",
            "The Chromium or Chrome to start.",
            metavar="FILE",
            default="what `crawl4ai-browser doctor` shows",
        ),
        Flag("--headed", "browser.headless", "Show the browser's windows.", sets=False),
        Flag(
            "--no-sandbox",
            "browser.sandbox",
            "Start the browser without its sandbox; for trusted sites only.",
            sets=False,
        ),
        Flag("--browser-arg", "browser.args", "A further switch of Chromium. May be repeated.", metavar="SWITCH"),
    ),
)

SCHEMA_FLAG = Flag(
    "--schema",
    "content.items",
    "Also extract items, as a schema in a .toml, .json or .yaml file says.",
    metavar="FILE",
    parse=read_schema,
)

CONTENT_FLAGS = FlagGroup(
    "What a result holds",
    CrawlConfig,
    (
        Flag(
            "--main",
            "content.main_markdown",
            "Also the main content as Markdown, without navigation and boilerplate.",
            sets=True,
        ),
        Flag(
            "--cited",
            "content.cited_markdown",
            "Also Markdown with its links as numbered references.",
            sets=True,
        ),
        Flag("--text", "content.text", "Also the visible text.", sets=True),
        Flag("--no-markdown", "content.markdown", "Without the whole page as Markdown.", sets=False),
        SCHEMA_FLAG,
    ),
)

DOWNLOAD_FLAGS = FlagGroup(
    "What happens to files",
    CrawlConfig,
    (
        Flag(
            "--download",
            "download.linked",
            "Fetch links of pages that match as files: a glob (*.pdf, /files/*) or re:REGEX. May be repeated.",
            metavar="PATTERN",
        ),
        Flag(
            "--download-folder",
            "download.folder",
            "Where files are saved, those that pages start by themselves too.",
            metavar="FOLDER",
            default="downloads, made when the first file comes",
        ),
        Flag(
            "--download-layout",
            "download.names.layout",
            "The path of a file below the folder: {host}/{path}, {session}/{name}, {date}/{name}.",
            metavar="TEMPLATE",
        ),
        Flag(
            "--download-type",
            "download.accept.types",
            "Keep files of this type alone: application/pdf, image/*. May be repeated.",
            metavar="TYPE",
        ),
        Flag(
            "--max-download",
            "download.max_bytes",
            "The size of a file: 500000, 20MB, 1.5GiB. A larger one is given up as soon as that shows.",
            metavar="BYTES",
            parse=parse_bytes,
            default="no limit",
        ),
        Flag(
            "--max-downloads",
            "download.max_crawl_bytes",
            "The size of all files together.",
            metavar="BYTES",
            parse=parse_bytes,
            default="no limit",
        ),
        Flag("--download-timeout", "download.timeout", "The deadline for a file.", metavar="SECONDS"),
        Flag("--download-pdf", "download.pdf", "Save PDFs, or show them for --screenshot (full Chromium), or both."),
    ),
)

CACHE_FLAGS = FlagGroup(
    "What is not visited again",
    CrawlConfig,
    (
        Flag(
            "--cache",
            "cache.mode",
            "Take visits from the cache. read: the rest is visited; write: and stored; refresh: all is visited and"
            " stored anew; offline: nothing is visited.",
        ),
        Flag(
            "--cache-folder",
            "cache.folder",
            "Where the cache lies.",
            metavar="FOLDER",
            default="the state folder",
        ),
        Flag(
            "--cache-age",
            "cache.max_age",
            "For how long a visit stands. After that the site is asked whether the page has changed, or it is visited.",
            metavar="SECONDS",
            default="for ever",
        ),
        Flag(
            "--cache-size",
            "cache.max_bytes",
            "The size of all that is stored: 500MB, 20GiB. The oldest goes first.",
            metavar="BYTES",
            parse=parse_bytes,
            default="4GiB",
        ),
    ),
)

STATE_FLAGS = FlagGroup(
    SETTINGS_TITLE,
    CrawlConfig,
    (
        Flag(
            "--state",
            "state_dir",
            "Keep the state of the crawl in this folder: the same command goes on where it stopped.",
            metavar="FOLDER",
            default="in memory",
        ),
    ),
)


def config_file_option() -> GroupedOption:
    """The flag that names a configuration file."""
    return GroupedOption(
        ["--config"],
        group=SETTINGS_TITLE,
        metavar="FILE",
        help="A CrawlConfig as .toml or .json. Flags override what it says.",
    )


def session_option() -> GroupedOption:
    """The flag that names a kept session."""
    return GroupedOption(
        ["--session"],
        group=IDENTITY_FLAGS.title,
        metavar="NAME",
        help="Go out as a session that `login` or `session import` has kept; what sites change in it is kept, too.",
    )


def config_of(values: Mapping[str, object], groups: Sequence[FlagGroup]) -> CrawlConfig:
    """The configuration of a call: the file it names, if any, with its flags on top.

    Raises:
        ConfigError: the file or a flag's value is wrong; the message names it.
    """
    file = values.get("config")
    config = read_config(Path(str(file))) if file is not None else CrawlConfig()
    for group in groups:
        config = applied(config, group.flags, values)
    return config
