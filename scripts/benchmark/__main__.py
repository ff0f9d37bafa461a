"""Measures what a page costs here, beside the floor, Playwright by hand, and other crawlers.

    scripts/bench [--quick] [--rounds N] [--pages N] [--no-peers] [--only NAME,...] [--memory N] [--output FOLDER]

Prints tables of medians and which targets are met; writes results.json and one .svg for each workload. All contenders
visit the same pages with the same browser and concurrency; every page is checked for the text that only its script
writes. Ratios are taken within each round: a machine that has other work slows down all alike.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from crawl4ai_browser.browser.provisioning.discovery import find_browser
from scripts.benchmark.contenders_list import (
    BY_HAND,
    FLOOR,
    OURS,
    OURS_QUIET,
    OURS_SHARED,
    OWN,
    PEERS,
    ROOT,
    Contender,
    Environments,
)
from scripts.benchmark.measured_round import Measured
from scripts.benchmark.plot import svg
from scripts.benchmark.report import Rounds, gathered, machine, table, verdicts
from scripts.benchmark.running import WARM_UP, Bench, Workload, served_site
from scripts.benchmark.targets import LAG, MANY_SITES, MEMORY, ONE_SITE, SUBRESOURCES, TARGETS

OURS_LAG = replace(OURS, name="ours, lag", options=("lag",))
OURS_MEMORY = replace(OURS, name="ours, memory", options=("objects",))
MEMORY_FROM = 500


def main() -> int:
    """Measure; 0 when every contender gave every page, whatever the targets say."""
    options = _options()
    environments = Environments(ROOT / ".bench")
    contenders = _chosen(options)
    for contender in contenders:
        environments.provide(contender)
        print(f"{contender.name}: {contender.distribution or 'playwright'} {environments.version(contender)}")
    executable = find_browser("headless_shell")
    print(f"browser: {executable.version}\nmachine: {machine()}\n", flush=True)
    output: Path = options.output
    output.mkdir(parents=True, exist_ok=True)
    all_rounds: dict[str, list[tuple[int, Measured]]] = {}
    with served_site() as port:
        bench = Bench(environments, executable.path, port, concurrency=options.concurrency)
        for workload, who, rounds in _programme(options, contenders):
            done = all_rounds.setdefault(workload.name, [])
            for number, measured in bench.interleaved(who, workload, rounds=rounds):
                _tell(workload, number, measured)
                done.append((number, measured))
            _write(output, all_rounds)
            print(f"\n### {workload.name}\n\n{table(_ordered(done, who), base=who[0].name)}\n", flush=True)
    together = {name: gathered(done) for name, done in all_rounds.items()}
    for verdict in verdicts(TARGETS, together):
        print(verdict.line())
    failed = sum(bool(measured.failure) for done in all_rounds.values() for _, measured in done)
    return 1 if failed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Measure what a page costs.")
    parser.add_argument("--quick", action="store_true", help="one short round of one site: under two minutes")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pages", type=int, default=180, help="measured pages of a round, beside 20 to warm up")
    parser.add_argument("--concurrency", type=int, default=4)
    parser.add_argument("--no-peers", action="store_true", help="only what needs nothing installed")
    parser.add_argument("--only", default="", help="parts of contenders' names, with commas between")
    parser.add_argument("--workload", choices=[ONE_SITE, MANY_SITES, SUBRESOURCES, LAG], help="just this one")
    parser.add_argument("--memory", type=int, default=0, metavar="N", help="instead: N pages of ours, and the memory")
    parser.add_argument("--output", type=Path, default=ROOT / ".bench" / "results")
    options = parser.parse_args()
    if 0 < options.memory < 2 * MEMORY_FROM:
        parser.error(
            f"--memory compares {MEMORY_FROM} pages with the {MEMORY_FROM} last ones: at least {2 * MEMORY_FROM}"
        )
    return options


def _chosen(options: argparse.Namespace) -> list[Contender]:
    if options.memory:
        return [OURS_MEMORY]
    parts = [part for part in options.only.split(",") if part]
    everyone = OWN if options.no_peers else (*OWN, *PEERS)
    return [one for one in everyone if not parts or any(part in one.name for part in parts)]


def _programme(
    options: argparse.Namespace, contenders: Sequence[Contender]
) -> list[tuple[Workload, list[Contender], int]]:
    """The workloads, who takes part, and how many rounds."""
    if options.memory:
        return [(Workload(MEMORY, options.memory - WARM_UP, memory_from=MEMORY_FROM), [*contenders], 1)]
    if options.quick:
        return [(Workload(ONE_SITE, 40, warm_up=8), [one for one in contenders if one != OURS_SHARED], 1)]
    one_site = [one for one in contenders if one != OURS_SHARED]
    many_sites = [one for one in contenders if one != OURS_QUIET]
    own = [one for one in contenders if one in (FLOOR, BY_HAND, OURS)]
    programme = [
        (Workload(ONE_SITE, options.pages), one_site, options.rounds),
        (Workload(MANY_SITES, options.pages, hosts=50), many_sites, options.rounds),
        (Workload(SUBRESOURCES, max(20, options.pages // 6), path="/heavy", warm_up=5), own, options.rounds),
        (Workload(LAG, options.pages), [OURS_LAG], options.rounds),
    ]
    chosen = [one for one in programme if options.workload in (None, one[0].name)]
    return [one for one in chosen if one[1]]


def _ordered(done: list[tuple[int, Measured]], who: Sequence[Contender]) -> Rounds:
    rounds = gathered(done)
    return {one.name: rounds[one.name] for one in who if one.name in rounds}


def _tell(workload: Workload, number: int, measured: Measured) -> None:
    figures = "".join(f", {name} {value:g}" for name, value in measured.figures.items())
    early = f"{measured.pss_early_mb:.0f} to " if measured.pss_early_mb else ""
    line = (
        f"{measured.pages_per_second:5.1f} pages/s {measured.cpu_ms:6.1f} ms/page, PSS {early}{measured.pss_mb:.0f} MB"
    )
    verdict = f"FAILED: {measured.failure}" if measured.failure else f"{line}{figures}"
    print(f"{workload.name}, round {number + 1}, {measured.contender}: {verdict}", file=sys.stderr, flush=True)


def _write(output: Path, all_rounds: dict[str, list[tuple[int, Measured]]]) -> None:
    rounds = {
        name: [{"round": number, **asdict(measured)} for number, measured in done] for name, done in all_rounds.items()
    }
    (output / "results.json").write_text(
        json.dumps({"machine": machine(), "rounds": rounds}, indent=1), encoding="utf-8"
    )
    for name, done in all_rounds.items():
        picture = svg(f"CPU a page, {name} ({machine()})", gathered(done))
        (output / f"{name.replace(' ', '-')}.svg").write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
