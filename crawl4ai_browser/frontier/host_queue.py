"""HostQueue: which host is served next. Pure: it is told the time, and knows hosts by number.

A host waits in a heap at the rank of its first request, or is parked while it may not be visited, or is out because it
has nothing queued. The heap is cleaned lazily: an entry that is not its host's latest is dropped when it comes up.
Every step is O(log hosts); what a closed host has queued costs nothing.

A crawl of a million sites has a million hosts here, so an entry is one integer of 48 bytes (a tuple of its parts takes
190), and what is known of a host lies in arrays, its name included: about 120 bytes for a host in all.
"""

from __future__ import annotations

import heapq
import math
import struct
from array import array

# An entry is, from its highest bit: urgency, key, turn, host. Its 180 bits fill six digits of Python's integers.
_NUMBER_BITS = 48
_TURN_BITS = 44
_HOST_BITS = 40
_TURN_MASK = (1 << _TURN_BITS) - 1
_HOST_MASK = (1 << _HOST_BITS) - 1
_TOP_BIT = 1 << 63
_ALL_BITS = (1 << 64) - 1
_DOUBLE = struct.Struct(">d")
_WORD = struct.Struct(">Q")

Position = tuple[float, float]
"""Urgency and key of a host's first request; lower is earlier."""


def _sortable(number: float) -> int:
    """48 bits that order like the numbers, as far as those differ in their first eleven digits.

    Doubles (IEEE 754) read as integers have their order, but that negative ones run backwards.
    """
    bits: int = _WORD.unpack(_DOUBLE.pack(number + 0.0))[0]  # the sum turns -0.0 into 0.0
    ordered = bits ^ _ALL_BITS if bits & _TOP_BIT else bits | _TOP_BIT
    return ordered >> (64 - _NUMBER_BITS)


class HostNames:
    """The origins of hosts by number, from 1 without gaps. A list of strings takes three times as much memory."""

    def __init__(self) -> None:
        self._text = bytearray()
        self._ends = array("I", [0])  # 4 GiB of names are a hundred million hosts

    def append(self, origin: str) -> None:
        """The next host."""
        self._text += origin.encode()
        self._ends.append(len(self._text))

    def __getitem__(self, host: int) -> str:
        """The origin of a host."""
        return self._text[self._ends[host - 1] : self._ends[host]].decode()

    def __len__(self) -> int:
        """How many there are, and so the number of the latest."""
        return len(self._ends) - 1


class HostQueue:
    """The hosts that have something queued, in the order in which they are served.

    Hosts at equal positions take turns: one that is put back goes behind those that wait already.
    """

    def __init__(self) -> None:
        self._heap: list[int] = []
        self._turn = 0
        # By host: the turn of its latest entry in the heap, 0 where it has none, and its position there.
        self._turn_of = array("Q", [0])
        self._urgency_of = array("d", [math.inf])
        self._key_of = array("d", [math.inf])
        self._parked: dict[int, float] = {}
        self._alarms: list[tuple[float, int]] = []

    def offer(self, host: int, position: Position) -> None:
        """The host has a request queued at `position`; it moves up when that is before its first one."""
        self._make_room(host)
        if position < (self._urgency_of[host], self._key_of[host]):
            self._urgency_of[host], self._key_of[host] = position
            if host not in self._parked:
                self._push(host)

    def put_back(self, host: int, position: Position | None) -> None:
        """The host's first request is now at `position`, or it has none; it goes behind its equals."""
        self._make_room(host)
        self._urgency_of[host], self._key_of[host] = position or (math.inf, math.inf)
        self._turn_of[host] = 0
        if position is not None and host not in self._parked:
            self._push(host)

    def correct(self, host: int, position: Position | None) -> None:
        """What was known of the host's first request may be wrong; where it is right, the host keeps its turn."""
        if position != (self._urgency_of[host], self._key_of[host]):
            self.put_back(host, position)

    def first(self) -> int | None:
        """The host to serve next. It stays where it is until it is put back or parked."""
        heap = self._heap
        while heap:
            host = heap[0] & _HOST_MASK
            if self._turn_of[host] == heap[0] >> _HOST_BITS & _TURN_MASK:
                return host
            heapq.heappop(heap)
        return None

    def is_among_first(self, host: int) -> bool:
        """Whether the host waits at the same position as the first."""
        first = self.first()
        if first is None or not self._turn_of[host]:
            return False
        return (self._urgency_of[host], self._key_of[host]) == (self._urgency_of[first], self._key_of[first])

    def next_after_first(self, count: int) -> list[int]:
        """Up to `count` further hosts that will probably be served soon: a hint, in no particular order."""
        first = self.first()
        hosts: list[int] = []
        for entry in self._heap[1 : 2 * count]:
            host = entry & _HOST_MASK
            is_latest = self._turn_of[host] == entry >> _HOST_BITS & _TURN_MASK
            if is_latest and host != first:
                hosts.append(host)
        return hosts[:count]

    def park(self, host: int, until: float) -> None:
        """The host may not be visited before `until`; infinity: not before `open`."""
        self._turn_of[host] = 0
        self._parked[host] = until
        if until < math.inf:
            heapq.heappush(self._alarms, (until, host))

    def open(self, host: int) -> None:
        """Whatever it was parked for may be over."""
        if self._parked.pop(host, None) is not None and self._urgency_of[host] < math.inf:
            self._push(host)

    def open_due(self, now: float) -> None:
        """Open the hosts whose time has come."""
        while (alarm := self._next_alarm()) <= now:
            _, host = heapq.heappop(self._alarms)
            if self._parked.get(host) == alarm:
                self.open(host)

    @property
    def wakes_at(self) -> float:
        """When the next parked host opens by itself; infinity: none will."""
        return self._next_alarm()

    def _next_alarm(self) -> float:
        alarms = self._alarms
        while alarms and self._parked.get(alarms[0][1]) != alarms[0][0]:
            heapq.heappop(alarms)
        return alarms[0][0] if alarms else math.inf

    def _push(self, host: int) -> None:
        self._turn += 1
        self._turn_of[host] = self._turn
        rank = _sortable(self._urgency_of[host]) << _NUMBER_BITS | _sortable(self._key_of[host])
        heapq.heappush(self._heap, (rank << _TURN_BITS | self._turn) << _HOST_BITS | host)

    def _make_room(self, host: int) -> None:
        missing = host + 1 - len(self._turn_of)
        if missing > 0:
            self._turn_of.extend([0] * missing)
            self._urgency_of.extend([math.inf] * missing)
            self._key_of.extend([math.inf] * missing)

    def __repr__(self) -> str:
        """How many entries and parked hosts."""
        return f"<HostQueue {len(self._heap)} waiting, {len(self._parked)} parked>"
