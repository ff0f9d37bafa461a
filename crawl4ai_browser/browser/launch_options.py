"""Decides how Chromium is started: its switches, its sandbox, its temp folder. Pure; `launch` acts on it.

A switch that holds a list (`--disable-features=A,B`) counts once: of two, Chromium keeps the last (measured on Chromium
156: its renderers are handed the last one's features alone). Playwright passes its own lists, so ours repeat them.
"""

from __future__ import annotations

import math
import os
import re
import shutil
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import TypedDict

from crawl4ai_browser.browser.provisioning.discovery import BrowserExecutable
from crawl4ai_browser.browser.provisioning.driver import driver_package
from crawl4ai_browser.cgroups import usable_cores
from crawl4ai_browser.config import BrowserConfig
from crawl4ai_browser.errors import ConfigError
from crawl4ai_browser.frozen import Frozen

CORES_PER_BROWSER = 4
"""One browser's main process spends 16 to 30 ms on a page, which is about 40 pages a second: what four cores render."""

LIST_SWITCHES = ("--disable-features", "--enable-features", "--blink-settings")
"""The switches whose lists are merged with Playwright's."""

OUR_ARGS = (
    # A page.close() that races a navigation commit hangs for good: 4 to 16 of 20 did, 0 of 60 with this feature off.
    # https://github.com/microsoft/playwright/issues/42068
    "--disable-features=RenderDocument",
    # HTTP/3 is UDP: no HTTP proxy carries it, and where a network drops it each new host costs a failed first try.
    "--disable-quic",
)

PROXIED_ARGS = (
    # Of a browser whose contexts go out through proxies: nothing of them may leave beside those. Measured on Chromium
    # 156 with a name server, a STUN server and a net log on loopback. WebRTC sent its questions by UDP in spite of the
    # proxy; the shell heeds the first of these switches, a full Chromium only the second.
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    # Names of TURN servers, and of what a full Chromium asks for by itself, were still resolved here. What is proxied
    # needs no name resolved: the proxy is an address, and resolves the rest.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
)

# Playwright's own lists, 1.65.2, for a driver whose bundle no longer reads as this one does (a test tells when).
_KNOWN_LISTS: Mapping[str, tuple[str, ...]] = {
    "--disable-features": (
        "AvoidUnnecessaryBeforeUnloadCheckSync",
        "DestroyProfileOnBrowserClose",
        "HttpsUpgrades",
        "HttpsFirstBalancedModeAutoEnable",
        "LensOverlay",
        "MediaRouter",
        "PaintHolding",
        "ThirdPartyStoragePartitioning",
        "AvoidCorsURLLoaderRestartOnRedirect",
        "TcpPortRandomizationWin",
        "OptimizationHints",
        "NetworkTimeServiceQuerying",
        "AimEnabled",
        "PreconnectToSearch",
    ),
    "--enable-features": ("CDPScreenshotNewSurface", "SkipListAccountsWithoutGaiaCookies"),
    "--blink-settings": (
        "primaryHoverType=2",
        "availableHoverTypes=2",
        "primaryPointerType=4",
        "availablePointerTypes=4",
    ),
}

_BUNDLE_PATTERNS: Mapping[str, re.Pattern[str]] = {
    "--disable-features": re.compile(r"disabledFeatures = \[(.*?)\]", re.DOTALL),
    "--enable-features": re.compile(r"enabledFeatures = (?:\(\) => )?\[(.*?)\]", re.DOTALL),
    "--blink-settings": re.compile(r'("--blink-settings=[^"]*")'),
}
_COMMENT = re.compile(r"^\s*//.*$", re.MULTILINE)
_QUOTED = re.compile(r"""["']([\w=,-]+)["']""")

HANDLERS = ("xdg-open", "xdg-email", "gio", "kde-open", "kde-open5", "gnome-open", "gvfs-open", "exo-open", "open")
"""Programs that a desktop opens URLs with. Chromium starts the first, which starts the others."""

ROOT_WARNING = (
    "Chromium's sandbox is off because this process runs as root, where Chromium refuses to start with it:"
    " a hostile page that breaks out of the renderer has this machine. Run as another user to have it on."
)


class LaunchKeywords(TypedDict, total=False):
    """The keywords of Playwright's `BrowserType.launch` that this package uses."""

    executable_path: Path
    headless: bool
    args: list[str]
    chromium_sandbox: bool
    handle_sigint: bool
    handle_sigterm: bool
    handle_sighup: bool
    env: dict[str, str | float | bool]


class LaunchOptions(Frozen):
    """How one browser is started. `warnings` are for the log, once a pool."""

    executable: BrowserExecutable
    headless: bool
    args: tuple[str, ...]
    sandbox: bool
    temp_folder: Path | None
    warnings: tuple[str, ...] = ()

    def keywords(self) -> LaunchKeywords:
        """What `playwright.chromium.launch` is called with.

        Signals stay with this process: on Ctrl-C Playwright would end the browser before the crawl has drained.
        """
        keywords = LaunchKeywords(
            executable_path=self.executable.path,
            headless=self.headless,
            args=list(self.args),
            chromium_sandbox=self.sandbox,
            handle_sigint=False,
            handle_sigterm=False,
            handle_sighup=False,
        )
        if self.temp_folder is not None:
            keywords["env"] = temp_environment(self.temp_folder, os.environ)
        return keywords


def browser_limit(config: BrowserConfig) -> int:
    """Browsers that a pool may have at once."""
    return config.count or max(1, math.ceil(usable_cores() / CORES_PER_BROWSER))


def launch_options(
    executable: BrowserExecutable,
    *,
    headless: bool = True,
    sandbox: bool | None = None,
    extra_args: tuple[str, ...] = (),
    temp_folder: Path | None = None,
) -> LaunchOptions:
    """How to start `executable`.

    `sandbox` None means on, unless the process runs as root. `temp_folder` is where the browser keeps its scratch,
    which a killed one leaves behind: whoever made the folder deletes it when the browser is gone.

    Raises:
        ConfigError: a window from a headless shell, the sandbox as root, or a switch that is not one.
    """
    if not headless and executable.kind == "headless_shell":
        raise ConfigError(
            f"a browser window needs a full Chromium or Chrome, and {executable.path} is a headless shell;"
            " install chromium, or stay headless"
        )
    as_root = is_root()
    if sandbox and as_root:
        raise ConfigError("sandbox=True cannot be had as root: Chromium refuses to start; run as another user")
    strange = [arg for arg in extra_args if not arg.startswith("-")]
    if strange:
        raise ConfigError(f"browser argument {strange[0]!r} is not a switch: switches start with a dash")
    return LaunchOptions(
        executable=executable,
        headless=headless,
        args=merged_args((*OUR_ARGS, *extra_args), playwright_lists()),
        sandbox=not as_root if sandbox is None else sandbox,
        temp_folder=temp_folder,
        warnings=(ROOT_WARNING,) if as_root and sandbox is None else (),
    )


def merged_args(args: Iterable[str], playwright: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """`args` with one switch for each list: what Playwright has in it, then ours, each value once, in order."""
    plain: list[str] = []
    lists: dict[str, list[str]] = {}
    for arg in args:
        name, _, values = arg.partition("=")
        if name in LIST_SWITCHES:
            lists.setdefault(name, list(playwright.get(name, ()))).extend(values.split(","))
        elif arg not in plain:
            plain.append(arg)
    return (*plain, *(f"{name}={','.join(dict.fromkeys(filter(None, values)))}" for name, values in lists.items()))


@cache
def playwright_lists() -> Mapping[str, tuple[str, ...]]:
    """The list of each switch in `LIST_SWITCHES` that the installed Playwright passes itself.

    Read from its driver's bundle (`chromiumSwitches.ts` in it, 12 ms, once a process), as lists change with releases.
    """
    try:
        bundle = (driver_package() / "lib" / "coreBundle.js").read_text(encoding="utf-8")
    except OSError:
        return _KNOWN_LISTS
    return {name: _list_in(bundle, name) or _KNOWN_LISTS[name] for name in LIST_SWITCHES}


def _list_in(bundle: str, switch: str) -> tuple[str, ...]:
    written = _BUNDLE_PATTERNS[switch].search(bundle)
    if written is None:
        return ()
    quoted = _QUOTED.findall(_COMMENT.sub("", written.group(1)))
    return tuple(value for text in quoted for value in text.removeprefix(f"{switch}=").split(","))


def is_root() -> bool:
    """Whether Chromium would take this process for root. Windows has no such user."""
    return sys.platform != "win32" and os.geteuid() == 0


def temp_environment(folder: Path, environ: Mapping[str, str]) -> dict[str, str | float | bool]:
    """The environment that makes a browser keep its scratch in `folder`. Playwright replaces the whole environment.

    What it would start is looked for in `programs_folder` first.
    """
    path = os.pathsep.join(filter(None, (str(programs_folder(folder)), environ.get("PATH", os.defpath))))
    return {**environ, **dict.fromkeys(("TMPDIR", "TMP", "TEMP"), str(folder)), "PATH": path}


def programs_folder(folder: Path) -> Path:
    """Where the programs of `HANDLERS` lie that do nothing, in a browser's scratch folder."""
    return folder / "programs"


def disarm_handlers(folder: Path) -> None:
    """Put programs that do nothing into a browser's scratch folder, in the place of those that it would start.

    Measured: a full Chromium, headless, handed `mailto:` links of pages to the machine's `xdg-open`, without a click.
    A link to `true`, as scripts can't be run from a temp folder that is mounted without that right.
    """
    nothing = shutil.which("true")
    if nothing is None:  # Windows, which has no such programs either
        return
    programs_folder(folder).mkdir(mode=0o700)
    for name in HANDLERS:
        (programs_folder(folder) / name).symlink_to(nothing)
