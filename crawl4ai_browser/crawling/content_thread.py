"""ContentThread: renders content in threads of this process, for where no process may be started."""

from __future__ import annotations

from anyio import to_thread

from crawl4ai_browser.crawling.content_messages import ContentJob
from crawl4ai_browser.crawling.content_worker import content_of
from crawl4ai_browser.errors import ExtractError
from crawl4ai_browser.page_content import Content


class ContentThread:
    """A renderer without processes: nothing to start, and nothing that saves the crawl from a page that hangs it."""

    def warm(self) -> None:
        """Nothing to do."""

    async def render(self, job: ContentJob) -> Content:
        """The content of one document.

        Raises:
            ExtractError: it could not be made.
        """
        try:
            return await to_thread.run_sync(content_of, job)
        except Exception as error:
            raise ExtractError(f"{type(error).__name__}: {error}"[:1000], phase="content", blame="us") from error
