"""What is known is found again with its row and depth, and nothing else is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from crawl4ai_browser.frontier.known_requests import KnownRequests

# Of few different bytes, so that many lie in one bucket, and the end of one with the beginning of the next looks like
# another.
FINGERPRINT = st.binary(min_size=14, max_size=14).map(lambda end: b"\0\0" + end) | st.lists(
    st.sampled_from([b"\0\0\0\0", b"\0\0\0\1", b"\1\0\0\0"]), min_size=4, max_size=4
).map(b"".join)
NUMBER = st.integers(0, 3) | st.integers(0, 2**32 - 1)


@given(st.lists(st.tuples(FINGERPRINT, NUMBER, NUMBER), max_size=60))
def test_it_agrees_with_a_dict(entries: list[tuple[bytes, int, int]]) -> None:
    known, model = KnownRequests(), dict[bytes, tuple[int, int]]()
    for fingerprint, row, depth in entries:
        assert known.find(fingerprint) == model.get(fingerprint)
        if fingerprint in model:
            known.move(fingerprint, depth)
            model[fingerprint] = (model[fingerprint][0], depth)
        else:
            known.add(fingerprint, row, depth)
            model[fingerprint] = (row, depth)
    assert {fingerprint: known.find(fingerprint) for fingerprint in model} == model
    assert len(known) == len(model)


def test_fingerprints_are_compared_whole() -> None:
    known, whole = KnownRequests(), bytes(range(16))
    known.add(whole, 1, 0)
    for byte in range(16):
        other = bytes([*whole[:byte], whole[byte] ^ 128, *whole[byte + 1 :]])
        assert known.find(other) is None, f"byte {byte}"


def test_what_lies_across_two_entries_is_not_known() -> None:
    known = KnownRequests()
    known.add(bytes(8) + b"\1" * 8, 0, 0)
    known.add(bytes(16), 7, 0)
    across = bytes(15) + b"\1"
    assert known.find(across) is None
    assert known.find(bytes(16)) == (7, 0), "zeros stand before it, too"
