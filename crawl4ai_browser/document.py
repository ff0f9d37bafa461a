"""Document: html parsed once, with its base URL, shared by everything that reads it."""

from __future__ import annotations

from functools import cached_property

from lxml import html as lxml_html

from crawl4ai_browser import urls

# libxml2 refuses more than 256 levels without huge_tree and 2048 with it; deeper elements are then attached to the
# last level, so no text is lost.
_PARSER_OPTIONS = {"huge_tree": True, "encoding": "utf-8", "remove_comments": True, "remove_pis": True}


class Document:
    """A parsed page. The tree is shared: readers must not change it."""

    def __init__(self, html: str, *, url: str, base_url: str | None = None) -> None:
        """Parse lazily: `root` is built at its first use.

        `base_url` is what the browser gave as the base; None: the `<base>` element decides, else `url`.
        """
        self.html = html
        self.url = url
        self._base_url = base_url

    @cached_property
    def root(self) -> lxml_html.HtmlElement:
        """The `<html>` element. An empty page has one too."""
        parser = lxml_html.HTMLParser(**_PARSER_OPTIONS)
        source = self.html if self.html.strip() else "<html></html>"
        return lxml_html.document_fromstring(source.encode("utf-8", "replace"), parser=parser)

    @cached_property
    def base_url(self) -> str:
        """The absolute URL that relative ones resolve against (HTML Standard, 4.2.3: the first base with href)."""
        if self._base_url is not None:
            return self._base_url
        for base in self.root.iter("base"):
            href = base.get("href")
            if href is not None:
                return urls.join(self.url, href) or self.url
        return self.url

    def resolve(self, reference: str) -> str | None:
        """The absolute form of a relative URL of this document; None where it is invalid."""
        return urls.join(self.base_url, reference)
