"""What the frontier does in the database: each method one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from crawl4ai_browser import urls
from crawl4ai_browser.errors import ConfigError
from crawl4ai_browser.frontier.admission import Admission, Admitted, Page
from crawl4ai_browser.frontier.schedule import Schedule
from crawl4ai_browser.frontier.seeds import SeedRecord
from crawl4ai_browser.storage import request_rows, schema

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawl4ai_browser.frontier.lease import Outcome
    from crawl4ai_browser.page_content import Link
    from crawl4ai_browser.request import Request
    from crawl4ai_browser.storage.database import Connection

_ORDER = "order"
_SEEDS = "seeds"

_STATES: dict[Outcome, int] = {"done": schema.DONE, "failed": schema.FAILED, "skipped": schema.SKIPPED}


class Ended(NamedTuple):
    """A visit that has come to its end."""

    id: int
    url: str
    session: str | None
    outcome: Outcome
    final_url: str | None


class Transactions:
    """The transactions of one crawl's frontier. Every method runs in the database's thread."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission

    def load(self, connection: Connection, order: str, max_pages: int | None) -> tuple[Schedule, SeedRecord]:
        """What a frontier begins with. Reads every row: about 2.5 s for a million."""
        earlier_order = request_rows.fact(connection, _ORDER)
        if earlier_order is None:
            request_rows.note(connection, _ORDER, order)
        elif earlier_order != order:
            raise ConfigError(
                f"the state is of a crawl in the order {earlier_order}, not {order}: what is queued keeps its place"
                " (give the same order, or use another state folder)"
            )
        request_rows.queue_all_delayed(connection)
        self._admission.load(connection)
        refused = sum(request_rows.refusals(connection).values())
        schedule = Schedule(request_rows.tally(connection), refused=refused, max_pages=max_pages)
        for (origin,) in request_rows.origins(connection):
            schedule.add_host(origin)
        for host, urgency, key in request_rows.first_ranks(connection):
            schedule.offer(host, (urgency, key))
        seeds = request_rows.fact(connection, _SEEDS)
        return schedule, SeedRecord() if seeds is None else SeedRecord.model_validate_json(seeds)

    def add(self, connection: Connection, requests: Sequence[Request], record: SeedRecord | None) -> Admitted:
        """Queue requests; `record` says which seeds the database holds then."""
        if record is not None:
            request_rows.note(connection, _SEEDS, record.model_dump_json())
        return self._admission.admit_requests(connection, requests)

    def complete(self, connection: Connection, ended: Ended, links: Sequence[Link]) -> Admitted:
        """Mark a request as finished, and queue what it links to."""
        row = request_rows.finish(connection, ended.id, _STATES[ended.outcome])
        if row is None:
            raise ValueError(f"not leased: {urls.without_credentials(ended.url)}")
        depth, seed = row
        if depth == 0 and ended.final_url is not None:
            # A seed often redirects to where its site really lives (https, www): its links are held against that.
            seed = self._admission.host(connection, urls.origin(ended.final_url))
        page = Page(ended.id, ended.final_url or ended.url, depth, seed, ended.session)
        return self._admission.admit_links(connection, page, links)
