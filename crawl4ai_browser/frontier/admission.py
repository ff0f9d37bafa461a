"""Admission: what is made of URLs that were found. Judges them, passes over the known ones, and queues the rest.

Runs in the database's thread, inside the transaction to which the links belong.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from crawl4ai_browser import urls
from crawl4ai_browser.frontier.candidate import Candidate
from crawl4ai_browser.frontier.gate import Gate, Refusal
from crawl4ai_browser.frontier.host_ids import HostIds
from crawl4ai_browser.frontier.host_queue import Position
from crawl4ai_browser.frontier.known_requests import KnownRequests
from crawl4ai_browser.frontier.quotas import Quotas
from crawl4ai_browser.frontier.row_values import overrides_of, session_override
from crawl4ai_browser.request import Request
from crawl4ai_browser.storage import request_rows
from crawl4ai_browser.storage.request_rows import NewRow

if TYPE_CHECKING:
    from crawl4ai_browser.frontier.order import Order
    from crawl4ai_browser.page_content import Link
    from crawl4ai_browser.storage.database import Connection
    from crawl4ai_browser.urls import WebAddress

_REMEMBERED = 20_000
"""Links remembered as known, about 5 MB. Most links of a page are its site's navigation, which every page repeats."""


class Page(NamedTuple):
    """Where links were found."""

    id: int
    url: str
    depth: int
    seed: int
    """Id of the host that its links are held against."""
    session: str | None


_Finds = dict[bytes, tuple["WebAddress", "Link | Request"]]
"""URLs in scope by their fingerprints, each with what said it."""


@dataclass
class Admitted:
    """What came of some URLs."""

    new: int = 0
    refused: int = 0
    offers: dict[int, Position] = field(default_factory=dict[int, Position])
    """By host, where the first of its new requests stands."""
    new_hosts: list[str] = field(default_factory=list[str])
    """Origins of hosts that were not known, in the order of their ids."""
    queued: list[Candidate] = field(default_factory=list[Candidate])
    refusals: list[tuple[str, Refusal]] = field(default_factory=list[tuple[str, Refusal]])
    """Those worth telling of: all but the links of pages at the greatest depth."""
    warnings: list[str] = field(default_factory=list[str])

    def offer(self, host: int, position: Position) -> None:
        """A request of the host was queued."""
        first = self.offers.get(host)
        if first is None or position < first:
            self.offers[host] = position


class Admission:
    """The door of one crawl's frontier."""

    def __init__(self, gate: Gate, order: Order) -> None:
        self._gate = gate
        self._order = order
        self._known = KnownRequests()
        self._quotas = Quotas(gate.scope.traps)
        self._hosts = HostIds()
        self._depth_of_link: dict[str, int] = {}

    def load(self, connection: Connection) -> None:
        """Read what is kept in memory from the database."""
        for fingerprint, row, depth in request_rows.known(connection):
            self._known.add(fingerprint, row, depth)
        self._quotas.load(connection)

    def host(self, connection: Connection, origin: str) -> int:
        """The id of a host, known or not."""
        return self._hosts.of(connection, origin)

    def admit_links(self, connection: Connection, page: Page, links: Sequence[Link]) -> Admitted:
        """Queue the links of a page that are in scope and not known."""
        admitted = Admitted()
        if links and self._gate.is_too_deep(page.depth + 1):
            admitted.refused = len(links)
            request_rows.count_refusals(connection, {"max_depth": len(links)})
        else:
            finds = self._links_in_scope(connection, page, links, admitted)
            self._queue(connection, finds, page, admitted)
        admitted.new_hosts = self._hosts.take_new()
        return admitted

    def admit_requests(self, connection: Connection, requests: Iterable[Request]) -> Admitted:
        """Queue the requests that are not known, each as a seed."""
        admitted = Admitted()
        finds: _Finds = {}
        for request in requests:
            address = self._gate.judge_seed(request.url)
            if isinstance(address, Refusal):
                admitted.refusals.append((request.url, address))
            else:
                finds.setdefault(bytes.fromhex(request.fingerprint), (address, request))
        self._queue(connection, finds, None, admitted)
        admitted.new_hosts = self._hosts.take_new()
        return admitted

    def _links_in_scope(self, connection: Connection, page: Page, links: Sequence[Link], admitted: Admitted) -> _Finds:
        depth, session = page.depth + 1, page.session or ""
        seed_origin = self._hosts.origin(connection, page.seed)
        finds: _Finds = {}
        for link in links:
            if self._depth_of_link.get(_name(link.url, session), math.inf) <= depth:
                continue
            address = self._gate.judge_link(link, depth=depth, seed=seed_origin, page=page.url)
            if address is None:
                continue
            if isinstance(address, Refusal):
                admitted.refusals.append((link.url, address))
                continue
            finds.setdefault(urls.digest_of_canonical(address.canonical, session, ""), (address, link))
        return finds

    def _queue(self, connection: Connection, finds: _Finds, page: Page | None, admitted: Admitted) -> None:
        depth = 0 if page is None else page.depth + 1
        is_depth_limited = page is None or self._gate.scope.max_depth is not None
        new: _Finds = {}
        known: _Finds = {}
        deeper: dict[bytes, int] = {}
        for fingerprint, find in finds.items():
            place = self._known.find(fingerprint)
            if place is None:
                new[fingerprint] = find
                continue
            known[fingerprint] = find
            if is_depth_limited and place[1] > depth:
                deeper[fingerprint] = place[0]
        brought = self._bring_forward(connection, finds, deeper, page, admitted) if deeper else ()
        rows = self._insert(connection, new, page, admitted) if new else ()
        admitted.new = len(rows)
        admitted.refused = len(admitted.refusals)
        if admitted.refusals:
            request_rows.count_refusals(connection, Counter(refusal.rule for _, refusal in admitted.refusals))
        # Last: all that can fail from here on is SQLite, and then the database takes no more. What is rolled back for
        # another reason was never known.
        for row in brought:
            admitted.offer(row.host, (row.urgency, row.key))
            self._known.move(row.fingerprint, row.depth)
        for row in rows:
            admitted.offer(row.host, (row.urgency, row.key))
            self._known.add(row.fingerprint, row.id, row.depth)
        if page is not None:
            self._remember(known, page)

    def _insert(self, connection: Connection, finds: _Finds, page: Page | None, admitted: Admitted) -> list[NewRow]:
        depth, parent, seed = _origin_of(page)
        first_id = len(self._known) + 1
        rows: list[NewRow] = []
        for fingerprint, (address, found) in finds.items():
            host = self._hosts.of(connection, address.origin)
            refusal = self._quotas.use(connection, host, address, is_seed=page is None)
            if refusal is not None:
                admitted.refusals.append((address.href, refusal))
                continue
            candidate, urgency, overrides = _described(address, found, page)
            key = self._key(candidate, first_id, admitted)
            row = first_id + len(rows)
            place = (depth, parent, seed or host, urgency, key)
            rows.append(NewRow(row, host, *place, fingerprint, candidate.url, overrides))
            admitted.queued.append(candidate)
        request_rows.insert(connection, rows)
        return rows

    def _bring_forward(
        self, connection: Connection, finds: _Finds, deeper: dict[bytes, int], page: Page | None, admitted: Admitted
    ) -> list[NewRow]:
        """Depth is a limit, so of the paths to a queued request the shortest that was found counts."""
        depth, parent, seed = _origin_of(page)
        brought: list[NewRow] = []
        for fingerprint, row in deeper.items():
            address, found = finds[fingerprint]
            host = self._hosts.of(connection, address.origin)
            candidate, urgency, overrides = _described(address, found, page)
            place = (depth, parent, seed or host, urgency, self._key(candidate, row, admitted))
            nearer = NewRow(row, host, *place, fingerprint, candidate.url, overrides)
            if request_rows.bring_forward(connection, nearer):
                brought.append(nearer)
        return brought

    def _key(self, candidate: Candidate, page: int, admitted: Admitted) -> float:
        try:
            return self._order.key(candidate, page)
        except Exception as error:  # noqa: BLE001 - a user's scorer; reported, and its candidate goes last
            admitted.warnings.append(f"the scorer failed: {type(error).__name__}: {error}")
            return math.inf

    def _remember(self, known: _Finds, page: Page) -> None:
        """Only what was found before: of the rest, hardly anything is found again."""
        if len(self._depth_of_link) >= _REMEMBERED:
            self._depth_of_link.clear()
        for _, link in known.values():
            self._depth_of_link[_name(link.url, page.session or "")] = page.depth + 1


def _name(url: str, session: str) -> str:
    return f"{session} {url}" if session else url


def _origin_of(page: Page | None) -> tuple[int, int | None, int | None]:
    """Depth, parent and seed of what is found there; a seed's own host is its seed."""
    return (0, None, None) if page is None else (page.depth + 1, page.id, page.seed)


def _described(address: WebAddress, found: Link | Request, page: Page | None) -> tuple[Candidate, float, str | None]:
    """The candidate, its urgency, and what its request has besides the URL."""
    if page is None:
        assert isinstance(found, Request), "a seed is a request"
        return Candidate(found.url, 0), -found.priority, overrides_of(found)
    assert not isinstance(found, Request), "what is found on a page is a link"
    candidate = Candidate(address.href, page.depth + 1, page.url, found.text, found.title, found.rel)
    return candidate, 0.0, session_override(page.session)
