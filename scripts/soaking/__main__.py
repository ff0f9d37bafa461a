"""The command line of the soak: runs what is asked for in a temp folder of its own, and prints what came of it."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from random import SystemRandom

import anyio

from crawl4ai_browser.testing.site import install_fault_routes, serve_fixture_site
from scripts.soaking.mix import mixed, ordinary_outcomes
from scripts.soaking.soak import Soak, SoakPlan, SoakReport

SITE = Path(__file__).parents[2] / "fixtures" / "site"


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(prog="scripts/soak", description=__doc__)
    parser.add_argument("--minutes", type=float, help="how long [default: as --pages says]")
    parser.add_argument("--pages", type=int, help="how many [default: 2000, or no limit with --minutes]")
    parser.add_argument("--seed", type=int, help="of the order, to have the same again [default: by chance]")
    parser.add_argument("--at-once", type=int, default=6, help="pages open at once [default: 6]")
    parser.add_argument("--kill-every", type=int, default=250, help="results between two kills; 0: none [default: 250]")
    options = parser.parse_args(arguments)
    if options.pages is None and options.minutes is None:
        options.pages = 2000
    if options.seed is None:
        options.seed = SystemRandom().randrange(10**6)
    return options


def summary(report: SoakReport, seed: int) -> str:
    """All of it, for people."""
    retries = ", ".join(f"{count} {kind}" for kind, count in report.retries.most_common()) or "none"
    speed = report.results / max(report.seconds, 0.1)
    lines = [
        f"{report.results} pages in {report.seconds:.0f} s ({speed:.1f}/s), seed {seed}",
        f"{report.attempts} attempts; retries: {retries}",
        f"{report.kills} processes killed, {report.browsers_lost} browsers lost",
        *report.growth.lines(),
        f"{len(report.deviations)} deviations",
        *report.deviations[:50],
    ]
    return "\n".join(lines)


async def soak(options: argparse.Namespace, scratch: Path) -> SoakReport:
    """Run it."""
    seconds = options.minutes * 60 if options.minutes is not None else None
    plan = SoakPlan(options.pages, seconds, pages_at_once=options.at_once, kill_every=options.kill_every)
    with serve_fixture_site(SITE) as site:
        install_fault_routes(site)
        outcomes = mixed(options.seed, ordinary_outcomes(SITE))
        return await Soak(site, outcomes, plan, scratch).run(lambda line: print(line, file=sys.stderr, flush=True))


def main(arguments: Sequence[str]) -> int:
    """0 if all was as it should be, else 1."""
    options = parse(arguments)
    # A driver that is killed leaves an exception that nobody asks for, which asyncio reports at some later time.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    with tempfile.TemporaryDirectory(prefix="c4b-soak-", ignore_cleanup_errors=True) as folder:
        os.environ["TMPDIR"] = tempfile.tempdir = folder
        report = anyio.run(soak, options, Path(folder))
    print(summary(report, options.seed))
    return 1 if report.deviations else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
