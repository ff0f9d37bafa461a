"""PoliteGet: plain requests that keep to robots.txt and to their host's turns."""

from __future__ import annotations

from random import Random

import anyio
import pytest

from crawl4ai_browser.config import PolitenessConfig
from crawl4ai_browser.errors import ConnectionFailed, RobotsDenied
from crawl4ai_browser.fetcher import PlainResponse
from crawl4ai_browser.politeness.polite_get import PoliteGet
from crawl4ai_browser.politeness.robots_files import RobotsFiles
from crawl4ai_browser.politeness.throttle import Throttle
from crawl4ai_browser.testing.fake_clock import FakeClock
from crawl4ai_browser.testing.scripted_plain_get import PlainScript, ScriptedPlainGet

FILE = "https://a.test/file.xml"
ROBOTS = "https://a.test/robots.txt"


class Setting:
    def __init__(self, script: PlainScript, config: PolitenessConfig | None = None) -> None:
        config = config or PolitenessConfig()
        self.clock = FakeClock()
        self.plain = ScriptedPlainGet(script, clock=self.clock)
        self.throttle = Throttle(config, self.clock, random=Random(3))
        robots = RobotsFiles(self.plain, self.throttle, config, self.clock)
        self.get = PoliteGet(self.plain, robots, self.throttle, config=config, clock=self.clock)


async def test_what_robots_txt_forbids_is_not_asked_for() -> None:
    setting = Setting({ROBOTS: "User-agent: *\nDisallow: /file"})
    with pytest.raises(RobotsDenied, match="robots.txt forbids https://a.test/file.xml"):
        await setting.get.get(FILE)
    assert setting.plain.requests == [(ROBOTS, None)]


async def test_a_sitemap_that_robots_txt_names_may_be_read_whatever_its_rules_say() -> None:
    setting = Setting({ROBOTS: "User-agent: *\nDisallow: /\nSitemap: /file.xml", FILE: "here"})
    assert (await setting.get.get(FILE, session="alice")).body == b"here"
    assert setting.plain.requests == [(ROBOTS, "alice"), (FILE, "alice")]


async def test_requests_of_one_host_keep_its_delay() -> None:
    setting = Setting({FILE: "here"}, PolitenessConfig(min_delay=2.0))
    async with setting.clock.jumping(), anyio.create_task_group() as tasks:
        for _ in range(3):
            tasks.start_soon(setting.get.get, FILE)
    starts = setting.plain.starts
    assert len(starts) == 4, "robots.txt and three files"
    assert all(later - earlier >= 2.0 for earlier, later in zip(starts, starts[1:], strict=False))


async def test_a_host_that_asks_to_be_left_alone_is() -> None:
    busy = PlainResponse(url=FILE, status=429, headers={"retry-after": "30"}, body=b"")
    setting = Setting({FILE: [busy, "here"]})
    assert (await setting.get.get(FILE)).status == 429
    async with setting.clock.jumping():
        assert (await setting.get.get(FILE)).status == 200
    assert setting.plain.starts[-1] - setting.plain.starts[-2] >= 30


async def test_no_answer_is_raised_as_the_error_it_is() -> None:
    setting = Setting({FILE: ConnectionFailed("reset")})
    with pytest.raises(ConnectionFailed):
        await setting.get.get(FILE)
    assert setting.plain.requests == [(ROBOTS, None), (FILE, None)]
