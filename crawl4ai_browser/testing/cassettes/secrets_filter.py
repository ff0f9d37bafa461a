"""Secrets: takes what signs somebody in out of exchanges before they are written. Pure.

What is secret is told by its name (headers, parameters, fields of forms and of JSON) or is a value that is known to be
one (a password of the configuration), wherever that stands. Requests are compared after the same treatment, so a
recording is found again with other secrets, or none. Of requests only method, URL, body and Range are recorded at all:
no cookie and no credentials that a browser sends.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import replace
from functools import partial
from urllib.parse import quote

from crawl4ai_browser.config import ContextConfig
from crawl4ai_browser.testing.cassettes.exchange import Answer, Asked, Exchange
from crawl4ai_browser.testing.cassettes.websocket_frames import Message

MASK = "masked"
"""What stands in the place of a secret."""

SECRET_NAMES = frozenset(
    {
        *("password", "passwd", "pwd", "secret", "client_secret", "private_key"),
        *("access_token", "refresh_token", "id_token", "auth_token", "session_token", "bearer"),
        *("api_key", "apikey", "api-key", "access_key", "session_id", "sessionid"),
    }
)
"""Fields and parameters, in any case, hyphens taken for underscores."""

SECRET_PARAMETERS = frozenset({"token", "sig", "signature", "auth", "code_verifier", "x-amz-signature"})
"""Further ones that are secret in URLs, where they sign somebody in; in JSON such a name may be anything."""

_SECRET_HEADERS = frozenset({"authorization", "x-api-key", "x-auth-token", "x-amz-security-token"})
_SHORTEST_VALUE = 6
"""Characters of a known secret that is looked for everywhere: a shorter one is found in what is none."""

_COOKIE = re.compile(r"^([^=;\s]+)=([^;]*)")


class Secrets:
    """What is to be masked."""

    def __init__(self, names: Collection[str] = (), values: Iterable[str] = ()) -> None:
        """`names` beside those of `SECRET_NAMES`; `values` that are secret wherever they stand."""
        fields = SECRET_NAMES | {name.lower() for name in names}
        self._headers = _SECRET_HEADERS | {name.lower() for name in names}
        self._in_json = re.compile(rf'("(?:{_either(fields)})"\s*:\s*")((?:[^"\\]|\\.)*)(")', re.IGNORECASE)
        self._in_query = re.compile(rf"([?&](?:{_either(fields | SECRET_PARAMETERS)})=)([^&#]*)", re.IGNORECASE)
        self._in_form = re.compile(rf"((?:^|&)(?:{_either(fields)})=)([^&]*)", re.IGNORECASE)
        known = {value for value in values if len(value) >= _SHORTEST_VALUE}
        spelled = sorted({form for value in known for form in (value, quote(value, safe=""))}, key=len, reverse=True)
        self._values = re.compile("|".join(map(re.escape, spelled))) if spelled else None

    @classmethod
    def of(cls, contexts: Iterable[ContextConfig], names: Collection[str] = ()) -> Secrets:
        """With the secrets that configurations of contexts hold."""
        return cls(names, [value for context in contexts for value in _values_of(context)])

    def asked(self, asked: Asked) -> Asked:
        """The request without secrets."""
        body = self._text(asked.body, is_form=True)
        return replace(asked, url=self._url(asked.url), body=body)

    def exchange(self, exchange: Exchange) -> Exchange:
        """Both without secrets. A length that was announced truly is so afterwards."""
        answer = exchange.answer
        body = self._text(answer.body)
        headers = tuple((name, self._header(name, value)) for name, value in answer.headers)
        if (answer.header("Content-Length") or "") == str(len(answer.body)):
            headers = tuple(
                (name, str(len(body)) if name.lower() == "content-length" else value) for name, value in headers
            )
        messages = tuple(map(self.message, answer.messages))
        return Exchange(self.asked(exchange.asked), replace(answer, headers=headers, body=body, messages=messages))

    def answer(self, asked: Asked, answer: Answer) -> Exchange:
        """As `exchange`, of its parts."""
        return self.exchange(Exchange(asked, answer))

    def message(self, message: Message) -> Message:
        """What was said over a WebSocket, without secrets."""
        return replace(message, data=self._text(message.data)) if message.kind == "text" else message

    def _header(self, name: str, value: str) -> str:
        if name.lower() == "set-cookie":
            return _COOKIE.sub(lambda match: f"{match[1]}={MASK}" if match[2] else match[0], value)
        if name.lower() in self._headers:
            return MASK
        return self._url(value) if name.lower() in ("location", "refresh", "content-location") else self._plain(value)

    def _url(self, url: str) -> str:
        return self._plain(self._in_query.sub(_masked, url))

    def _plain(self, text: str) -> str:
        return self._values.sub(MASK, text) if self._values is not None else text

    def _text(self, body: bytes, *, is_form: bool = False) -> bytes:
        """A body without secrets. One that is no text is left as it is."""
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError:
            return body
        text = self._in_json.sub(partial(_masked, end=3), text)
        if is_form:
            text = self._in_form.sub(_masked, text)
        return self._plain(text).encode()


def _masked(match: re.Match[str], end: int | None = None) -> str:
    return f"{match[1]}{MASK if match[2] else ''}{match[end] if end is not None else ''}"


def _either(names: Collection[str]) -> str:
    return "|".join(sorted(re.escape(name).replace("_", "[-_]?") for name in names))


def _values_of(context: ContextConfig) -> Iterable[str]:
    yield from (each.password.get_secret_value() for each in context.http_credentials)
    yield from (each.value.get_secret_value() for each in context.cookies)
    yield from (value for name, value in context.headers.items() if name.lower() in _SECRET_HEADERS | {"cookie"})
    if context.proxy is not None:
        yield from (hop.secret for hop in context.proxy.hops)
