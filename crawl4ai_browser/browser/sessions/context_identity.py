"""ContextIdentity: a context's configuration with all that it names looked up, before any browser is started."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import anyio.to_thread

from crawl4ai_browser.browser.sessions.devices import Device, device
from crawl4ai_browser.browser.sessions.state_file import read_state
from crawl4ai_browser.config import ContextConfig
from crawl4ai_browser.storage_state import StorageState, StoredCookie


@dataclass(frozen=True)
class ContextIdentity:
    """What a context is opened with. Made by `of`."""

    config: ContextConfig
    device: Device | None = None
    state: StorageState | None = None
    """What it begins with: the file's or value's state and the cookies of the configuration."""

    @classmethod
    async def of(cls, config: ContextConfig) -> ContextIdentity:
        """The identity that a configuration describes. Reads the file and the device that it names.

        Raises:
            ConfigError: there is no such device or file, or the file holds no state.
            LaunchFailed: Playwright's driver, which knows the devices, does not run.
        """
        if config.device is None and not isinstance(config.storage_state, str | Path):
            return cls(config, state=_state(config, config.storage_state))
        return await anyio.to_thread.run_sync(cls._looked_up, config)

    @classmethod
    def _looked_up(cls, config: ContextConfig) -> ContextIdentity:
        given = config.storage_state
        state = read_state(Path(given)) if isinstance(given, str | Path) else given
        named = device(config.device) if config.device is not None else None
        return cls(config, device=named, state=_state(config, state))

    def __repr__(self) -> str:
        """The device and how much state there is."""
        return f"<ContextIdentity {self.config.device or 'no device'}, {self.state or 'no state'}>"


NO_IDENTITY = ContextIdentity(ContextConfig())
"""Of a session that has been closed: it knows nothing any more."""


def _state(config: ContextConfig, state: StorageState | None) -> StorageState | None:
    """The state with the configured cookies, which take the place of those of the same name, domain and path."""
    if not config.cookies:
        return state
    added = [StoredCookie.of(cookie) for cookie in config.cookies]
    taken = {(cookie.name, cookie.domain, cookie.path) for cookie in added}
    state = state or StorageState()
    kept = [cookie for cookie in state.cookies if (cookie.name, cookie.domain, cookie.path) not in taken]
    return state.with_cookies([*kept, *added])
