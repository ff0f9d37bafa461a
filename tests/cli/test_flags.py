from __future__ import annotations

import gc
import sys
from pathlib import Path
from types import ModuleType

import click
import pytest
from click.testing import CliRunner
from pydantic import Field

from crawl4ai_browser.capture_config import Element
from crawl4ai_browser.cli.capture_flags import CAPTURE_FLAGS
from crawl4ai_browser.cli.config_flags import (
    BROWSER_FLAGS,
    CAPACITY_FLAGS,
    CONTENT_FLAGS,
    DOWNLOAD_FLAGS,
    IDENTITY_FLAGS,
    POLITENESS_FLAGS,
    STATE_FLAGS,
    VISIT_FLAGS,
    config_of,
)
from crawl4ai_browser.cli.flags import Flag, FlagGroup, GroupedCommand, applied, deferred
from crawl4ai_browser.cli.output_flags import OUTPUT_FLAGS, output_of
from crawl4ai_browser.config import CrawlConfig
from crawl4ai_browser.errors import ConfigError
from crawl4ai_browser.frozen import Frozen
from crawl4ai_browser.identity import Geolocation, Network
from crawl4ai_browser.ready import Delay, Selector

CONFIG_GROUPS = (
    VISIT_FLAGS,
    IDENTITY_FLAGS,
    POLITENESS_FLAGS,
    CAPACITY_FLAGS,
    CONTENT_FLAGS,
    CAPTURE_FLAGS,
    DOWNLOAD_FLAGS,
    BROWSER_FLAGS,
    STATE_FLAGS,
)


class Inner(Frozen):
    seconds: float = Field(default=1.5, gt=0)
    names: tuple[str, ...] = ()


class Outer(Frozen):
    inner: Inner = Inner()
    count: int | None = Field(default=None, ge=1)
    is_on: bool = True
    pairs: dict[str, str] = {}


def pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name, value


GROUP = FlagGroup(
    "A title",
    Outer,
    (
        Flag("--seconds", "inner.seconds", "How long.", metavar="SECONDS"),
        Flag("--name", "inner.names", "A name.", metavar="NAME"),
        Flag("--count", "count", "How many.", metavar="N", default="as many as fit"),
        Flag("--off", "is_on", "Switch it off.", sets=False),
        Flag("--pair", "pairs", "Two words.", metavar="A=B", parse=pair),
    ),
)


def outer_of(*arguments: str, base: Outer | None = None) -> Outer:
    """The model that a command with these arguments would see."""
    seen: list[Outer] = []

    def callback(**values: object) -> None:
        seen.append(applied(base or Outer(), GROUP.flags, values))

    command = GroupedCommand("test", callback=callback, params=list(GROUP.options()))
    command.main(list(arguments), standalone_mode=False)
    return seen[0]


def test_without_flags_the_model_stays_as_it_is() -> None:
    base = Outer(count=7, pairs={"a": "1"})
    assert outer_of(base=base) == base


def test_each_flag_sets_its_field_only() -> None:
    given = outer_of("--seconds", "0.5", "--count", "3", "--off", "--name", "x", "--name", "y", "--pair", "a=1")
    assert given == Outer(inner=Inner(seconds=0.5, names=("x", "y")), count=3, is_on=False, pairs={"a": "1"})


def test_pairs_are_added_to_those_of_the_model() -> None:
    assert outer_of("--pair", "b=2", base=Outer(pairs={"a": "1"})).pairs == {"a": "1", "b": "2"}


def test_the_model_is_not_changed() -> None:
    base = Outer(pairs={"a": "1"})
    outer_of("--pair", "b=2", "--count", "3", base=base)
    assert base == Outer(pairs={"a": "1"})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--count", "0"], "--count '0': input should be greater than or equal to 1"),
        (["--count", "two"], "--count 'two': input should be a valid integer"),
        (["--seconds", "-1"], "--seconds '-1': input should be greater than 0"),
        (["--seconds", "nan"], "--seconds 'nan': input should be"),
    ],
)
def test_a_wrong_value_is_named_with_its_flag(arguments: list[str], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        outer_of(*arguments)
    assert caught.value.message.startswith(message)
    assert "\n" not in caught.value.message


def test_help_takes_defaults_from_the_model() -> None:
    command = click.Group("g", commands=[GroupedCommand("test", params=list(GROUP.options()))])
    text = CliRunner().invoke(command, ["test", "--help"]).output
    assert "A title:\n" in text
    assert "--seconds SECONDS" in text
    assert "How long. [default: 1.5 seconds]" in text
    assert "How many. [default: as many as fit]" in text
    assert "Switch it off.\n" in text


def config_from(**values: object) -> CrawlConfig:
    return config_of(values, CONFIG_GROUPS)


def test_flags_reach_the_configuration() -> None:
    config = config_from(
        ready="css:#done",
        timeout="5",
        no_javascript=True,
        proxy=("http://me:secret@127.0.0.1:3128", "socks5://127.0.0.1:1080 weight=2"),
        proxy_rotation="weighted",
        proxy_sticky="host",
        header=("X-One: 1", "X-Two:2"),
        no_robots=True,
        delay="0.5",
        concurrency="7",
        screenshot="viewport",
        main=True,
        executable="/opt/chrome",
        browser_arg=("--lang=de", "--mute-audio"),
        state="state",
    )
    assert config.visit.ready == Selector(css="#done")
    assert config.visit.timeout == 5.0
    assert not config.context.java_script
    first, second = config.proxies.members
    assert first.proxy is not None
    assert (first.proxy.server, first.proxy.secret) == ("http://127.0.0.1:3128", "secret")
    assert (str(second.proxy), second.weight) == ("socks5://127.0.0.1:1080", 2)
    assert (config.proxies.rotation, config.proxies.sticky) == ("weighted", "host")
    assert config.context.headers == {"X-One": "1", "X-Two": "2"}
    assert not config.politeness.obey_robots
    assert config.politeness.min_delay == 0.5
    assert config.capacity.max_pages == 7
    assert config.capture.screenshot == "viewport"
    assert config.content.main_markdown
    assert config.browser.executable == Path("/opt/chrome")
    assert config.browser.args == ("--lang=de", "--mute-audio")
    assert config.state_dir == Path("state")


def test_flags_of_the_identity_reach_the_configuration() -> None:
    context = config_from(
        geolocation="47.37,-8.5", color_scheme="dark", reduced_motion=True, latency="0.2", bandwidth="50kB"
    ).context
    assert context.geolocation == Geolocation(latitude=47.37, longitude=-8.5)
    assert (context.color_scheme, context.reduced_motion) == ("dark", True)
    assert context.network == Network(latency=0.2, download_rate=50_000)


def test_flags_of_captures_reach_the_configuration() -> None:
    capture = config_from(
        screenshot="css:#map",
        screenshot_format="webp",
        screenshot_mask=("#ad", ".face"),
        pdf_paper="a4",
        har=True,
        responses=("**/api/**", "re:\\.json$"),
        max_body="1MB",
        record_secrets=True,
        capture_folder="taken",
    ).capture
    assert capture.screenshot == Element(css="#map")
    assert (capture.picture.format, capture.picture.masks) == ("webp", ("#ad", ".face"))
    assert (capture.pdf, capture.paper.size, capture.har) == (False, "a4", True)
    assert capture.responses == ("**/api/**", "re:\\.json$")
    assert (capture.traffic.max_body_bytes, capture.traffic.secrets) == (1_000_000, True)
    assert capture.folder == Path("taken")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"proxy": ("ftp://me:secret@x",)}, "--proxy"),
        ({"proxy_file": ("/nowhere/proxies",)}, "--proxy-file '/nowhere/proxies': the list of proxies"),
        ({"proxy_rotation": "sometimes"}, "--proxy-rotation 'sometimes': input should be 'round_robin'"),
        ({"ready": "soon"}, "--ready 'soon': write quiet, load, domcontentloaded, a number"),
        ({"header": ("Authorization Bearer 123",)}, "--header: write 'Name: value'"),
        ({"header": ("X: a\r\nY: b",)}, "--header"),
        ({"viewport": "big"}, "--viewport 'big': write WIDTHxHEIGHT"),
        ({"viewport": "0x100"}, "--viewport '0x100': input should be greater than 0"),
        ({"screenshot": "huge"}, "--screenshot 'huge': write none, viewport, full_page or css:SELECTOR"),
        ({"screenshot": "css:p["}, "--screenshot 'css:p[': not a CSS selector: 'p['"),
        ({"screenshot_format": "gif"}, "--screenshot-format 'gif': input should be 'png', 'jpeg' or 'webp'"),
        ({"screenshot_quality": "0"}, "--screenshot-quality '0': input should be greater than"),
        ({"responses": ("re:(",)}, "--responses 're:(': not a regular expression"),
        ({"geolocation": "Zurich"}, "--geolocation 'Zurich': write LATITUDE,LONGITUDE"),
        ({"geolocation": "91,0"}, "--geolocation '91,0': input should be less than or equal to 90"),
        ({"max_body": "much"}, "--max-body 'much': write a number of bytes"),
        ({"concurrency": "0"}, "--concurrency '0'"),
    ],
)
def test_wrong_values_of_the_real_flags_are_named(values: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config_from(**values)
    assert caught.value.message.startswith(message)
    assert "\n" not in caught.value.message


def test_a_wrong_proxy_keeps_its_secret() -> None:
    with pytest.raises(ConfigError) as caught:
        config_from(proxy="ftp://me:secret@host:1")
    assert "secret" not in caught.value.message


def test_flags_override_the_file(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("[visit]\ntimeout = 9\n[visit.ready]\nkind = 'delay'\nseconds = 2\n[context.headers]\na = 'b'\n")
    config = config_of({"config": str(path), "timeout": "5", "header": ("c: d",)}, CONFIG_GROUPS)
    assert config.visit.timeout == 5.0
    assert config.visit.ready == Delay(seconds=2.0)
    assert config.context.headers == {"a": "b", "c": "d"}


def test_markdown_takes_the_main_content_when_that_is_made() -> None:
    assert output_of({}, config_from(main=True)).form == "main_markdown"
    assert output_of({}, config_from(cited=True)).form == "cited_markdown"
    assert output_of({}, config_from()).form == "markdown"


def test_a_crawl_that_keeps_its_state_appends_unless_told_otherwise() -> None:
    assert output_of({}, config_from()).if_exists == "refuse"
    assert output_of({}, config_from(state="s")).if_exists == "append"
    assert output_of({"if_exists": "overwrite"}, config_from(state="s")).if_exists == "overwrite"


@pytest.mark.parametrize("group", [*CONFIG_GROUPS, OUTPUT_FLAGS], ids=lambda group: group.title)
def test_every_flag_sets_a_field_that_exists(group: FlagGroup) -> None:
    for option in group.options():
        assert option.help


def test_the_collector_works_once_a_command_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    states: list[bool] = []
    action = ModuleType("an_action")

    def run() -> int:
        states.append(gc.isenabled())
        return 0

    action.__dict__["run"] = run
    monkeypatch.setitem(sys.modules, "an_action", action)
    gc.disable()
    try:
        assert deferred("an_action")() == 0
    finally:
        gc.enable()
        gc.unfreeze()
    assert states == [True]
