"""Collects saved visits: one test for each field that something is expected of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest

from crawl4ai_browser.testing.comparison import Fields, difference
from crawl4ai_browser.testing.saved_visit import EXPECTED_FOLDER, SavedVisit


class FieldChanged(Exception):
    """A field is not what is expected. `text` says how it differs."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class VisitFile(pytest.File):
    """A saved visit. Its page is processed once, when the first of its tests runs."""

    _fields: Fields | None = None

    @property
    def visit(self) -> SavedVisit:
        """The folder it lies in."""
        return SavedVisit(self.path.parent)

    def collect(self) -> Iterable[pytest.Item]:
        """A test for each field; where nothing is expected yet, one that says so."""
        names = self.visit.expected_names() or [EXPECTED_FOLDER]
        return [self._item(name) for name in names]

    def _item(self, name: str) -> FieldItem:
        return FieldItem.from_parent(self, name=name)  # pyright: ignore[reportUnknownMemberType] - pytest's keywords

    def fields(self) -> Fields:
        """What is made of the page now. With `--update-crawls` that is expected from now on."""
        if self._fields is None:
            self._fields = self.visit.fields()
            if self.config.getoption("update_crawls"):
                self.visit.expect(self._fields)
        return self._fields


class FieldItem(pytest.Item):
    """The test of one field."""

    parent: VisitFile  # pyright: ignore[reportIncompatibleVariableOverride] - it is made by nothing else

    def runtest(self) -> None:
        """Compare."""
        actual = self.parent.fields()
        if self.config.getoption("update_crawls"):
            return
        if self.name == EXPECTED_FOLDER:
            raise FieldChanged("nothing is expected of this visit: --update-crawls writes what is made of it now")
        expected = self.parent.visit.expected(self.name)
        if actual.get(self.name) != expected:
            raise FieldChanged(difference(expected, actual.get(self.name)))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None) -> str:
        """The difference, without a traceback."""
        del style
        if isinstance(excinfo.value, FieldChanged):
            return "\n".join(self._told(excinfo.value))
        return str(super().repr_failure(excinfo))

    def _told(self, change: FieldChanged) -> Iterator[str]:
        yield f"{self.name} of the visit in {self.path.parent} is not what is expected:"
        yield change.text
        yield "If it is right as it is now: --update-crawls"

    def reportinfo(self) -> tuple[str, None, str]:
        """Where it is defined, and its name."""
        return str(self.path), None, f"{self.path.parent.name}: {self.name}"
