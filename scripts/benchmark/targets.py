"""What is aimed at, in ratios that hold on any machine, and a few figures that depend on it."""

from __future__ import annotations

from scripts.benchmark.contenders_list import BY_HAND, FLOOR, OURS, OURS_HTML, PEERS
from scripts.benchmark.measured_round import Measured
from scripts.benchmark.report import Target, cpu, own_python, speed

ONE_SITE, MANY_SITES, SUBRESOURCES = "one site", "50 sites", "200 subresources"
LAG, MEMORY = "event loop", "memory"


def _lag(measured: Measured) -> float:
    return measured.figures.get("lag p99 ms", float("inf"))


def _first_result(measured: Measured) -> float:
    return measured.first_result_seconds


def _growth(measured: Measured) -> float:
    return measured.pss_mb / measured.pss_early_mb


TARGETS = (
    Target("CPU, html only, to the floor", ONE_SITE, cpu, OURS_HTML.name, FLOOR.name, 1.8, at_most=True),
    Target("CPU, full content, to the floor", ONE_SITE, cpu, OURS.name, FLOOR.name, 2.3, at_most=True),
    Target("pages/s, full content, to Playwright by hand", ONE_SITE, speed, OURS.name, BY_HAND.name, 2, at_most=False),
    *(
        Target(f"pages/s to {peer.name}", ONE_SITE, speed, OURS.name, peer.name, 4, at_most=False)
        for peer in PEERS
    ),
    *(
        Target(f"50 sites: pages/s to {peer.name}", MANY_SITES, speed, OURS.name, peer.name, 2.5, at_most=False)
        for peer in PEERS
    ),
    Target("200 subresources: own Python, ms a page", SUBRESOURCES, own_python, OURS.name, None, 12, at_most=True),
    Target("own Python outside content, ms a page", ONE_SITE, own_python, OURS.name, None, 4, at_most=True),
    Target("start to first result, s", ONE_SITE, _first_result, OURS.name, None, 1.5, at_most=True),
    Target("memory at the end to that after 500 pages", MEMORY, _growth, "ours, memory", None, 1.15, at_most=True),
    Target("event loop away, ms at the 99th percentile", LAG, _lag, "ours, lag", None, 50, at_most=True),
)  # fmt: skip
