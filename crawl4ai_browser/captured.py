"""What captures yield, as values: answers with their bodies, files, certificates, and what could not be had."""

from __future__ import annotations

import json
from datetime import datetime
from email.message import Message
from pathlib import Path
from typing import Literal, cast

from pydantic import JsonValue

from crawl4ai_browser.errors import Blame, ExtractError
from crawl4ai_browser.frozen import Frozen, PageText

CaptureKind = Literal["screenshot", "pdf", "mhtml", "har", "requests", "response", "certificate", "cookies"]


class CaptureFault(Frozen):
    """A capture that was asked for and could not be had."""

    kind: CaptureKind
    message: PageText
    blame: Blame = "site"

    def __str__(self) -> str:
        """As part of a sentence."""
        return f"{self.kind}: {self.message}"


class CaptureFile(Frozen):
    """A capture that was written into a file."""

    kind: CaptureKind
    path: Path
    size_bytes: int
    sha256: str
    mime_type: str


class Certificate(Frozen):
    """The TLS certificate of the page's server, and the connection it was shown on."""

    subject: str
    """The common name."""
    issuer: str
    valid_from: datetime
    valid_to: datetime
    protocol: str
    """Such as `TLS 1.3`."""


class CapturedResponse(Frozen):
    """An answer to one of the page's requests."""

    url: str
    method: str
    resource_type: str
    """As the browser names it: document, fetch, xhr, script, image, ..."""
    status: int | None = None
    headers: dict[str, str] = {}
    """Names in lower case."""
    mime_type: str = ""
    """With its parameters."""
    body: bytes | None = None
    """As the page got it, decoded from its content encoding."""
    path: Path | None = None
    """Where the body was written, in place of `body`."""
    failure: PageText | None = None
    """Why there is no body, or no answer."""

    def read(self) -> bytes:
        """The body, from wherever it is.

        Raises:
            ExtractError: there is none; the message says why.
        """
        if self.body is not None:
            return self.body
        if self.path is None:
            raise ExtractError(f"{self.url}: no body: {self.failure or 'the answer has none'}", phase="extract")
        try:
            return self.path.read_bytes()
        except OSError as error:
            raise ExtractError(f"{self.url}: its body can't be read: {error}", phase="extract") from error

    def text(self) -> str:
        """The body as text, in the charset that its type names, else UTF-8.

        Raises:
            ExtractError: there is no body.
        """
        message = Message()
        message["Content-Type"] = self.mime_type
        charset = message.get_content_charset("utf-8")
        body = self.read()
        try:
            return body.decode(charset, "replace")
        except LookupError:
            return body.decode("utf-8", "replace")

    def data(self) -> JsonValue:
        """The value that the body is as JSON.

        Raises:
            ExtractError: there is no body, or it is not JSON.
        """
        try:
            return cast("JsonValue", json.loads(self.text()))
        except (ValueError, RecursionError) as error:
            raise ExtractError(f"{self.url}: its body is not JSON: {error}", phase="extract") from None
