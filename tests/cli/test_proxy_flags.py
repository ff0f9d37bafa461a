from __future__ import annotations

from pathlib import Path

import pytest

from crawl4ai_browser.cli.config_flags import config_of
from crawl4ai_browser.cli.crawl_command import CONFIG_GROUPS
from crawl4ai_browser.config import CrawlConfig
from crawl4ai_browser.errors import ConfigError


def config_from(**values: object) -> CrawlConfig:
    return config_of(values, CONFIG_GROUPS)


def servers(config: CrawlConfig) -> list[str]:
    return [str(member.proxy or "direct") for member in config.proxies.members]


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    path = tmp_path / "proxies.txt"
    path.write_text("10.0.0.1:3128\ndirect tier=1\n")
    return path


def test_proxies_of_flags_and_files_are_one_pool(listed: Path) -> None:
    config = config_from(proxy=("10.0.0.9:3128",), proxy_file=(str(listed), str(listed)))
    first = ["http://10.0.0.1:3128", "direct"]
    assert servers(config) == ["http://10.0.0.9:3128", *first, *first]


def test_flags_take_the_place_of_what_the_configuration_file_says(tmp_path: Path, listed: Path) -> None:
    file = tmp_path / "crawl.toml"
    file.write_text('[proxies]\nmembers = ["10.0.0.7:80", "10.0.0.8:80"]\nsticky = "session"\nrotation = "random"\n')
    assert servers(config_from(config=str(file))) == ["http://10.0.0.7:80", "http://10.0.0.8:80"]
    config = config_from(config=str(file), proxy_file=(str(listed),), proxy_rotation="least_used")
    assert servers(config) == ["http://10.0.0.1:3128", "direct"]
    assert (config.proxies.sticky, config.proxies.rotation) == ("session", "least_used")


def test_one_proxy_for_all_and_a_pool_contradict_each_other(tmp_path: Path) -> None:
    file = tmp_path / "crawl.toml"
    file.write_text('[context.proxy]\nhost = "10.0.0.1"\nport = 3128\n')
    with pytest.raises(ConfigError, match=r"--proxy: context\.proxy and proxies contradict each other"):
        config_from(config=str(file), proxy=("10.0.0.2:3128",))


def test_a_wrong_line_is_named_without_its_secret(tmp_path: Path) -> None:
    path = tmp_path / "proxies.txt"
    path.write_text("10.0.0.1:3128\n10.0.0.2:99999:me:canary\n")
    with pytest.raises(ConfigError, match=r"--proxy-file .*: line 2 of ") as failure:
        config_from(proxy_file=(str(path),))
    assert "canary" not in failure.value.message
