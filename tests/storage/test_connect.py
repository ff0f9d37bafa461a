"""Which files are opened, and that those which are not stay as they were."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from crawl4ai_browser.errors import ConfigError, StorageError
from crawl4ai_browser.storage import request_rows, schema
from crawl4ai_browser.storage.connect import connect


def fact(file: Path, name: str) -> str | None:
    with closing(connect(file)) as connection:
        return request_rows.fact(connection, name)


def note(file: Path, name: str, value: str) -> None:
    with closing(connect(file)) as connection:
        request_rows.note(connection, name, value)


def test_a_new_file_has_its_tables_and_is_its_owners_alone(file: Path) -> None:
    note(file, "colour", "blue")
    assert fact(file, "colour") == "blue"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_nothing_is_left_of_a_database_without_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with closing(connect(None)) as connection:
        request_rows.note(connection, "colour", "blue")
    with closing(connect(None)) as connection:
        assert request_rows.fact(connection, "colour") is None
    assert list(tmp_path.iterdir()) == []


def test_an_empty_file_becomes_a_database(file: Path) -> None:
    file.parent.mkdir()
    file.touch()
    note(file, "colour", "blue")
    assert fact(file, "colour") == "blue"


def test_a_file_whose_maker_was_killed_before_it_had_tables_is_made_anew(file: Path) -> None:
    file.parent.mkdir()
    program = (
        "import os, sqlite3, sys\n"
        "connection = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "connection.execute('PRAGMA cache_size = 1')\n"
        "connection.execute('BEGIN EXCLUSIVE')\n"
        "for number in range(50): connection.execute(f'CREATE TABLE half_{number} (a TEXT)')\n"
        "connection.execute('INSERT INTO half_1 VALUES (hex(randomblob(100000)))')\n"
        "os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", program, str(file)], check=False)
    assert file.stat().st_size > 0, "the killed process has written into the file"
    note(file, "colour", "blue")
    assert fact(file, "colour") == "blue"


def test_another_programs_database_is_refused_untouched(file: Path) -> None:
    file.parent.mkdir()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE theirs (a)")
    before = contents(file.parent)
    with pytest.raises(ConfigError, match=f"another program's database: {file}"):
        connect(file)
    assert contents(file.parent) == before


def test_a_state_of_another_version_is_refused_untouched(file: Path) -> None:
    connect(file).close()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA user_version = 99")
    before = contents(file.parent)
    with pytest.raises(
        ConfigError, match=f"a crawl's state of version 99, where this package has {schema.SCHEMA_VERSION}:"
    ):
        connect(file)
    assert contents(file.parent) == before


@pytest.mark.parametrize("garbage", [b"not a database at all", b"SQLite format 3\0" + b"\xff" * 500, b"\0" * 4096])
def test_a_file_that_is_no_database_is_refused_untouched(file: Path, garbage: bytes) -> None:
    file.parent.mkdir()
    file.write_bytes(garbage)
    with pytest.raises(StorageError, match="damaged"):
        connect(file)
    assert contents(file.parent) == {file.name: garbage}


def test_a_damaged_page_in_the_middle_is_found_and_nothing_is_changed(file: Path) -> None:
    with closing(connect(file)) as connection:
        for number in range(200):
            request_rows.note(connection, f"fact {number}", "x" * 500)
    damaged = bytearray(file.read_bytes())
    middle = len(damaged) // 2 // 4096 * 4096
    damaged[middle : middle + 4096] = os.urandom(4096)
    file.write_bytes(damaged)
    with pytest.raises(StorageError, match=f"the crawl's database is damaged: {file}"):
        connect(file)
    assert file.read_bytes() == damaged


def test_a_truncated_file_is_refused(file: Path) -> None:
    with closing(connect(file)) as connection:
        for number in range(200):
            request_rows.note(connection, f"fact {number}", "x" * 500)
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(StorageError, match="damaged"):
        connect(file)


def test_a_file_in_use_by_a_live_process_is_refused(
    file: Path, start_user: Callable[[str], subprocess.Popen[str]]
) -> None:
    user = start_user("the first")
    with pytest.raises(StorageError, match=f"in use: {file}"):
        connect(file)
    user.communicate("")
    assert fact(file, "left by") == "the first"


def test_a_killed_process_frees_the_file_and_leaves_what_it_committed(
    file: Path, start_user: Callable[[str], subprocess.Popen[str]]
) -> None:
    user = start_user("the killed one")
    user.kill()
    user.wait()
    assert file.with_name("crawl.sqlite-wal").stat().st_size > 0, "it had no time to clean up"
    assert fact(file, "left by") == "the killed one"


def test_a_second_connection_of_the_same_process_is_refused_and_the_first_keeps_its_lock(
    file: Path, start_user: Callable[[str], subprocess.Popen[str]]
) -> None:
    # Closing any descriptor of a file drops all of a process's POSIX locks on it, so a check must not open it by hand.
    with closing(connect(file)):
        with pytest.raises(StorageError, match="in use"):
            connect(file)
        with pytest.raises(AssertionError):
            start_user("a thief")


def test_a_folder_in_the_files_place_is_refused(file: Path) -> None:
    file.mkdir(parents=True)
    with pytest.raises(StorageError, match=str(file)):
        connect(file)


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="cannot be made"):
        connect(tmp_path / "file" / "state" / "crawl.sqlite")


def contents(folder: Path) -> dict[str, bytes]:
    return {entry.name: entry.read_bytes() for entry in folder.iterdir()}
