"""The program of a content worker: reads jobs from standard input, renders them, writes answers to standard output.

A process of its own, because rendering holds the interpreter for tens of milliseconds a page, and because a page that
kills or hangs the parser must not take the crawl with it. It ends when standard input closes, so it cannot outlive the
crawl, however that ended. Imports are kept small: they are the start-up time.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import sys
from contextlib import suppress
from importlib import import_module
from typing import BinaryIO

from crawl4ai_browser.content.render import render
from crawl4ai_browser.crawling.content_messages import LENGTH, ContentJob, Failure, encode
from crawl4ai_browser.document import Document
from crawl4ai_browser.page_content import Content

_ALARM_MARGIN = 2.0
"""Seconds by which the worker's own alarm comes after the crawl's deadline: only for when nobody is left to keep it."""

_OUT_OF_MEMORY_SCORE = "500"
"""Added to what Linux's out-of-memory killer goes by (0 to 1000): losing a worker costs a page, losing us the crawl."""


def content_of(job: ContentJob) -> Content:
    """Parse, render and extract, in this process."""
    document = Document(job.html, url=job.url, base_url=job.base_url)
    content = render(document, job.config)
    if job.config.items is None:
        return content
    # By name, when it is first needed: a tenth of the start-up, and most crawls extract nothing.
    full: Content = import_module("crawl4ai_browser.extract.into_content").with_items(
        content, document, job.config.items
    )
    return full


def answer(job: ContentJob) -> Content | Failure:
    """The content, or why there is none."""
    try:
        return content_of(job)
    except Exception as error:  # noqa: BLE001 - a page's doing or our bug: either way an answer, and the next page
        return Failure(f"{type(error).__name__}: {error}"[:1000])


def serve(inbox: BinaryIO, outbox: BinaryIO, *, timeout: float) -> None:
    """Say that all is loaded, by an empty message, then answer jobs until the inbox ends."""
    outbox.write(LENGTH.pack(0))
    outbox.flush()
    while len(head := inbox.read(LENGTH.size)) == LENGTH.size:
        (length,) = LENGTH.unpack(head)
        body = inbox.read(length)
        if len(body) < length:
            return
        _set_alarm(timeout + _ALARM_MARGIN)
        for part in encode(answer(pickle.loads(body))):
            outbox.write(part)
        outbox.flush()
        _set_alarm(0.0)


def _set_alarm(seconds: float) -> None:
    """Die after that long, inside a C function too: the signal's default action is the kernel's. 0 calls it off."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)


def main(timeout: float) -> None:
    """Serve on the standard streams; whatever else writes to standard output goes to standard error instead."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the crawl decides what an interrupt means
    if hasattr(signal, "SIGALRM"):
        signal.signal(signal.SIGALRM, signal.SIG_DFL)  # an ignored one would be inherited
    with suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write(_OUT_OF_MEMORY_SCORE)
    gc.freeze()  # what is loaded lives as long as the process, and need not be looked at again
    gc.enable()
    outbox = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    with suppress(BrokenPipeError):
        serve(sys.stdin.buffer, outbox, timeout=timeout)
