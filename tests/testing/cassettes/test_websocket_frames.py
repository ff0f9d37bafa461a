from __future__ import annotations

import pytest

from crawl4ai_browser.testing.cassettes.websocket_frames import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    TEXT,
    FrameReader,
    Message,
    accepted,
    frame,
    message,
)

MASKED_HELLO = bytes.fromhex("818537fa213d7f9f4d5158")  # RFC 6455, 5.7


def test_examples_of_the_rfc_are_read() -> None:
    assert frame(TEXT, b"Hello") == bytes.fromhex("810548656c6c6f")
    assert FrameReader().feed(MASKED_HELLO) == [(TEXT, b"Hello")]
    assert accepted(b"dGhlIHNhbXBsZSBub25jZQ==") == b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65535, 65536])
def test_message_of_any_length_is_read_in_pieces_of_any_size(size: int) -> None:
    data = frame(BINARY, b"x" * size) + MASKED_HELLO
    for step in (1, 7, len(data)) if size < 200 else (60000,):
        reader = FrameReader()
        found = [each for at in range(0, len(data), step) for each in reader.feed(data[at : at + step])]
        assert found == [(BINARY, b"x" * size), (TEXT, b"Hello")]


def test_parts_of_a_message_are_put_together_around_a_ping() -> None:
    first = bytes((TEXT, 3)) + b"Hel"
    assert FrameReader().feed(first + frame(PING, b"there?") + frame(CONTINUATION, b"lo") + frame(TEXT, b"!")) == [
        (PING, b"there?"),
        (TEXT, b"Hello"),
        (TEXT, b"!"),
    ]


def test_what_is_said_is_told_by_its_opcode() -> None:
    said = [message("sent", opcode, b"x") for opcode in (TEXT, BINARY, CLOSE, PING)]
    assert [each.kind if each else None for each in said] == ["text", "binary", "close", None]
    assert str(Message("sent", "text", "grüezi".encode())) == "'grüezi'"
    assert str(Message("sent", "binary", b"123")) == "3 bytes"
    assert len(str(Message("sent", "text", b"x" * 10_000))) < 250
