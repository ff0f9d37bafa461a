"""What is known is found again with its row and depth, and nothing else is."""

from __future__ import annotations

import hashlib
import re

from hypothesis import given
from hypothesis import strategies as st

from crawl4ai_browser.frontier.known_requests import KnownRequests


# Of few different bytes, so that many lie in one shard and begin their ways at one slot.
def crowded(high: int, low: int) -> bytes:
    return bytes([high]) * 8 + low.to_bytes(8, "little")


FINGERPRINT = st.builds(crowded, st.integers(0, 1), st.integers(0, 40))
ENTRY = st.tuples(FINGERPRINT, st.integers(1, 2**40 - 1), st.integers(0, 2**24 - 1))


@given(st.lists(ENTRY, max_size=120), st.integers(0, 5000))
def test_it_agrees_with_a_dict(entries: list[tuple[bytes, int, int]], room: int) -> None:
    known, model = KnownRequests(room), dict[bytes, tuple[int, int]]()
    for fingerprint, row, depth in entries:
        assert known.find(fingerprint) == model.get(fingerprint)
        known.put(fingerprint, row, depth)
        model[fingerprint] = (row, depth)
        assert known.find(fingerprint) == (row, depth)
    assert len(known) == len(model)
    assert {fingerprint: known.find(fingerprint) for fingerprint in model} == model
    assert known.find(bytes([2]) * 16) is None


def digest(number: int) -> bytes:
    return hashlib.blake2b(number.to_bytes(8, "big"), digest_size=16).digest()


def test_fingerprints_are_compared_whole() -> None:
    known = KnownRequests()
    whole = digest(0)
    known.put(whole, 1, 0)
    for byte in range(16):
        other = bytes([*whole[:byte], whole[byte] ^ 128, *whole[byte + 1 :]])
        assert known.find(other) is None, f"byte {byte}"


def test_fingerprints_of_zeros_and_ones_are_like_any_other() -> None:
    known = KnownRequests()
    for row, fingerprint in enumerate((bytes(16), b"\xff" * 16), start=1):
        assert known.find(fingerprint) is None
        known.put(fingerprint, row, 0)
        assert known.find(fingerprint) == (row, 0)


def test_a_depth_that_is_beyond_all_measure_stays_in_its_place() -> None:
    known = KnownRequests()
    known.put(digest(1), 7, 2**30)
    assert known.find(digest(1)) == (7, 2**24 - 1)


def test_a_request_takes_at_most_forty_eight_bytes() -> None:
    sizes: list[float] = []
    known = KnownRequests()
    for number in range(60_000):
        known.put(digest(number), number + 1, 0)
        if number % 5_000 == 4_999:
            size = re.search(r"in (\d+) bytes", repr(known))
            assert size is not None
            sizes.append(int(size[1]) / len(known))
    assert max(sizes) <= 56, "few, so that the shards differ by more"
    assert sizes[-1] <= 48
