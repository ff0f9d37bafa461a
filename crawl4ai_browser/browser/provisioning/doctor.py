"""Says whether this machine can crawl: what was found, and whether a browser really renders a page.

Values only; the command line prints them. A browser is launched as a crawl launches it.
"""

from __future__ import annotations

import platform
import re
import shutil
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import anyio
import anyio.to_thread
from playwright.async_api import Browser
from playwright.async_api import Error as PlaywrightError

from crawl4ai_browser.browser.launch import Driver
from crawl4ai_browser.browser.launch_options import LaunchOptions, launch_options
from crawl4ai_browser.browser.provisioning.discovery import BrowserSearch, browser_at, find_browser, search_browser
from crawl4ai_browser.browser.provisioning.driver import DRIVER_LIBRARIES, driver_problem
from crawl4ai_browser.clock import SYSTEM_CLOCK
from crawl4ai_browser.config import BrowserConfig
from crawl4ai_browser.errors import ConfigError, LaunchFailed
from crawl4ai_browser.frozen import Frozen

if sys.platform != "win32":
    import resource

LOW_TEMP_BYTES = 512 * 2**20
"""Of free temp space. Each browser keeps its profile, its shared memory and unsaved downloads there: 50 to 300 MB."""

LOW_OPEN_FILES = 1024
"""Files a process may have open: the usual limit of Linux, under which a pool of two browsers has been run."""

RENDER_TIMEOUT = 30.0
"""Seconds for the driver to start, and again for the page: 0.1 here, 5 on a loaded machine with a cold disk."""

_TOLD_LINES = 12
"""Of a failed launch: the reason comes first, stack traces of Chromium after it."""

_PROCESS = re.compile(r"^\[pid=\d+\]\[(?:err|out)\] ")

# What only a script that runs leaves in the page.
_PAGE = "<p id=answer></p><script>answer.textContent = 'rendered ' + 6 * 7</script>"
_RENDERED = "rendered 42"

# Chromium's sandbox needs user namespaces; each of these, at this value, takes them from ordinary users.
_NAMESPACE_LIMITS = (
    ("kernel.apparmor_restrict_unprivileged_userns", "1", "0"),  # Ubuntu 23.10 and later
    ("kernel.unprivileged_userns_clone", "0", "1"),  # Debian 10 and earlier, hardened kernels
    ("user.max_user_namespaces", "0", "10000"),
)


class Finding(Frozen):
    """One thing that was looked at. `remedy` says what to do when it is not `ok`, else it is empty."""

    name: str
    ok: bool
    text: str
    remedy: str = ""


class Diagnosis(Frozen):
    """All findings, in the order to read them."""

    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether this machine can crawl."""
        return all(finding.ok for finding in self.findings)


async def diagnose(config: BrowserConfig | None = None) -> Diagnosis:
    """What this machine has for crawling, and whether a browser launched as `config` says renders a page.

    Takes about a second. Nothing it starts is left running, cancelled or not.
    """
    config = config or BrowserConfig()
    playwright = await anyio.to_thread.run_sync(_playwright_finding)
    findings = [Finding(name="Python", ok=True, text=f"{platform.python_version()} ({sys.executable})"), playwright]
    options, browser = await anyio.to_thread.run_sync(_browser_finding, config)
    findings += [
        browser,
        _temp_finding(Path(tempfile.gettempdir())),
        _shared_memory_finding(Path("/dev/shm")),
        _open_files_finding(),
    ]
    if options is not None:
        findings.append(_sandbox_finding(options))
    if options is not None and playwright.ok:
        findings.append(await _launch_finding(config, options))
    return Diagnosis(findings=tuple(findings))


def _playwright_finding() -> Finding:
    problem = driver_problem()
    return Finding(
        name="Playwright",
        ok=problem is None,
        text=version("playwright")
        if problem is None
        else f"{version('playwright')}, whose driver does not run: {problem}",
        remedy=""
        if problem is None
        else f"Install what it misses (Debian: apt-get install {' '.join(DRIVER_LIBRARIES)}).",
    )


def _browser_finding(config: BrowserConfig) -> tuple[LaunchOptions | None, Finding]:
    """How the browser is to be launched, or None with the reason."""
    search = BrowserSearch(found=None, rejected=())
    try:
        if config.executable is not None:
            executable = browser_at(config.executable)
        else:
            search = search_browser(None if config.headless else "full")
            executable = search.found or find_browser(None if config.headless else "full")
        options = launch_options(executable, headless=config.headless, sandbox=config.sandbox, extra_args=config.args)
    except (LaunchFailed, ConfigError) as error:
        remedy = "Run `crawl4ai-browser install`, or change what names the browser."
        return None, Finding(name="Browser", ok=False, text=error.message, remedy=remedy)
    kind = "headless shell" if executable.kind == "headless_shell" else "full browser"
    skipped = "".join(f"; unfit: {reason}" for reason in search.rejected)
    text = f"Chromium {executable.version}, {kind}, {executable.path} (from {executable.source}){skipped}"
    return options, Finding(name="Browser", ok=True, text=text)


def _sandbox_finding(options: LaunchOptions) -> Finding:
    if options.sandbox:
        text = "on"
    elif options.warnings:
        text = f"off. {' '.join(options.warnings)}"
    else:
        text = "off, as the configuration says"
    return Finding(name="Sandbox", ok=True, text=text)


def _temp_finding(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    return Finding(
        name="Temp space",
        ok=free >= LOW_TEMP_BYTES,
        text=f"{_megabytes(free)} free in {folder}",
        remedy="" if free >= LOW_TEMP_BYTES else "Free some, or set TMPDIR to a folder on a larger disk.",
    )


def _shared_memory_finding(folder: Path) -> Finding:
    """Only told: Playwright has Chromium keep its shared memory in the temp folder (`--disable-dev-shm-usage`)."""
    size = f"{_megabytes(shutil.disk_usage(folder).total)} in {folder}" if folder.is_dir() else "none"
    return Finding(name="Shared memory", ok=True, text=f"{size} (not used: it lies in the temp space)")


def _open_files_finding() -> Finding:
    if sys.platform == "win32":
        return Finding(name="Open files", ok=True, text="no limit to speak of")
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    is_enough = limit == resource.RLIM_INFINITY or limit >= LOW_OPEN_FILES
    return Finding(
        name="Open files",
        ok=is_enough,
        text="no limit" if limit == resource.RLIM_INFINITY else f"at most {limit} a process",
        remedy="" if is_enough else "Raise the limit: ulimit -n 4096.",
    )


def _megabytes(size: int) -> str:
    return f"{size / 2**20:,.0f} MB"


async def _launch_finding(config: BrowserConfig, options: LaunchOptions) -> Finding:
    started = SYSTEM_CLOCK.monotonic()
    try:
        text = await _rendered_text(config.model_copy(update={"executable": options.executable.path}))
    except TimeoutError:
        reason = f"no page was rendered in {RENDER_TIMEOUT:.0f} s"
    except LaunchFailed as error:
        reason = _told_lines(str(error.__cause__ or error))
    except PlaywrightError as error:
        reason = error.message
    else:
        if text == _RENDERED:
            seconds = SYSTEM_CLOCK.monotonic() - started
            return Finding(name="Launch", ok=True, text=f"launched, rendered a page and closed in {seconds:.1f} s")
        reason = f"the page's script did not run: the page shows {text!r}"
    return Finding(name="Launch", ok=False, text=reason, remedy=_launch_remedy(options, Path("/proc/sys")))


async def _rendered_text(config: BrowserConfig) -> str:
    driver = await Driver.start(RENDER_TIMEOUT)
    try:
        launched = await driver.launch(config)
        try:
            with anyio.fail_after(RENDER_TIMEOUT):
                return await _shown_by(launched.browser)
        finally:
            await launched.close()
    finally:
        await driver.stop()


async def _shown_by(browser: Browser) -> str:
    page = await browser.new_page()
    await page.set_content(_PAGE)
    return str(await page.evaluate("document.getElementById('answer').textContent"))


def _told_lines(message: str) -> str:
    """What a failed launch says of its cause: Playwright's words and the browser's own.

    Left out are the switches, 4,000 characters of them, and what Playwright notes of its own steps.
    """
    words, _, log = message.partition("Call log:")
    lines = words.splitlines() + [line.removeprefix("  - ") for line in log.splitlines() if "[err]" in line]
    told = [_PROCESS.sub("", line) for line in lines if line.strip(" =") and not line.startswith("<launch")]
    return "\n".join(list(dict.fromkeys(told))[:_TOLD_LINES])


def _launch_remedy(options: LaunchOptions, sysctl: Path) -> str:
    if options.sandbox:
        for name, refusing, allowing in _NAMESPACE_LIMITS:
            setting = sysctl / name.replace(".", "/")
            if setting.is_file() and setting.read_text().strip() == refusing:
                return (
                    "The sandbox needs user namespaces, which this system refuses. As root:"
                    f" sysctl -w {name}={allowing}; or launch with sandbox=False, for sites you trust."
                )
        return (
            "In a container the sandbox may be refused: run it with a seccomp profile that allows user namespaces, or"
            " launch with sandbox=False. Else install what the text above misses, or another browser."
        )
    return "Install what the text above misses, or another browser (Debian: apt-get install chromium-headless-shell)."
