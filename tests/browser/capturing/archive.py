"""HTTP Archive 1.2 as its specification has it: what must be there, of which type. Other fields begin with `_`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator


class Part(BaseModel):
    """An object of the archive."""

    model_config = ConfigDict(extra="allow", strict=True)

    @model_validator(mode="after")
    def _no_other_fields(self) -> Part:
        strange = [name for name in self.model_extra or {} if not name.startswith("_")]
        assert not strange, f"the specification has no {strange}"
        return self


class Pair(Part):
    name: str
    value: str
    comment: str = ""


class Cookie(Pair):
    path: str = ""
    domain: str = ""
    expires: str = ""
    httpOnly: bool = False
    secure: bool = False


class PostData(Part):
    mimeType: str
    params: list[Pair]
    text: str


class Sent(Part):
    method: str
    url: str
    httpVersion: str
    cookies: list[Cookie]
    headers: list[Pair]
    queryString: list[Pair]
    postData: PostData | None = None
    headersSize: int
    bodySize: int


class Content(Part):
    size: int
    mimeType: str
    text: str | None = None
    encoding: str | None = None
    comment: str = ""


class Answer(Part):
    status: int
    statusText: str
    httpVersion: str
    cookies: list[Cookie]
    headers: list[Pair]
    content: Content
    redirectURL: str
    headersSize: int
    bodySize: int


class Timings(Part):
    blocked: float = -1
    dns: float = -1
    connect: float = -1
    ssl: float = -1
    send: float
    wait: float
    receive: float

    @model_validator(mode="after")
    def _required_ones_are_known(self) -> Timings:
        assert min(self.send, self.wait, self.receive) >= 0
        return self


class Entry(Part):
    pageref: str
    startedDateTime: str
    time: float
    request: Sent
    response: Answer
    cache: dict[str, Any]
    timings: Timings
    serverIPAddress: str = ""
    connection: str = ""

    @model_validator(mode="after")
    def _adds_up(self) -> Entry:
        spans = self.timings.model_dump(exclude={"ssl"}).values()
        assert abs(self.time - sum(span for span in spans if span > 0)) < 0.01
        assert datetime.fromisoformat(self.startedDateTime).tzinfo is not None
        return self


class PageTimings(Part):
    onContentLoad: float
    onLoad: float


class Page(Part):
    startedDateTime: str
    id: str
    title: str
    pageTimings: PageTimings


class Program(Part):
    name: str
    version: str


class Log(Part):
    version: str
    creator: Program
    browser: Program
    pages: list[Page]
    entries: list[Entry]

    @model_validator(mode="after")
    def _entries_have_their_page(self) -> Log:
        assert self.version == "1.2"
        assert {entry.pageref for entry in self.entries} <= {page.id for page in self.pages}
        return self


class Archive(Part):
    log: Log
