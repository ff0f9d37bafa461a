"""A short soak, and that a soak tells what it should."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest

from crawl4ai_browser.testing.site import SiteServer
from crawl4ai_browser.testing.site_outcomes import Outcome, fault_outcomes
from scripts.soaking.growth import FEWEST_LOOKS, Growth, Look
from scripts.soaking.mix import mixed, ordinary_outcomes
from scripts.soaking.soak import Soak, SoakPlan

ROOT = Path(__file__).parents[2]
ORDINARY = ordinary_outcomes(ROOT / "fixtures" / "site")


def test_the_mix_is_the_seeds_alone_and_every_fault_comes() -> None:
    pages = list(islice(mixed(7, ORDINARY), 300))
    assert pages == list(islice(mixed(7, ORDINARY), 300))
    assert pages != list(islice(mixed(8, ORDINARY), 300))
    assert len({page.path for page in pages}) == 300
    come = {page.path.partition("soak=")[0].rstrip("?&") for page in pages}
    assert {fault.path for fault in fault_outcomes()} <= come


def growth_of(name: str, values: list[float]) -> Growth:
    flat = {"memory": 500.0, "own memory": 60.0, "driver": 90.0, "processes": 14.0, "files": 30.0}
    return Growth([Look(number, {**flat, name: value}) for number, value in enumerate(values)])


def test_what_goes_up_and_down_does_not_grow_and_what_goes_up_does() -> None:
    assert growth_of("driver", [80.0, 140.0] * 20).faults() == []
    assert growth_of("driver", [80.0 + 5 * number for number in range(40)]).faults() == ["driver grew from 135 to 250"]
    assert growth_of("processes", [14.0] * 25 + [30.0] * 15).faults() == ["processes grew from 14 to 30"]
    assert growth_of("memory", [500.0] * (FEWEST_LOOKS // 2) + [2000.0] * (FEWEST_LOOKS // 2 - 1)).faults() == []


async def test_a_page_that_is_not_as_owed_or_does_not_come_is_a_deviation(site: SiteServer, tmp_path: Path) -> None:
    owed = (Outcome(path="/leaf/1", html="leaf 2"), Outcome(path="/leaf/3", html="leaf 3"))
    plan = SoakPlan(pages=None, seconds=None, pages_at_once=2, kill_every=0)
    told: list[str] = []
    report = await Soak(site, iter(owed), plan, tmp_path).run(told.append)
    assert report.results == 2
    assert report.deviations == told == ["/leaf/1: html lacks 'leaf 2'"]


@pytest.mark.timeout(150)  # half a minute on two cores that do nothing else
def test_a_short_soak_with_a_kill_is_as_stated() -> None:
    command = [sys.executable, "-m", "scripts.soaking", "--pages", "36", "--seed", "2", "--kill-every", "15"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [*command, "--at-once", "4"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("36 pages in ")
    assert "\n2 processes killed, " in done.stdout
    assert done.stdout.endswith("\n0 deviations\n")
