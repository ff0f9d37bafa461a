"""Reads and writes a tape as a file: JSON that people can read, with a line for each line of a text.

    {"cassette": 1, "recorded_at": "...", "exchanges": [
      {"request": "GET https://example.com/", "status": 200, "headers": ["Content-Type: text/html"], "text": ["<h1>"]}]}

Texts are lists of their lines, other bodies base64; one that occurs again is written once, under `bodies`. What was
said over a WebSocket are its `messages`, in their order: `{"sent": "hello"}`, `{"received": {"base64": ["AAE="]}}`.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from base64 import b64decode, b64encode
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, cast

from crawl4ai_browser.errors import StorageError
from crawl4ai_browser.testing.cassettes.exchange import Answer, Asked, Ending, Exchange
from crawl4ai_browser.testing.cassettes.tape import Tape
from crawl4ai_browser.testing.cassettes.websocket_frames import Message

VERSION = 1

_BASE64_LINE = 96
"""Characters of a line of base64: short enough that a change of a picture is a few lines of a diff."""

_SHARED_FROM = 200
"""Bytes of a body that is worth a reference when it occurs again."""

_NAME_DIGITS = 12
"""Hex digits that name a shared body."""

Json = dict[str, Any]


def read_tape(path: Path) -> Tape:
    """The tape of a file.

    Raises:
        StorageError: it can't be read, or is no cassette.
    """
    try:
        data = cast("Json", json.loads(path.read_bytes()))
        if data["cassette"] != VERSION:
            raise StorageError(f"{path} is a cassette of version {data['cassette']}, and this reads {VERSION}")
        tape = Tape(datetime.fromisoformat(data["recorded_at"]))
        tape.unreachable = dict(data.get("unreachable", {}))
        shared = {name: _body(kept) for name, kept in data.get("bodies", {}).items()}
        tape.load(_exchange(entry, shared) for entry in data["exchanges"])
    except OSError as error:
        raise StorageError(f"the cassette {path} can't be read: {error}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StorageError(f"{path} is no cassette: {type(error).__name__}: {error}") from error
    return tape


def write_tape(tape: Tape, path: Path) -> None:
    """Write it, whole or not at all.

    Raises:
        StorageError: it can't be written.
    """
    text = json.dumps(_data(tape), ensure_ascii=False, indent=1) + "\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        Path(name).chmod(0o644)  # it is to be committed, and holds no secrets
        Path(name).replace(path)
    except OSError as error:
        raise StorageError(f"the cassette {path} can't be written: {error}") from error


def _data(tape: Tape) -> Json:
    exchanges = tape.exchanges()
    counts = Counter(each.answer.body for each in exchanges if len(each.answer.body) >= _SHARED_FROM)
    shared = {body: _name(body) for body, count in counts.items() if count > 1}
    data: Json = {"cassette": VERSION, "recorded_at": tape.recorded_at.isoformat()}
    if tape.unreachable:
        data["unreachable"] = dict(sorted(tape.unreachable.items()))
    data["exchanges"] = [_entry(each, shared) for each in exchanges]
    if shared:
        data["bodies"] = {name: _kept(body) for body, name in sorted(shared.items(), key=lambda item: item[1])}
    return data


def _entry(exchange: Exchange, shared: dict[bytes, str]) -> Json:
    asked, answer = exchange.asked, exchange.answer
    entry: Json = {"request": f"{asked.method} {asked.url}"}
    if asked.span:
        entry["range"] = asked.span
    if asked.body:
        entry["sent"] = _kept(asked.body)
    if answer.ending == "silent":
        return {**entry, "ending": "silent"}
    entry["status"] = answer.status
    if answer.reason:
        entry["reason"] = answer.reason
    entry["headers"] = [f"{name}: {value}" for name, value in answer.headers]
    if answer.ending != "whole":
        entry["ending"] = answer.ending
    if answer.body in shared:
        entry["body"] = shared[answer.body]
    elif answer.body:
        entry |= _kept(answer.body)
    if answer.is_socket:
        entry["messages"] = [{each.way: _said(each)} for each in answer.messages]
    return entry


def _exchange(entry: Json, shared: dict[str, bytes]) -> Exchange:
    method, _, url = entry["request"].partition(" ")
    asked = Asked(method, url, _body(entry.get("sent", {})), entry.get("range", ""))
    body = shared[entry["body"]] if "body" in entry else _body(entry)
    pairs = [header.partition(": ") for header in entry.get("headers", ())]
    return Exchange(
        asked,
        Answer(
            status=entry.get("status", 0),
            reason=entry.get("reason", ""),
            headers=tuple((name, value) for name, _, value in pairs),
            body=body,
            ending=cast("Ending", entry.get("ending", "whole")),
            messages=tuple(_message(way, said) for each in entry.get("messages", ()) for way, said in each.items()),
        ),
    )


def _kept(body: bytes) -> Json:
    """A body as it stands in the file. What reads back as something else is no text."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" not in text:
        return {"text": text.split("\n")}
    return {"base64": _base64_lines(body)}


def _body(kept: Json) -> bytes:
    if "text" in kept:
        return "\n".join(kept["text"]).encode()
    return b64decode("".join(kept.get("base64", ())))


def _said(message: Message) -> Any:
    """A message as it stands in the file: a text, or its lines where it has several; bytes; a code with its reason."""
    if message.kind == "binary":
        return {"base64": _base64_lines(message.data)}
    if message.kind == "close":
        told = {"close": int.from_bytes(message.data[:2], "big")}  # 0: it gave none
        return {**told, "reason": message.data[2:].decode("utf-8", "replace")} if message.data[2:] else told
    lines = message.data.decode("utf-8", "replace").split("\n")
    return lines if len(lines) > 1 else lines[0]


def _message(way: Literal["sent", "received"], said: Any) -> Message:
    if isinstance(said, dict):
        kept = cast("Json", said)
        if "close" not in kept:
            return Message(way, "binary", _body(kept))
        code = kept["close"].to_bytes(2, "big") if kept["close"] else b""
        return Message(way, "close", code + kept.get("reason", "").encode())
    return Message(way, "text", (said if isinstance(said, str) else "\n".join(said)).encode())


def _base64_lines(data: bytes) -> list[str]:
    encoded = b64encode(data).decode("ascii")
    return [encoded[at : at + _BASE64_LINE] for at in range(0, len(encoded), _BASE64_LINE)]


def _name(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:_NAME_DIGITS]
