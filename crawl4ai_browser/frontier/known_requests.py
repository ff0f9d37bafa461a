"""KnownRequests: every request that a crawl has heard of, in memory. Pure: what is in the database, others say.

Each link of each page is looked up, and each at a place of its own: of an index in the database that would touch as
many pages as there are links, and for new ones write them all. Here it is 1 µs, for 32 to 48 bytes a request; a set of
the fingerprints takes 96, a dict to rows and depths 132 (measured with a million).
"""

from __future__ import annotations

import struct
from array import array

_SHARDS = 1024
"""Tables of which each grows by itself. Of a million requests each has a thousand, and moves them in less than 1 ms."""

_WORDS = 3
"""Of 64 bits to a slot: the two of a fingerprint, and one with row and depth, which is 0 in an empty slot."""

_FIRST_SLOTS = 4
_DEPTH_BITS = 24
_DEEPEST = (1 << _DEPTH_BITS) - 1
_TWO_WORDS = struct.Struct("<QQ")


class KnownRequests:
    """Row and depth of each known request, by its fingerprint of 16 bytes.

    Open addressing with linear probing. Fingerprints are hashes, so their bits are shards and slots as they are.
    """

    def __init__(self, room_for: int = 0) -> None:
        """`room_for`: how many are to come, if that is known; then hardly one is moved."""
        slots = max(_FIRST_SLOTS, room_for * 3 // (_SHARDS * 2))  # two thirds full
        self._shards = [_empty(slots) for _ in range(_SHARDS)]
        self._counts = [0] * _SHARDS

    def find(self, fingerprint: bytes) -> tuple[int, int] | None:
        """The row of a request and its depth; None: it is not known."""
        high, low = _halves(fingerprint)
        words = self._shards[high % _SHARDS]
        value = words[_slot(words, high, low) + 2]
        return (value >> _DEPTH_BITS, value & _DEEPEST) if value else None

    def put(self, fingerprint: bytes, row: int, depth: int) -> None:
        """Know a request, or what is new about it. Rows are numbered from 1."""
        high, low = _halves(fingerprint)
        shard = high % _SHARDS
        words = self._shards[shard]
        at = _slot(words, high, low)
        if not words[at + 2]:
            self._counts[shard] += 1
            if self._counts[shard] * _WORDS * 4 > len(words) * 3:  # beyond three quarters the ways get long
                words = self._shards[shard] = _grown(words)
                at = _slot(words, high, low)
        words[at], words[at + 1], words[at + 2] = high, low, row << _DEPTH_BITS | min(depth, _DEEPEST)

    def __len__(self) -> int:
        """How many are known."""
        return sum(self._counts)

    def __repr__(self) -> str:
        """How many are known, and the memory that takes."""
        size = sum(len(words) * words.itemsize for words in self._shards)
        return f"<KnownRequests {len(self)} in {size} bytes>"


def _halves(fingerprint: bytes) -> tuple[int, int]:
    high, low = _TWO_WORDS.unpack(fingerprint)
    return high, low


def _empty(slots: int) -> array[int]:
    return array("Q", bytes(slots * _WORDS * 8))


def _slot(words: array[int], high: int, low: int) -> int:
    """Where a fingerprint lies in a shard, or the empty slot in which it would."""
    size = len(words)
    at = low % (size // _WORDS) * _WORDS
    while words[at + 2] and (words[at + 1] != low or words[at] != high):
        at += _WORDS
        if at == size:
            at = 0
    return at


def _grown(words: array[int]) -> array[int]:
    """The same with half as many slots more."""
    grown = _empty(len(words) // _WORDS * 3 // 2)
    for at in range(0, len(words), _WORDS):
        high, low, value = words[at : at + _WORDS]
        if value:
            new = _slot(grown, high, low)
            grown[new], grown[new + 1], grown[new + 2] = high, low, value
    return grown
