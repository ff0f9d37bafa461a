"""Admission: what is made of found URLs. Judges them, finds the known ones, and queues the rest.

Runs in the database's thread, inside the transaction that the links belong to.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from crawl4ai_browser import urls
from crawl4ai_browser.frontier.candidate import Candidate
from crawl4ai_browser.frontier.gate import Gate, Refusal
from crawl4ai_browser.frontier.row_values import overrides_of, session_override
from crawl4ai_browser.storage import request_rows, schema
from crawl4ai_browser.storage.request_rows import NewRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from crawl4ai_browser.frontier.host_queue import Position
    from crawl4ai_browser.frontier.order import Order
    from crawl4ai_browser.page_content import Link
    from crawl4ai_browser.request import Request
    from crawl4ai_browser.storage.database import Connection
    from crawl4ai_browser.urls import WebAddress

_CACHED_HOSTS = 20_000
_CACHED_LINKS = 20_000
"""Links remembered as known, about 5 MB. Most links of a page are the site's navigation, which every page repeats."""


class Page(NamedTuple):
    """Where links were found."""

    id: int
    url: str
    depth: int
    seed: int
    """Id of the host that its links are held against."""
    session: str | None


class _Find(NamedTuple):
    """A URL that may be queued."""

    candidate: Candidate
    address: WebAddress
    seed: int | None
    """None: it is a seed itself, so its own host."""
    url: str
    priority: float
    overrides: str | None


@dataclass
class Admitted:
    """What came of some found URLs."""

    new: int = 0
    offers: dict[int, Position] = field(default_factory=dict["int", "Position"])
    """By host, where the first of its new requests stands."""
    origins: dict[int, str] = field(default_factory=dict[int, str])
    """Of the hosts offered."""
    queued: list[Candidate] = field(default_factory=list[Candidate])
    refused: list[tuple[str, Refusal]] = field(default_factory=list[tuple[str, Refusal]])
    warnings: list[str] = field(default_factory=list[str])

    def refuse(self, url: str, rule: str, detail: str) -> None:
        """Leave a URL out."""
        self.refused.append((url, Refusal(rule, detail)))


class Admission:
    """The door of one crawl's frontier."""

    def __init__(self, gate: Gate, order: Order) -> None:
        self._gate = gate
        self._order = order
        self._hosts: dict[str, int] = {}
        self._origins: dict[int, str] = {}
        self._depth_of_link: dict[str, int] = {}
        self._pages_of_host: Counter[int] | None = None

    def load(self, connection: Connection) -> None:
        """Read what is kept in memory from the database."""
        if self._gate.scope.traps.max_pages_per_host is not None:
            self._pages_of_host = Counter(dict(request_rows.pages_by_host(connection)))

    def admit_links(self, connection: Connection, page: Page, links: Sequence[Link]) -> Admitted:
        """Queue those links of a page that are in scope and new."""
        admitted = Admitted()
        seed_origin = self._origin(connection, page.seed)
        depth = page.depth + 1
        session = page.session or ""
        overrides = session_override(page.session)
        finds: dict[bytes, _Find] = {}
        for link in links:
            name = f"{session} {link.url}"
            if self._depth_of_link.get(name, math.inf) <= depth or link.kind not in self._gate.scope.link_kinds:
                continue
            address = self._judge(link, depth, seed_origin, admitted)
            if address is None:
                continue
            fingerprint = urls.digest_of_canonical(address.canonical, session, "")
            candidate = Candidate(address.href, depth, page.url, link.text, link.title, link.rel)
            finds.setdefault(fingerprint, _Find(candidate, address, page.seed, address.href, 0.0, overrides))
            self._remember(name, depth)
        self._queue(connection, finds, page.id, admitted)
        return admitted

    def admit_requests(self, connection: Connection, requests: Iterable[Request]) -> Admitted:
        """Queue those requests that are new, each a seed of its own."""
        admitted = Admitted()
        finds: dict[bytes, _Find] = {}
        for request in requests:
            address = urls.take_apart(request.url)
            if address is None:
                admitted.refuse(request.url, "url", "not a URL")
                continue
            refusal = self._gate.seed_refusal(address)
            if refusal is not None:
                admitted.refused.append((request.url, refusal))
                continue
            candidate = Candidate(request.url, 0)
            find = _Find(candidate, address, None, request.url, request.priority, overrides_of(request))
            finds.setdefault(bytes.fromhex(request.fingerprint), find)
        self._queue(connection, finds, None, admitted)
        return admitted

    def _judge(self, link: Link, depth: int, seed: str, admitted: Admitted) -> WebAddress | None:
        if self._gate.scope.obey_nofollow and "nofollow" in link.rel:
            admitted.refuse(link.url, "obey_nofollow", "rel=nofollow")
            return None
        address = urls.take_apart(link.url)
        if address is not None:
            address = self._gate.rewrite(address)
        if address is None:
            admitted.refuse(link.url, "url", "not a URL")
            return None
        refusal = self._gate.refusal(address, depth=depth, seed=seed)
        if refusal is not None:
            admitted.refused.append((address.href, refusal))
            return None
        return address

    def _queue(self, connection: Connection, finds: dict[bytes, _Find], parent: int | None, admitted: Admitted) -> None:
        known = request_rows.known(connection, list(finds))
        first_id = request_rows.next_id(connection)
        rows: list[NewRow] = []
        for fingerprint, find in finds.items():
            row = known.get(fingerprint)
            if row is not None:
                self._move_up(connection, row, find, parent, admitted)
                continue
            host = self._host(connection, find.address.origin)
            if not self._has_quota(connection, host, find, admitted):
                continue
            key = self._key(find.candidate, first_id, admitted)
            urgency = -find.priority
            seed = host if find.seed is None else find.seed
            depth = find.candidate.depth
            rows.append(
                NewRow(
                    first_id + len(rows), host, seed, depth, parent, urgency, key, fingerprint, find.url, find.overrides
                )
            )
            self._offer(host, find, (urgency, key), admitted)
            admitted.queued.append(find.candidate)
        request_rows.insert(connection, rows)
        admitted.new = len(rows)
        if admitted.refused:
            request_rows.count_refusals(connection, Counter(refusal.rule for _, refusal in admitted.refused))

    def _offer(self, host: int, find: _Find, position: Position, admitted: Admitted) -> None:
        admitted.origins[host] = find.address.origin
        admitted.offers[host] = min(admitted.offers.get(host, position), position)

    def _move_up(
        self, connection: Connection, row: request_rows.KnownRow, find: _Find, parent: int | None, admitted: Admitted
    ) -> None:
        """Depth is a limit, so of the paths to a queued request the shortest one found counts."""
        if parent is None or row.state != schema.QUEUED or row.depth <= find.candidate.depth:
            return
        key = self._key(find.candidate, parent, admitted) if self._order.name == "breadth_first" else None
        request_rows.move_up(connection, row.id, depth=find.candidate.depth, parent=parent, key=key)
        if key is not None:
            host = self._host(connection, find.address.origin)
            self._offer(host, find, (-find.priority, key), admitted)

    def _key(self, candidate: Candidate, page: int, admitted: Admitted) -> float:
        try:
            return self._order.key(candidate, page)
        except Exception as error:  # noqa: BLE001 - a user's scorer; reported, and its candidate goes last
            admitted.warnings.append(f"the scorer failed: {type(error).__name__}: {error}")
            return math.inf

    def _has_quota(self, connection: Connection, host: int, find: _Find, admitted: Admitted) -> bool:
        traps = self._gate.scope.traps
        is_link = find.seed is not None
        if traps.max_query_variants is not None and find.address.query:
            path = hashlib.blake2b(f"{find.address.origin}{find.address.path}".encode(), digest_size=8).digest()
            if is_link and request_rows.query_variants(connection, path) >= traps.max_query_variants:
                admitted.refuse(find.url, "max_query_variants", f"{traps.max_query_variants} of this path are known")
                return False
            request_rows.count_query_variant(connection, path)
        if self._pages_of_host is not None and traps.max_pages_per_host is not None:
            if is_link and self._pages_of_host[host] >= traps.max_pages_per_host:
                admitted.refuse(find.url, "max_pages_per_host", f"{traps.max_pages_per_host} of this host are known")
                return False
            self._pages_of_host[host] += 1
        return True

    def _remember(self, link: str, depth: int) -> None:
        if len(self._depth_of_link) >= _CACHED_LINKS:
            self._depth_of_link.clear()
        self._depth_of_link[link] = depth

    def host(self, connection: Connection, origin: str) -> int:
        """The id of a host, new or not."""
        return self._host(connection, origin)

    def _host(self, connection: Connection, origin: str) -> int:
        host = self._hosts.get(origin)
        if host is None:
            host = request_rows.host_id(connection, origin) or request_rows.add_host(connection, origin)
            if len(self._hosts) >= _CACHED_HOSTS:
                self._hosts.clear()
                self._origins.clear()
            self._hosts[origin] = host
            self._origins[host] = origin
        return host

    def _origin(self, connection: Connection, host: int) -> str:
        origin = self._origins.get(host)
        if origin is None:
            origin = request_rows.origin(connection, host)
            self._host(connection, origin)
        return origin
