from collections.abc import AsyncIterator, Iterator

import pytest

from crawl4ai_browser.crawling.seeds import Seeds, checked, each
from crawl4ai_browser.errors import ConfigError
from crawl4ai_browser.request import Request


async def stream(*seeds: str) -> AsyncIterator[str]:
    for seed in seeds:
        yield seed


@pytest.mark.parametrize(
    "seeds",
    [
        ["a", "b"],
        ("a", "b"),
        iter(["a", "b"]),
        {"a": 1, "b": 2}.keys(),
        (letter for letter in "ab"),
        stream("a", "b"),
    ],
)
async def test_seeds_of_every_shape_come_in_order(seeds: Seeds) -> None:
    assert [seed async for seed in each(seeds)] == ["a", "b"]


@pytest.mark.parametrize("seed", ["https://a.test/", Request(url="https://a.test/")])
async def test_one_seed_is_not_taken_apart(seed: str | Request) -> None:
    assert [found async for found in each(seed)] == [seed]


async def test_no_more_is_read_than_asked_for() -> None:
    read: list[int] = []

    def generator() -> Iterator[str]:
        for number in range(1000):
            read.append(number)
            yield str(number)

    seeds = each(generator())
    assert await anext(seeds) == "0"
    assert await anext(seeds) == "1"
    assert read == [0, 1]
    await seeds.aclose()


def test_request_keeps_what_it_carries() -> None:
    request = checked(Request(url="HTTPS://A.test", priority=2.0, metadata={"id": 1}), allow_files=False)
    assert request == Request(url="https://a.test/", priority=2.0, metadata={"id": 1})


@pytest.mark.parametrize(
    ("seed", "message"),
    [
        ("example.com", "write https://example.com"),
        ("", "not an absolute URL"),
        ("https://", "URL"),
        ("ftp://a.test/", "only http: and https:"),
        ("javascript:alert(1)", "only http: and https:"),
        ("file:///etc/passwd", "allow_files"),
        (b"https://a.test/", "not bytes"),
        (None, "not NoneType"),
    ],
)
def test_bad_seed_is_refused_by_a_message_that_names_it(seed: object, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        checked(seed, allow_files=False)


def test_file_may_be_a_seed_when_allowed() -> None:
    assert checked("file:///tmp/page.html", allow_files=True).url == "file:///tmp/page.html"
