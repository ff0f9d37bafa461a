"""Record once, replay offline, in one import: the cassette, its modes, and what was asked of it in vain.

    from crawl4ai_browser.testing.cassette import Cassette

    with Cassette("crawl.json") as cassette:
        results = list(crawl4ai_browser.crawl(seeds, cassette.configured(config)))
        cassette.check()

In tests, `@pytest.mark.crawl_cassette` does this; on the command line, `crawl --record` and `--replay`.
"""

from crawl4ai_browser.testing.cassettes.cassette import Cassette, Mode
from crawl4ai_browser.testing.cassettes.deck import Miss

__all__ = ["Cassette", "Miss", "Mode"]
