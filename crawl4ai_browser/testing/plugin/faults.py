"""BrowserFaults: kills or hangs the browser of a test, or the driver that it hangs on, when a certain visit begins."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from crawl4ai_browser.browser import scratch
from crawl4ai_browser.events import Event, PageStarted

_DRIVER_ARGUMENT = "run-driver"
"""Of Playwright's Node process."""

Act = Callable[[psutil.Process], None]


@dataclass(frozen=True)
class _Fault:
    visit: int
    what: str
    on_driver: bool
    act: Act


class BrowserFaults:
    """What is to happen to a test's browser. The test has a crawler, and so a browser, to itself.

        def test_crawl_outlives_its_browser(browser_faults, crawl, site):
            browser_faults.kill_browser(at_visit=3)
            assert all(result.ok for result in crawl(site.url("/"), scope=Scope()))

    Visits are counted from the test's first page, from 1, further attempts at a page included.
    """

    def __init__(self, start_browser: Callable[[], None]) -> None:
        """`start_browser` starts the browser of the test where it does not run yet."""
        self._start_browser = start_browser
        self._before = set(psutil.Process().children(recursive=True))
        self._faults: list[_Fault] = []
        self._hung: list[psutil.Process] = []
        self.visit_count = 0
        """Visits that have begun."""
        self.happened: list[str] = []
        """What was done, in order, such as "killed the browser at visit 3"."""

    def kill_browser(self, *, at_visit: int) -> None:
        """Kill the browser's processes as that visit begins."""
        self._add(_Fault(at_visit, "killed the browser", on_driver=False, act=psutil.Process.kill))

    def hang_browser(self, *, at_visit: int) -> None:
        """Stop the browser's processes as that visit begins: connected, and silent until `resume`."""
        self._add(_Fault(at_visit, "hung the browser", on_driver=False, act=self._hang))

    def kill_driver(self, *, at_visit: int) -> None:
        """Kill Playwright's driver as that visit begins; the browser ends with it."""
        self._add(_Fault(at_visit, "killed the driver", on_driver=True, act=psutil.Process.kill))

    def hang_driver(self, *, at_visit: int) -> None:
        """Stop Playwright's driver as that visit begins: every call of it waits until `resume`."""
        self._add(_Fault(at_visit, "hung the driver", on_driver=True, act=self._hang))

    def resume(self) -> None:
        """Let what hangs go on."""
        hung, self._hung = self._hung, []
        for process in hung:
            with suppress(psutil.Error):
                process.resume()

    def observe(self, event: Event) -> None:
        """Count visits and act; an observer of the test's crawler."""
        if not isinstance(event, PageStarted):
            return
        self.visit_count += 1
        for fault in [fault for fault in self._faults if fault.visit == self.visit_count]:
            self._faults.remove(fault)
            for process in self._targets(on_driver=fault.on_driver):
                with suppress(psutil.Error):  # shape: it ended before its turn, with the one before it
                    fault.act(process)
            self.happened.append(f"{fault.what} at visit {self.visit_count}")

    @property
    def pending(self) -> list[str]:
        """What was asked for and has not come, as its visit has not begun."""
        return [f"visit {fault.visit}, at which it would have {fault.what}" for fault in self._faults]

    def _add(self, fault: _Fault) -> None:
        if fault.visit <= self.visit_count:
            raise ValueError(f"visit {fault.visit} is over: {self.visit_count} have begun")
        self._faults.append(fault)
        # A browser comes with the first page, so there would be none to kill as that visit begins.
        self._start_browser()

    def _hang(self, process: psutil.Process) -> None:
        process.suspend()
        self._hung.append(process)

    def _targets(self, *, on_driver: bool) -> list[psutil.Process]:
        browsers = [each for each in psutil.Process().children(recursive=True) if self._is_browser(each)]
        if not on_driver:
            return browsers
        parents = {parent for browser in browsers for parent in browser.parents()}
        return [parent for parent in parents if _DRIVER_ARGUMENT in _command(parent)]

    def _is_browser(self, process: psutil.Process) -> bool:
        """Whether it belongs to a browser of this test's crawler: a later one than those of other tests."""
        if process in self._before or _DRIVER_ARGUMENT in _command(process):
            return False
        try:
            folder = Path(process.environ().get("TMPDIR", ""))
        except psutil.Error:
            return False
        return folder.name.startswith(scratch.PREFIX)

    def __repr__(self) -> str:
        """What has happened, and what is to come."""
        return f"<BrowserFaults {self.visit_count} visits, {len(self.happened)} happened, {len(self._faults)} to come>"


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []
