"""Document: html parsed once, with its base URL, shared by everything that reads it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from crawl4ai_browser import html_tree, urls

if TYPE_CHECKING:
    from lxml.html import HtmlElement
    from selectolax.lexbor import LexborHTMLParser, LexborNode


class Document:
    """A parsed page. The trees are shared: readers must not change them.

    Shadow roots serialized as `<template shadowrootmode>` and `srcdoc` frames are unfolded in place, so that one tree
    holds what the page shows.
    """

    def __init__(self, html: str, *, url: str, base_url: str | None = None, scripting: bool = True) -> None:
        """Parse lazily: a tree is built at its first use.

        `base_url` is what the browser gave as the base; None: the `<base>` element decides, else `url`. `scripting`:
        whether scripts ran; if not, the content of `<noscript>` is the page's.
        """
        self.html = html
        self.url = url
        self._base_url = base_url
        self._scripting = scripting
        self._resolved: dict[str, str | None] = {}

    @cached_property
    def tree(self) -> LexborHTMLParser:
        """The tree as a browser builds it, for CSS selectors and fast walks."""
        return html_tree.parse(self.html, scripting=self._scripting)

    @cached_property
    def body(self) -> LexborNode | None:
        """The `<body>` element; for a frameset page its root. None only where the tree is empty."""
        return self.tree.body or self.tree.root

    @cached_property
    def root(self) -> HtmlElement:
        """The `<html>` element of the same tree in lxml, for XPath. Built only when asked for. No comments."""
        return html_tree.to_lxml(self.tree)

    @cached_property
    def base_url(self) -> str:
        """The absolute URL that relative ones resolve against (HTML Standard, 4.2.3: the first base with href)."""
        if self._base_url is not None:
            return self._base_url
        base = self.tree.css_first("base[href]")
        href = base.attributes.get("href") if base is not None else None
        return urls.join(self.url, href) or self.url if href else self.url

    def resolve(self, reference: str) -> str | None:
        """The absolute form of a relative URL of this document; None where it is invalid.

        Remembered, as several parts ask for the same links.
        """
        try:
            return self._resolved[reference]
        except KeyError:
            absolute = self._resolved[reference] = urls.join(self.base_url, reference)
            return absolute
