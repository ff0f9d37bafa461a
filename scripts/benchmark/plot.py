"""The table as a picture: one bar of CPU for each contender, divided by kind of process. SVG, without a library."""

from __future__ import annotations

from html import escape

from scripts.benchmark.process_tree import KINDS
from scripts.benchmark.report import Rounds, cpu, kind_ms, median, speed

COLOURS = dict(
    zip(KINDS, ("#3572a5", "#e8a33d", "#5fa04e", "#7b8794", "#c0504d", "#8064a2", "#4bacc6", "#d9d9d9"), strict=True)
)
LABEL_WIDTH, BAR_WIDTH, ROW, MARGIN = 190, 560, 28, 16


def svg(title: str, rounds: Rounds) -> str:
    """A stand-alone picture."""
    longest = max((median(each, cpu) for each in rounds.values()), default=1.0)
    parts = [_text(MARGIN, 24, title, weight="bold")]
    for number, (name, each) in enumerate(rounds.items()):
        y = 44 + number * ROW
        parts.append(_text(MARGIN, y + 15, name))
        x = float(MARGIN + LABEL_WIDTH)
        for kind in KINDS:
            width = kind_ms(each, kind) / longest * BAR_WIDTH
            parts.append(f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="20" fill="{COLOURS[kind]}"/>')
            x += width
        parts.append(_text(x + 6, y + 15, f"{median(each, cpu):.0f} ms, {median(each, speed):.1f} pages/s"))
    bottom = 44 + len(rounds) * ROW + 10
    for number, kind in enumerate(KINDS):
        x = MARGIN + number * 108
        parts.append(f'<rect x="{x}" y="{bottom}" width="12" height="12" fill="{COLOURS[kind]}"/>')
        parts.append(_text(x + 16, bottom + 11, kind))
    size = f'width="{MARGIN * 2 + LABEL_WIDTH + BAR_WIDTH + 160}" height="{bottom + 30}"'
    style = "<style>text{font:13px sans-serif;fill:#222}</style><rect width='100%' height='100%' fill='#fff'/>"
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{style}{"".join(parts)}</svg>\n'


def _text(x: float, y: float, text: str, *, weight: str = "normal") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-weight="{weight}">{escape(text)}</text>'
