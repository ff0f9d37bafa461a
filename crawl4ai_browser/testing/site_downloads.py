"""Every way in which a file reaches a browser, and every way in which it fails to."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace

from crawl4ai_browser.testing.site_behaviours import (
    Routes,
    attachment,
    byte_span,
    dripped,
    endless,
    hanging_after,
    ranged,
    reset_after,
    truncated,
)
from crawl4ai_browser.testing.site_hostile_pages import script_page
from crawl4ai_browser.testing.site_requests import Hit
from crawl4ai_browser.testing.site_responses import Headers, Repeat, Response, Send, Step

REPORT = b"Readings of the upper station\n" * 400
"""The content of most small downloads."""

BREAK_BYTES = 5000
"""Where broken downloads break: well beyond the 1024 bytes that Chromium reads to tell a file's type."""

PATTERN_BLOCK = bytes(range(256)) * 256
"""What `/download/large` is made of: byte n of the file is n % 256. 64 KiB, the size of one send."""

_LARGE_BYTES = 16 * 1024 * 1024


def download_routes() -> Routes:
    """The route of each download, all below `/download/`."""
    report = attachment(REPORT, "report.txt", content_type="text/plain")
    return {
        "/download/attachment": lambda hit: ranged(report, hit),
        "/download/csv": Response(
            headers=(("Content-Type", "text/csv"),), body=b"place,metres\nHollow,610\nFell,870\n"
        ),
        "/download/zip": Response(headers=(("Content-Type", "application/zip"),), body=_zip_file()),
        "/download/pdf": Response(headers=(("Content-Type", "application/pdf"),), body=pdf_file("Inline")),
        "/download/pdf-attachment": attachment(pdf_file("Attached"), "plan.pdf", content_type="application/pdf"),
        "/download/missing": replace(report, status=404),
        "/download/empty": attachment(b"", "empty.txt", content_type="text/plain"),
        "/download/redirect": Response.redirect("/download/attachment"),
        "/download/posted": lambda hit: attachment(hit.body, "posted.txt", content_type="text/plain"),
        "/download/same-name/*": lambda hit: attachment(hit.path.encode() * 50, "report.txt"),
        "/download/large": _large,
        **_awkward_names(),
        **_broken_downloads(report),
        **_download_pages(),
    }


def _awkward_names() -> Routes:
    return {
        "/download/traversal-name": attachment(REPORT, "../../../etc/passwd"),
        "/download/dots-name": attachment(REPORT, ".."),
        "/download/long-name": attachment(REPORT, "n" * 400 + ".txt"),
        "/download/unicode-name": attachment(REPORT, "Übersicht ☃ 山.txt"),
        "/download/control-name": attachment(REPORT, "a\tb\x01c.txt"),
        "/download/reserved-name": attachment(REPORT, "CON.txt"),
        "/download/dash-name": attachment(REPORT, "-rf.txt"),
    }


def _broken_downloads(report: Response) -> Routes:
    return {
        "/download/truncated": truncated(report, missing_bytes=1000),
        "/download/reset": reset_after(report, sent_bytes=BREAK_BYTES),
        "/download/stalled": hanging_after(report, sent_bytes=BREAK_BYTES),
        "/download/slow": dripped(report, chunk_bytes=1500, interval=0.1),
        "/download/endless": endless(b"more " * 200, interval=0.02, headers=report.headers),
        # The first answer breaks off; a Range request for the rest, or a new try, gets what it asks for.
        "/download/resumable": lambda hit: (
            reset_after(report, sent_bytes=BREAK_BYTES) if hit.index == 0 else ranged(report, hit)
        ),
    }


def _download_pages() -> Routes:
    anchor = '<a id="start" href="/download/attachment">get it</a>'
    return {
        "/download/by-link": script_page("by-link", body=anchor),
        "/download/by-anchor": script_page(
            "by-anchor", body='<a id="start" href="/download/csv" download="named-by-page.csv">get it</a>'
        ),
        "/download/by-iframe": script_page(
            "by-iframe", body='<iframe title="file" src="/download/attachment"></iframe>'
        ),
        "/download/by-script": script_page(
            "by-script",
            script='for (const n of [1, 2, 3]) { const a = document.createElement("a");'
            ' a.href = `/download/same-name/${n}`; a.download = ""; document.body.append(a); a.click(); }',
        ),
        "/download/by-blob": script_page(
            "by-blob",
            script='const a = document.createElement("a"); a.download = "made-here.txt";'
            ' a.href = URL.createObjectURL(new Blob(["made in the page"], { type: "text/plain" })); a.click();',
        ),
        "/download/by-data-url": script_page(
            "by-data-url", body='<a id="start" href="data:text/plain,inline%20data" download="inline.txt">get it</a>'
        ),
        "/download/by-popup": script_page(
            "by-popup", body='<a id="start" href="/download/attachment" target="_blank">get it</a>'
        ),
        "/download/by-form": script_page(
            "by-form",
            body='<form method="post" action="/download/posted">'
            '<input name="q" value="7"><button id="start">send</button></form>',
        ),
    }


def _large(hit: Hit) -> Response:
    """`/download/large?bytes=`: a file of that size, never in memory as a whole; takes ranges."""
    size = int(hit.parameter("bytes", str(_LARGE_BYTES)))
    headers: Headers = (*attachment(b"", "large.bin").headers, ("Accept-Ranges", "bytes"))
    first, dash, last = hit.headers.get("range", "").removeprefix("bytes=").partition("-")
    if not dash:
        return Response(headers=headers, body=pattern_steps(0, size), declared_bytes=size)
    span = byte_span(first, last, size)
    if span is None:
        return Response(status=416, headers=(("Content-Range", f"bytes */{size}"),))
    start, stop = span
    headers = (*headers, ("Content-Range", f"bytes {start}-{stop - 1}/{size}"))
    return Response(status=206, headers=headers, body=pattern_steps(start, stop), declared_bytes=stop - start)


def pattern_steps(start: int, stop: int) -> tuple[Step, ...]:
    """Sends of the bytes `start` to `stop` of the endless pattern whose byte n is n % 256."""
    offset = start % 256
    whole_blocks, rest = divmod(stop - start, len(PATTERN_BLOCK) - 256)
    block = PATTERN_BLOCK[offset : offset + len(PATTERN_BLOCK) - 256]  # a multiple of 256, so each block is alike
    return (Repeat((Send(block),), whole_blocks), Send(block[:rest]))


def _zip_file() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("readings.csv"), "place,metres\n")  # ZipInfo: dated 1980, alike each time
    return buffer.getvalue()


def pdf_file(text: str) -> bytes:
    """A valid PDF of one page with a line of text (ISO 32000-1, 7.5)."""
    content = f"BT /F1 24 Tf 72 720 Td ({text}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
        b" /Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(content), content),
    ]
    out = bytearray(b"%PDF-1.4\n")
    offsets: list[int] = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table)
    return bytes(out)
