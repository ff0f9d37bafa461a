"""The flags of what is taken of a page beside its html."""

from __future__ import annotations

from crawl4ai_browser.cli.flag_values import parse_area, parse_bytes
from crawl4ai_browser.cli.flags import Flag, FlagGroup
from crawl4ai_browser.config import CrawlConfig

CAPTURE_FLAGS = FlagGroup(
    "Pictures and records",
    CrawlConfig,
    (
        Flag(
            "--screenshot",
            "capture.screenshot",
            "Take a picture: viewport, full_page, or css:SELECTOR for the first element that matches.",
            metavar="AREA",
            parse=parse_area,
            default="none",
        ),
        Flag("--screenshot-format", "capture.picture.format", "Of pictures. WebP and JPEG hold no page of any height."),
        Flag("--screenshot-quality", "capture.picture.quality", "Of JPEG and WebP, from 1 to 100.", metavar="N"),
        Flag(
            "--screenshot-mask",
            "capture.picture.masks",
            "Cover the elements that match in pictures. May be repeated.",
            metavar="SELECTOR",
        ),
        Flag("--pdf", "capture.pdf", "Print the page as a PDF.", sets=True),
        Flag("--pdf-paper", "capture.paper.size", "The size of its pages."),
        Flag("--pdf-landscape", "capture.paper.landscape", "Its pages lie on their side.", sets=True),
        Flag("--mhtml", "capture.mhtml", "Keep the page with all that it shows as one MHTML file.", sets=True),
        Flag("--console", "capture.console", "Record the page's console messages and uncaught errors.", sets=True),
        Flag("--requests", "capture.requests", "Record every request that the page makes.", sets=True),
        Flag(
            "--responses",
            "capture.responses",
            "Keep answers to the page's requests with their bodies, by URL: a glob (**/api/**, *.json) or re:REGEX."
            " May be repeated.",
            metavar="PATTERN",
        ),
        Flag("--har", "capture.har", "Record the requests as an HTTP Archive, with those answers in it.", sets=True),
        Flag(
            "--max-body",
            "capture.traffic.max_body_bytes",
            "The size of an answer's body that is kept: 500000, 20MB, 1.5GiB.",
            metavar="BYTES",
            parse=parse_bytes,
            default="4 MiB",
        ),
        Flag(
            "--record-secrets",
            "capture.traffic.secrets",
            "Show cookies and credentials in records, and what requests sent; otherwise they are masked.",
            sets=True,
        ),
        Flag("--certificate", "capture.certificate", "Record who vouches for the server, and until when.", sets=True),
        Flag("--cookies", "capture.cookies", "Record the cookies that the page's address is sent.", sets=True),
        Flag(
            "--capture-folder",
            "capture.folder",
            "Write pictures, PDFs, MHTML, HAR and bodies into this folder; results have their paths.",
            metavar="FOLDER",
            default="all in the results",
        ),
    ),
)
