"""Devices: what Playwright knows of phones, tablets and desktops, found out without starting its driver."""

from __future__ import annotations

import difflib
import json
from functools import cache

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

from crawl4ai_browser.browser.provisioning.command import run_command
from crawl4ai_browser.browser.provisioning.driver import driver_node, driver_package
from crawl4ai_browser.config import Viewport
from crawl4ai_browser.errors import ConfigError, LaunchFailed
from crawl4ai_browser.frozen import Frozen

_SCRIPT = "process.stdout.write(JSON.stringify(require(process.argv[1]).devices))"

_TIMEOUT = 30.0
"""Seconds for Node to load Playwright's code and print its devices: 0.3 warm."""


class Device(Frozen):
    """One of Playwright's descriptors (https://playwright.dev/docs/emulation#devices)."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore")

    user_agent: str
    viewport: Viewport
    screen: Viewport | None = None
    device_scale_factor: float
    is_mobile: bool
    has_touch: bool


_DEVICES = TypeAdapter(dict[str, Device])


@cache
def devices() -> dict[str, Device]:
    """All devices by name. Starts Node once, which takes 0.3 s.

    Raises:
        LaunchFailed: Playwright's driver does not run.
    """
    outcome = run_command((str(driver_node()), "-e", _SCRIPT, str(driver_package())), timeout=_TIMEOUT)
    if not outcome.succeeded:
        raise LaunchFailed(f"Playwright's list of devices could not be read: {outcome.last_lines}")
    # One line, among what Node may warn of.
    printed = next((line for line in outcome.output.splitlines() if line.startswith("{")), "")
    try:
        return _DEVICES.validate_python(json.loads(printed))
    except (ValueError, ValidationError) as error:
        raise LaunchFailed("Playwright's list of devices is not what this version of us can read") from error


def device(name: str) -> Device:
    """The device of that name.

    Raises:
        ConfigError: there is none; the message has names that come near.
        LaunchFailed: Playwright's driver does not run.
    """
    known = devices()
    if name not in known:
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.5) or ["Pixel 7", "iPhone 15", "Desktop Chrome"]
        raise ConfigError(
            f"no device is called {name!r}; there are {', '.join(near)} and {len(known) - len(near)} more"
        )
    return known[name]
