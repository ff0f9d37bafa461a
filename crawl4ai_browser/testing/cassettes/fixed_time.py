"""The script that fixes time and chance in pages, and its way into workers, which run no script of a page's beginning.

Scripts of workers are told by the header Sec-Fetch-Dest, which browsers send to https and to loopback
(https://w3c.github.io/webappsec-fetch-metadata/).
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path

import h11

from crawl4ai_browser.testing.cassettes.exchange import Answer, Headers

_WORKERS = frozenset({b"worker", b"sharedworker"})

_OK = 200

# A directive is one as long as nothing but comments and space stands before it (ECMAScript, 11.2.1). Atomic: a comment
# is never left again for a directive in it, and many of them take no longer than their length.
_STRICT = re.compile(rb"(?>\s|//[^\n]*|/\*.*?\*/)*+([\"'])use strict\1", re.DOTALL)
_STRICTLY = b'"use strict";'


def fixed_time(moment: datetime) -> str:
    """The script that makes pages and workers take this moment for the present."""
    return _script().replace("__START__", str(int(moment.timestamp() * 1000)))


@cache
def _script() -> str:
    return Path(__file__).with_name("page_time.js").read_text(encoding="utf-8")


def is_for_worker(request: h11.Request) -> bool:
    """Whether what is asked for is to run as a worker, or as a module of one."""
    return dict(request.headers).get(b"sec-fetch-dest") in _WORKERS


class Beginning:
    """What stands before the body of a worker's script. Its length does not depend on the script, which comes later."""

    def __init__(self, moment: datetime) -> None:
        """`moment`: as for `fixed_time`."""
        self._script = fixed_time(moment).encode()

    def fits(self, answer: Answer) -> bool:
        """Whether the answer is a script that can be read here."""
        return answer.status == _OK and answer.header("Content-Encoding") is None

    def headers(self, answer: Answer) -> Headers:
        """Those of the answer, with the length that it has then."""
        size = len(_STRICTLY) + len(self._script)
        return tuple(
            (name, str(int(value) + size) if name.lower() == "content-length" and value.isdecimal() else value)
            for name, value in answer.headers
        )

    def before(self, body: bytes) -> bytes:
        """What is sent before a body that begins so."""
        return (_STRICTLY if _STRICT.match(body) else b" " * len(_STRICTLY)) + self._script

    def of(self, answer: Answer) -> Answer:
        """The whole answer with it, where it fits."""
        if not self.fits(answer):
            return answer
        return replace(answer, headers=self.headers(answer), body=self.before(answer.body) + answer.body)
