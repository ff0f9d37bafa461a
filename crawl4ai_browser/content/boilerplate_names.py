"""Words in ids and classes that say an element is no main content.

Words are compared whole, so `col-sidebar` has `sidebar` and `sidereal` has not `side`.
"""

from __future__ import annotations

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SURE = (
    _words(  # navigation
        "nav navs navbar navigation topnav subnav sidenav catnav menu menus menubar menuwrap submenu megamenu "
        "offcanvas breadcrumb breadcrumbs skiplink skiplinks pagination pager paging toc sitemap footer footnav "
        "prefooter subfooter masthead topbar sidebar sidebars"
    )
    | _words(  # other pages
        "related relatedposts upsell upsells crosssell crosssells outbrain taboola trending recommended "
        "recommendations catlinks"
    )
    | _words(  # sharing and people
        "sharing sharebar sharethis addthis addtoany social socials byline authorbox userinfo signature"
    )
    | _words(  # notices and forms
        "cookie cookies consent gdpr onetrust ccpa newsletter subscribe signup signin login optin popup popups modal "
        "modals lightbox toast snackbar paywall copyright searchbox searchform"
    )
    | _words("adsense adslot advert adverts advertisement advertising sponsored affiliate")
)
_LIKELY = _words(
    "side rail toolbar crumb crumbs skip similar recommend suggested suggestions promo promos promotion promotions "
    "share shares follow author bio avatar meta postmeta subscription overlay drawer dialog notice notices disclaimer "
    "disclosure legal search filter filters facet facets refinement refinements sort sorting sortby ad ads sponsor "
    "banner banners noprint printfooter license tag tags toggle settings logged cta"
)
_COMMENTS = _words("comment comments commentlist commentarea respond disqus")
_FOOTNOTES = _words("footnote footnotes endnote endnotes")

_HIDING_CLASSES = _words(
    "hidden hide d-none sr-only visually-hidden visuallyhidden screen-reader-text screenreader invisible is-hidden "
    "u-hidden"
)
_SHOWING_CLASS = re.compile(
    r"(?:^|\s)(?:\S+:(?:block|flex|grid|inline\S*|table\S*|visible|not-sr-only)"  # Tailwind: md:block
    r"|d-\w\w-(?:block|flex|grid|inline|inline-block|table)"  # Bootstrap: d-md-block
    r"|(?:visible|show)-\w+)(?:\s|$)"
)
"""Classes that show on wider screens what another one hides."""

_ID_TAGS = frozenset({"div", "ul", "ol", "table", "form", "td", "iframe", "p"})
"""Elements whose id names their part in the page. That of a section or heading is often made from its title."""

_WORD_START = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SEPARATORS = re.compile(r"[\W_]+")


class Names:
    """The names of one element."""

    def __init__(self, tag: str, attributes: dict[str, str | None]) -> None:
        """`attributes` are the element's."""
        self._classes = attributes.get("class") or ""
        text = self._classes
        if tag in _ID_TAGS:
            text = f"{text} {attributes.get('id') or ''}"
        self._words = frozenset(_SEPARATORS.split(_WORD_START.sub(" ", text).lower())) if text else frozenset[str]()

    @property
    def are_hiding(self) -> bool:
        """Whether a class of a common style sheet keeps it from being shown on a desktop screen."""
        classes = self._classes.lower()
        return not _HIDING_CLASSES.isdisjoint(classes.split()) and not _SHOWING_CLASS.search(classes)

    @property
    def are_boilerplate(self) -> bool:
        """Whether they say so plainly. Footnotes belong to a text, whatever else they are called."""
        return not _SURE.isdisjoint(self._words) and _FOOTNOTES.isdisjoint(self._words)

    @property
    def may_be_boilerplate(self) -> bool:
        """Whether they would, if what is inside fits."""
        return not _LIKELY.isdisjoint(self._words)

    @property
    def are_comments(self) -> bool:
        """Whether it holds what readers wrote."""
        return not _COMMENTS.isdisjoint(self._words)
