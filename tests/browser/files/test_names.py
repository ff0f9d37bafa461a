"""Names that servers and pages choose, as every file system can hold them."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawl4ai_browser.browser.files.names import (
    MAX_FOLDERS,
    MAX_NAME_BYTES,
    FileFacts,
    name_of_answer,
    relative_path,
    safe_name,
    split_suffix,
    taken_names,
    with_mark,
)

MOMENT = datetime(2024, 2, 29, 23, 59, tzinfo=UTC)
SHA256 = "5f2a9c01" + "0" * 56


def facts(
    url: str = "https://a.test/docs/report.pdf", name: str = "report.pdf", session: str | None = None
) -> FileFacts:
    return FileFacts(url=url, name=name, session=session, sha256=SHA256, mime_type="application/pdf", day=MOMENT)


@pytest.mark.parametrize(
    ("given_name", "safe"),
    [
        ("report.pdf", "report.pdf"),
        ("Übersicht ☃ 山.txt", "Übersicht ☃ 山.txt"),
        ("../../etc/passwd", "_._.._etc_passwd"),
        ("..", "download"),
        ("...", "download"),
        ("", "download"),
        ("   ", "download"),
        ('a/b\\c:d*e?f"g<h>i|j', "a_b_c_d_e_f_g_h_i_j"),
        ("tab\there\x00null\x7fdel\x9fc1.txt", "tab_here_null_del_c1.txt"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("zero\u200bwidth.txt", "zerowidth.txt"),
        ("trailing. . .", "trailing"),
        (".bashrc", "_bashrc"),
        ("-rf.txt", "_rf.txt"),
        ("~root", "_root"),
        ("CON.txt", "_CON.txt"),
        ("nul", "_nul"),
        ("com1.tar.gz", "_com1.tar.gz"),
        ("lpt¹", "_lpt¹"),
        ("console.txt", "console.txt"),
        ("e\u0301.txt", "é.txt"),
        ("lone\ud800surrogate", "lone_surrogate"),
    ],
)
def test_a_hostile_name_becomes_an_ordinary_one(given_name: str, safe: str) -> None:
    assert safe_name(given_name) == safe


@given(st.text(max_size=600))
def test_every_name_is_safe_and_stays_so(name: str) -> None:
    safe = safe_name(name)
    assert 0 < len(safe.encode()) <= MAX_NAME_BYTES
    assert PurePosixPath(safe).parts == (safe,)
    assert not set(safe) & set('/\\:*?"<>|\0')
    assert not safe.startswith((".", "-", " "))
    assert not safe.endswith((".", " "))
    assert safe_name(safe) == safe


@pytest.mark.parametrize("name", ["n" * 400 + ".txt", "山" * 200 + ".tar.gz", "x" * 300, "☃." * 200])
def test_a_long_name_keeps_its_suffix_and_is_cut_between_characters(name: str) -> None:
    safe = safe_name(name)
    assert 240 < len(safe.encode()) <= MAX_NAME_BYTES
    assert split_suffix(safe)[1] == split_suffix(name)[1]
    assert name.startswith(split_suffix(safe)[0])


@pytest.mark.parametrize(
    ("name", "suffix"),
    [
        ("report.pdf", ".pdf"),
        ("data.tar.gz", ".tar.gz"),
        ("report 2.1", ""),
        ("no suffix", ""),
        ("sentence. Another", ""),
        ("song.mp3", ".mp3"),
        (".hidden", ""),
        ("x." + "y" * 60, ""),
    ],
)
def test_what_counts_as_a_suffix(name: str, suffix: str) -> None:
    assert split_suffix(name) == (name[: len(name) - len(suffix)], suffix)


def test_a_mark_stands_before_the_suffix_even_in_a_name_without_room() -> None:
    assert with_mark("report.pdf", " (2)") == "report (2).pdf"
    marked = with_mark("n" * 400 + ".pdf", " (12)")
    assert marked.endswith("n (12).pdf")
    assert len(marked) == MAX_NAME_BYTES


def test_taken_names_are_numbered_or_told_apart_by_content() -> None:
    assert list(islice(taken_names("a.txt", SHA256, when_taken="number"), 2)) == ["a (2).txt", "a (3).txt"]
    by_hash = islice(taken_names("a.txt", SHA256, when_taken="hash"), 3)
    assert list(by_hash) == ["a-5f2a9c01.txt", f"a-{SHA256}.txt", "a (2).txt"]


@pytest.mark.parametrize(
    ("layout", "path"),
    [
        ("{name}", "report.pdf"),
        ("{host}/{path}", "a.test/docs/report.pdf"),
        ("{session}/{name}", "alice/report.pdf"),
        ("{date}/{stem}-{sha256}{suffix}", f"2024-02-29/report-{SHA256}.pdf"),
        ("by type/{type}/{name}", "by type/application/report.pdf"),
        ("{host}/", "a.test"),
        ("../../{name}", "download/download/report.pdf"),
        ("/etc/{name}", "etc/report.pdf"),
    ],
)
def test_a_layout_is_filled_in(layout: str, path: str) -> None:
    assert relative_path(layout, facts(session="alice")) == PurePosixPath(path)


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://a.test:8443/x/y.pdf?v=2", "a.test_8443/x/y.pdf"),
        ("https://a.test/folder/", "a.test/folder/report.pdf"),
        ("https://a.test/", "a.test/report.pdf"),
        ("https://a.test/%2e%2e%2f%2e%2e%2fetc/pass%00wd", "a.test/_._.._etc/pass_wd"),
        ("https://a.test/caf%C3%A9.pdf", "a.test/café.pdf"),
        ("blob:https://a.test/0af3", "blob/report.pdf"),
        ("data:text/plain,x", "data/report.pdf"),
    ],
)
def test_host_and_path_are_those_of_the_url(url: str, path: str) -> None:
    assert relative_path("{host}/{path}", facts(url=url)) == PurePosixPath(path)


def test_an_anonymous_session_has_a_name() -> None:
    assert relative_path("{session}/{name}", facts()) == PurePosixPath("anonymous/report.pdf")


def test_a_hostile_session_name_stays_one_folder() -> None:
    assert relative_path("{session}/{name}", facts(session="../x")) == PurePosixPath("_._x/report.pdf")


def test_an_endless_path_makes_a_bounded_number_of_folders() -> None:
    path = relative_path("{host}/{path}", facts(url="https://a.test/" + "a/" * 500 + "x.pdf"))
    assert len(path.parts) == MAX_FOLDERS + 1
    assert path.name == "x.pdf"


@given(st.text(max_size=300), st.text(max_size=300), st.text(max_size=80))
def test_no_layout_leads_out_of_the_folder(path: str, name: str, session: str) -> None:
    found = relative_path("{host}/{session}/{path}/{name}", facts(f"https://a.test/{path}", name, session))
    assert not found.is_absolute()
    assert ".." not in found.parts
    assert len(str(found).encode()) <= 1024 + MAX_NAME_BYTES


@pytest.mark.parametrize(
    ("url", "headers", "name"),
    [
        ("https://a.test/a/b.pdf?x=1", {}, "b.pdf"),
        ("https://a.test/", {}, "download"),
        ("https://a.test/csv", {"content-type": "text/csv; charset=utf-8"}, "csv.csv"),
        ("https://a.test/caf%C3%A9.txt", {}, "café.txt"),
        ("https://a.test/x", {"content-disposition": 'attachment; filename="plan.pdf"'}, "plan.pdf"),
        ("https://a.test/x", {"content-disposition": "attachment; filename*=UTF-8''%C3%9Cber.txt"}, "Über.txt"),
        ("https://a.test/x", {"content-disposition": 'inline; filename="../x.txt"'}, "../x.txt"),
        ("https://a.test/x.bin", {"content-disposition": "attachment"}, "x.bin"),
    ],
)
def test_the_name_of_a_plain_answer(url: str, headers: dict[str, str], name: str) -> None:
    assert name_of_answer(url, headers) == name
