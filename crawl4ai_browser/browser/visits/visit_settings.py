"""VisitSettings: what holds for one visit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crawl4ai_browser.actions import Actions
    from crawl4ai_browser.browser.capturing.filing import CaptureFolders
    from crawl4ai_browser.browser.hooks import Hooks
    from crawl4ai_browser.browser.sessions.signing_in import SignInWatch
    from crawl4ai_browser.capture_config import CaptureConfig
    from crawl4ai_browser.config import ContextConfig, VisitConfig


@dataclass(frozen=True)
class VisitSettings:
    """The crawl's configuration with the request's own in its place, and the user's functions."""

    visit: VisitConfig
    actions: Actions
    capture: CaptureConfig
    context: ContextConfig
    capture_folders: CaptureFolders
    """Where captures go that are to be files."""
    hooks: Hooks
    sign_in: SignInWatch | None = None
    """Judges whether the page shows its session signed in. None: nothing is known of that."""
