from __future__ import annotations

from datetime import UTC, datetime

import h11
import pytest

from crawl4ai_browser.testing.cassettes.exchange import Answer
from crawl4ai_browser.testing.cassettes.fixed_time import Beginning, fixed_time, is_for_worker

MOMENT = datetime(2026, 3, 1, 12, tzinfo=UTC)
SCRIPT = fixed_time(MOMENT).encode()


def answer(body: bytes, *headers: tuple[str, str], status: int = 200) -> Answer:
    return Answer(status=status, headers=(("Content-Length", str(len(body))), *headers), body=body)


@pytest.mark.parametrize(
    ("body", "directive"),
    [
        (b"", b" " * 13),
        (b"run()", b" " * 13),
        (b"run(); 'use strict'", b" " * 13),
        (b"/* 'use strict' */ run()", b" " * 13),
        (b"// 'use strict'\nrun()", b" " * 13),
        pytest.param(b"/* one of many */\n" * 60 + b"run()", b" " * 13, id="sixty comments"),
        (b"'use strict'; run()", b'"use strict";'),
        (b' // of one line\n/* of\ntwo */ "use strict"\nrun()', b'"use strict";'),
    ],
)
def test_script_of_a_worker_stays_as_strict_as_it_was(body: bytes, directive: bytes) -> None:
    begun = Beginning(MOMENT).of(answer(body))

    assert begun.body == directive + SCRIPT + body
    assert begun.header("Content-Length") == str(len(begun.body))


def test_answers_that_are_no_scripts_stay_as_they_are() -> None:
    for other in (answer(b"gone", status=404), answer(b"\x1f\x8b", ("Content-Encoding", "br"))):
        assert Beginning(MOMENT).of(other) == other


@pytest.mark.parametrize(("wanted", "expected"), [("worker", True), ("sharedworker", True), ("script", False)])
def test_worker_is_told_by_what_the_browser_says_it_asks_for(wanted: str, *, expected: bool) -> None:
    headers = [("Host", "site.test"), ("Sec-Fetch-Dest", wanted)]
    assert is_for_worker(h11.Request(method="GET", target="/", headers=headers)) is expected
    assert not is_for_worker(h11.Request(method="GET", target="/", headers=headers[:1]))
