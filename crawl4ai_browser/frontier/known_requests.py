"""KnownRequests: every request that a crawl has heard of, in memory. Pure: what is in the database, others say.

Each link of each page is looked up, and each at a place of its own: of an index in the database that would touch as
many pages as there are links, and for new ones write them all. Here it takes 1 µs, and 31 to 38 bytes a request; a set
of the fingerprints takes 96, a dict to rows and depths 132 (measured with one million and four).
"""

from __future__ import annotations

import struct

_BUCKETS = 1 << 16
"""One for each value of a fingerprint's first two bytes: fingerprints are hashes, so all fill alike. Of a million
requests each holds 15, of ten million 150, which `bytearray` searches in less than 1 µs."""

_ENTRY = struct.Struct("<16sII")
"""Fingerprint, row and depth. Nothing is ever moved or taken out, so a bucket is its entries one after the other."""

_PLACE = struct.Struct("<II")
_PLACE_AT = _ENTRY.size - _PLACE.size


class KnownRequests:
    """Row and depth of each known request, by its fingerprint of 16 bytes."""

    def __init__(self) -> None:
        self._buckets: list[bytearray | None] = [None] * _BUCKETS
        self._count = 0

    def find(self, fingerprint: bytes) -> tuple[int, int] | None:
        """The row of a request and its depth; None: it is not known."""
        bucket = self._buckets[fingerprint[0] << 8 | fingerprint[1]]
        if bucket is None:
            return None
        at = _entry(bucket, fingerprint)
        if at < 0:
            return None
        row, depth = _PLACE.unpack_from(bucket, at + _PLACE_AT)
        return row, depth

    def add(self, fingerprint: bytes, row: int, depth: int) -> None:
        """Know a request that was not known."""
        number = fingerprint[0] << 8 | fingerprint[1]
        bucket = self._buckets[number]
        if bucket is None:
            bucket = self._buckets[number] = bytearray()
        bucket += _ENTRY.pack(fingerprint, row, depth)
        self._count += 1

    def move(self, fingerprint: bytes, depth: int) -> None:
        """A known request has another depth."""
        bucket = self._buckets[fingerprint[0] << 8 | fingerprint[1]]
        assert bucket is not None, "it is known"
        at = _entry(bucket, fingerprint) + _PLACE_AT
        row, _ = _PLACE.unpack_from(bucket, at)
        _PLACE.pack_into(bucket, at, row, depth)

    def __len__(self) -> int:
        """How many are known."""
        return self._count

    def __repr__(self) -> str:
        """How many are known."""
        return f"<KnownRequests {self._count}>"


def _entry(bucket: bytearray, fingerprint: bytes) -> int:
    """Where a request's entry begins; -1: nowhere."""
    at = bucket.find(fingerprint)
    while at >= 0 and at % _ENTRY.size:  # across two entries: as good as never
        at = bucket.find(fingerprint, at + 1)
    return at
