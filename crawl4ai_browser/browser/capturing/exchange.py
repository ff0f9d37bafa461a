"""Exchange: one request of a page and what was answered, as it is gathered; and what results show of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from crawl4ai_browser.browser.header_lines import HeaderLine, joined
from crawl4ai_browser.captured import CapturedResponse
from crawl4ai_browser.snapshot import NetworkRecord

MASKED = "(masked)"
"""Stands for a value that signs somebody in."""

SECRET_HEADERS = frozenset(
    {
        *("authorization", "proxy-authorization", "cookie", "set-cookie"),
        # Not standard, and used everywhere for the same.
        *("x-api-key", "api-key", "x-auth-token", "x-access-token", "x-csrf-token", "x-xsrf-token", "x-session-token"),
        "x-amz-security-token",
    }
)
"""In lower case."""

UNFINISHED = "unfinished"
"""The failure of a request whose answer had not come, or not ended, when the page was done."""


@dataclass
class Timing:
    """Milliseconds from the start of a request, as the Resource Timing specification has them; -1: not so."""

    dns_start: float = -1.0
    dns_end: float = -1.0
    connect_start: float = -1.0
    connect_end: float = -1.0
    tls_start: float = -1.0
    request_start: float = -1.0
    response_start: float = -1.0
    response_end: float = -1.0


@dataclass
class Exchange:
    """A request and its answer. Belongs to one visit; what is not asked for is not filled in."""

    url: str
    method: str
    resource_type: str
    started_at: datetime = field(default_factory=lambda: datetime.fromtimestamp(0, UTC))
    timing: Timing = field(default_factory=Timing)
    request_headers: list[HeaderLine] = field(default_factory=list[HeaderLine])
    request_header_bytes: int = -1
    request_body: bytes | None = None
    request_body_bytes: int = 0
    status: int | None = None
    status_text: str = ""
    http_version: str = ""
    response_headers: list[HeaderLine] = field(default_factory=list[HeaderLine])
    response_header_bytes: int = -1
    body: bytes | None = None
    body_bytes: int | None = None
    """On the wire, still in its content encoding."""
    body_fault: str | None = None
    """Why there is no body though one was asked for."""
    mime_type: str = ""
    server_address: str = ""
    from_cache: bool = False
    failure: str | None = UNFINISHED
    is_kept: bool = False
    """Whether its answer is asked for with its body."""

    @property
    def seconds(self) -> float | None:
        """From its start to the end of the answer."""
        return self.timing.response_end / 1000 if self.timing.response_end >= 0 else None

    @property
    def location(self) -> str:
        """Where a redirect leads."""
        return next((value for name, value in self.response_headers if name.lower() == "location"), "")

    def record(self) -> NetworkRecord:
        """As `CrawlResult.requests` has it."""
        return NetworkRecord(
            url=self.url,
            method=self.method,
            resource_type=self.resource_type,
            status=self.status,
            mime_type=self.mime_type,
            failure=self.failure,
            seconds=self.seconds,
            body_bytes=self.body_bytes,
            from_cache=self.from_cache,
        )

    def response(self, *, secrets: bool) -> CapturedResponse:
        """As `CrawlResult.responses` has it."""
        return CapturedResponse(
            url=self.url,
            method=self.method,
            resource_type=self.resource_type,
            status=self.status,
            headers=joined(shown(self.response_headers, secrets=secrets)),
            mime_type=self.mime_type,
            body=self.body,
            failure=self.failure or self.body_fault,
        )


def shown(headers: Iterable[HeaderLine], *, secrets: bool) -> list[HeaderLine]:
    """The headers, with what signs somebody in masked unless it is asked for."""
    hidden = frozenset[str]() if secrets else SECRET_HEADERS
    return [(name, MASKED if name.lower() in hidden else value) for name, value in headers]
