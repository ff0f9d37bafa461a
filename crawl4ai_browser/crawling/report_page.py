"""A run report as one page of html that needs nothing else: no script, no font, no picture from anywhere. Pure.

Texts and URLs are strangers', so all of it goes through `escape`, and the page forbids itself to load or run anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from crawl4ai_browser import urls
from crawl4ai_browser.crawling.run_report import RunReport, Span

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP = 960, 240, 48, 28, 12
"""The plot, in its own units: all of it, and the room for the labels."""

_GRID_LINES = 4
_CLASSES = {"#": " class=n", "!": " class=k"}

_STYLE = """
:root{color-scheme:light dark;--ink:#1c2430;--soft:#5d6b7c;--line:#dfe4ea;--back:#fff;--card:#f6f8fa;--ok:#2f7d4f;
--bad:#c2412d}
@media(prefers-color-scheme:dark){:root{--ink:#e4e9ef;--soft:#9aa7b5;--line:#333d49;--back:#14181d;--card:#1d232a;
--ok:#5fbf86;--bad:#f0806b}}
*{box-sizing:border-box}
body{margin:0 auto;padding:32px 24px 64px;max-width:1040px;background:var(--back);color:var(--ink);
font:15px/1.5 system-ui,sans-serif}
h1{font-size:26px;margin:0}h2{font-size:18px;margin:36px 0 10px}p{margin:4px 0;color:var(--soft)}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(168px,1fr));gap:12px;margin-top:24px}
.figure{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:12px 14px}
.figure b{display:block;font-size:22px;font-variant-numeric:tabular-nums}.figure span{color:var(--soft);font-size:13px}
.sides{display:grid;grid-template-columns:repeat(auto-fit,minmax(260px,1fr));gap:0 32px}
table{width:100%;border-collapse:collapse}th{text-align:left;font-size:13px;font-weight:600;color:var(--soft)}
th,td{padding:6px 12px 6px 0;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}.k{white-space:nowrap}th:last-child,td:last-child{padding-right:0}
a{color:inherit}svg{width:100%;height:auto;display:block}svg text{fill:var(--soft);font-size:12px}
.ok{fill:var(--ok)}.bad{fill:var(--bad)}.grid{stroke:var(--line)}.key i{display:inline-block;width:10px;height:10px;
border-radius:2px;margin:0 5px 0 14px}
"""


def report_page(report: RunReport) -> str:
    """The whole page."""
    end = f"ended: {report.reason}" if report.reason else "not ended"
    began = report.started_at.strftime("%Y-%m-%d %H:%M:%S UTC")
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8><title>Crawl report</title>",
        '<meta name=viewport content="width=device-width">',
        "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        f"<style>{_STYLE}</style><h1>Crawl report</h1>",
        f"<p>Began {escape(began)}, took {escape(_duration(report.seconds))}, {escape(end)}.</p>",
        _figures(report),
        "<h2>Throughput</h2>",
        _plot(report.spans, report.span_seconds),
        "<div class=sides>",
        _counts("Pages by status", ("Status", "#Pages"), report.statuses),
        _counts("Pages by error", ("Error", "#Pages"), report.errors),
        _counts("Retries by error", ("Error", "#Attempts"), report.retries),
        "</div>",
        _hosts(report),
        _proxies(report),
        _failures(report),
        _retries(report),
    ]
    return "\n".join(filter(None, parts)) + "</html>\n"


def _figures(report: RunReport) -> str:
    speed = report.pages / report.seconds if report.seconds > 0 else 0.0
    figures = [
        (f"{report.pages:,}", "pages"),
        (f"{report.ok:,}", "ok"),
        (f"{report.failed:,}", "failed"),
        (f"{report.skipped:,}", "skipped by robots.txt"),
        (f"{speed:.1f}", "pages a second"),
        (f"{sum(report.retries.values()):,}", "retries"),
        (_size(report.html_characters, ""), "characters of html"),
        (_size(report.file_bytes), f"in files: {report.files:,}"),
        (f"{report.refused:,}", "URLs out of scope"),
        (f"{report.browsers_lost:,}", "browsers lost"),
    ]
    cells = (f"<div class=figure><b>{escape(value)}</b><span>{escape(name)}</span></div>" for value, name in figures)
    return f"<div class=figures>{''.join(cells)}</div>"


def _plot(spans: Sequence[Span], span_seconds: float) -> str:
    """Bars of pages a second over time: ok below, the others on top."""
    if not spans:
        return "<p>No page was given out.</p>"
    top = _round_up(max(span.ok + span.failed for span in spans) / span_seconds)
    height = _HEIGHT - _BOTTOM - _TOP
    step = (_WIDTH - _LEFT) / len(spans)
    bars: list[str] = []
    for index, span in enumerate(spans):
        x = _LEFT + index * step
        ok = span.ok / span_seconds / top * height
        bad = span.failed / span_seconds / top * height
        seconds = f"{_duration(index * span_seconds)}: {span.ok:,} ok, {span.failed:,} not"
        bars.append(
            f"<g><title>{escape(seconds)}</title>{_bar('ok', x, step, (_TOP + height - ok, ok))}"
            f"{_bar('bad', x, step, (_TOP + height - ok - bad, bad))}</g>"
        )
    key = '<p class=key>Pages a second<i style="background:var(--ok)"></i>ok'
    key += '<i style="background:var(--bad)"></i>failed or skipped</p>'
    label = "Pages a second over time"
    return (
        f'{key}<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role=img aria-label="{label}">'
        f"{_grid(top, height)}{''.join(bars)}{_times(len(spans) * span_seconds)}</svg>"
    )


def _bar(kind: str, x: float, step: float, extent: tuple[float, float]) -> str:
    y, height = extent
    if height <= 0:
        return ""
    width = min(step * 0.86, 48)
    return f'<rect class={kind} x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"/>'


def _grid(top: float, height: int) -> str:
    lines: list[str] = []
    for number in range(_GRID_LINES + 1):
        y = _TOP + height - height * number / _GRID_LINES
        value = f"{top * number / _GRID_LINES:.4g}"
        lines.append(f'<line class=grid x1="{_LEFT}" x2="{_WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>')
        lines.append(f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{value}</text>')
    return "".join(lines)


def _times(seconds: float) -> str:
    labels = ((0.0, "start"), (0.5, "middle"), (1.0, "end"))
    return "".join(
        f'<text x="{_LEFT + (_WIDTH - _LEFT) * part:.0f}" y="{_HEIGHT - 8}" text-anchor="{anchor}">'
        f"{escape(_duration(seconds * part))}</text>"
        for part, anchor in labels
    )


def _round_up(value: float) -> float:
    """The next of 1, 2, 4, 10, 20, 40, ...: numbers whose quarters read well."""
    scale = 0.01
    while True:
        for factor in (1, 2, 4):
            if value <= scale * factor:
                return scale * factor
        scale *= 10


def _counts(title: str, heads: Sequence[str], counts: Mapping[str, int]) -> str:
    rows = ((escape(key), f"{count:,}") for key, count in counts.items())
    return f"<section>{_section(title, heads, rows)}</section>" if counts else ""


def _hosts(report: RunReport) -> str:
    rows = (
        (
            escape(host.host),
            f"{host.mean_seconds:.2f}",
            f"{host.max_seconds:.2f}",
            f"{host.pages:,}",
            f"{host.failed:,}",
        )
        for host in report.slowest_hosts
    )
    heads = ("Host", "#Seconds a page", "#Longest", "#Pages", "#Failed")
    return _section("Slowest hosts", heads, rows) if report.slowest_hosts else ""


def _proxies(report: RunReport) -> str:
    rows = (
        (
            escape(proxy.proxy),
            escape(proxy.state),
            f"{proxy.requests:,}",
            f"{proxy.failures:,}",
            _size(proxy.received_bytes),
            _size(proxy.sent_bytes),
            _milliseconds(proxy.connect_seconds),
            _milliseconds(proxy.answer_seconds),
            escape(proxy.last_failure),
        )
        for proxy in report.proxies
    )
    heads = (
        "Proxy",
        "!State",
        "#Requests",
        "#Failed",
        "#Received",
        "#Sent",
        "#Connects in",
        "#Answers in",
        "Last failure",
    )
    return _section("Proxies", heads, rows) if report.proxies else ""


def _milliseconds(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds * 1000:,.0f} ms"


def _failures(report: RunReport) -> str:
    rows = (
        (_link(page.url), "–" if page.status is None else str(page.status), escape(page.kind), escape(page.message))
        for page in report.failed_pages
    )
    title = _title("Failed pages", len(report.failed_pages), report.failed)
    return _section(title, ("URL", "#Status", "!Error", "Reason"), rows) if report.failed_pages else ""


def _retries(report: RunReport) -> str:
    rows = (
        (_link(page.url), str(page.attempt), escape(page.kind), escape(page.message), f"{page.delay:.1f} s")
        for page in report.retried_pages
    )
    title = _title("Attempts that were followed by another", len(report.retried_pages), sum(report.retries.values()))
    heads = ("URL", "#Attempt", "!Error", "Reason", "#Wait")
    return _section(title, heads, rows) if report.retried_pages else ""


def _title(text: str, shown: int, total: int) -> str:
    return f"{text}: {total:,}" if shown == total else f"{text}: the first {shown:,} of {total:,}"


def _section(title: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table under a title. Cells are html already. Of the heads, `#` marks numbers and `!` words that stay whole."""
    classes = [_CLASSES.get(head[0], "") for head in heads]
    head = "".join(f"<th{kind}>{escape(text.lstrip('#!'))}" for kind, text in zip(classes, heads, strict=True))
    body = "".join(
        "<tr>" + "".join(f"<td{kind}>{cell}" for kind, cell in zip(classes, row, strict=True)) for row in rows
    )
    return f"<h2>{escape(title)}</h2><table><thead><tr>{head}<tbody>{body}</table>"


def _link(url: str) -> str:
    shown = urls.without_credentials(url)
    text = escape(shown)
    return f'<a href="{text}" rel="noreferrer noopener">{text}</a>' if urls.is_web(shown) else text


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02} min"


def _size(count: float, unit: str = "B") -> str:
    for prefix in ("", "k", "M"):
        if count < 1000:
            return f"{count:.3g} {prefix}{unit}"
        count /= 1000
    return f"{count:.1f} G{unit}"
