"""Quotas: the limits of a scope that count what is known already. Seeds are counted, and never refused."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING

from crawl4ai_browser.frontier.gate import Refusal
from crawl4ai_browser.storage import request_rows

if TYPE_CHECKING:
    from crawl4ai_browser.frontier.scope import TrapLimits
    from crawl4ai_browser.storage.database import Connection
    from crawl4ai_browser.urls import WebAddress


class Quotas:
    """What of each quota is used up. Costs nothing where no limit is set."""

    def __init__(self, limits: TrapLimits) -> None:
        self._pages = limits.max_pages_per_host
        self._variants = limits.max_query_variants
        self._pages_of: Counter[int] = Counter()

    def load(self, connection: Connection) -> None:
        """Count what the database holds."""
        if self._pages is not None:
            self._pages_of = Counter(dict(request_rows.pages_by_host(connection)))

    def use(self, connection: Connection, host: int, address: WebAddress, *, is_seed: bool) -> Refusal | None:
        """Count a new URL; or the reason why it stays out, and then it is not counted."""
        if self._pages is not None and not is_seed and self._pages_of[host] >= self._pages:
            return Refusal("max_pages_per_host", f"{self._pages} of {address.origin} are known")
        if self._variants is not None and address.query:
            path = hashlib.blake2b(f"{address.origin}{address.path}".encode(), digest_size=8).digest()
            if not is_seed and request_rows.query_variants(connection, path) >= self._variants:
                return Refusal("max_query_variants", f"{self._variants} of {address.path} are known")
            request_rows.count_query_variant(connection, path)
        if self._pages is not None:
            self._pages_of[host] += 1
        return None
