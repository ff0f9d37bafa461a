"""HostIds: the numbers of hosts, looked up in the database and remembered for as many as are in use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawl4ai_browser.storage import request_rows

if TYPE_CHECKING:
    from crawl4ai_browser.storage.database import Connection

_REMEMBERED = 20_000
"""Hosts, at about 200 bytes. The links of a page lead to few, and mostly to those of the page before."""


class HostIds:
    """The ids of the hosts of one database."""

    def __init__(self) -> None:
        self._ids: dict[str, int] = {}
        self._origins: dict[int, str] = {}
        self._new: list[str] = []

    def of(self, connection: Connection, origin: str) -> int:
        """The id of a host, which is given one if it is new."""
        host = self._ids.get(origin)
        if host is None:
            host = request_rows.host_id(connection, origin)
            if host is None:
                host = request_rows.add_host(connection, origin)
                self._new.append(origin)
            self._remember(host, origin)
        return host

    def origin(self, connection: Connection, host: int) -> str:
        """The origin of a host."""
        origin = self._origins.get(host)
        if origin is None:
            origin = request_rows.origin(connection, host)
            self._remember(host, origin)
        return origin

    def take_new(self) -> list[str]:
        """The origins of the hosts that were new since the last call, in the order of their ids."""
        new, self._new = self._new, []
        return new

    def _remember(self, host: int, origin: str) -> None:
        if len(self._ids) >= _REMEMBERED:
            self._ids.clear()
            self._origins.clear()
        self._ids[origin] = host
        self._origins[host] = origin
