"""Sessions kept on disk: listed, shown without their values, moved about, and gone out as."""

from __future__ import annotations

import io
import json
import stat
from pathlib import Path

import pytest

from crawl4ai_browser.cli.exit_codes import ExitCode
from crawl4ai_browser.cli.login_action import require_display
from crawl4ai_browser.cli.main import run
from crawl4ai_browser.cli.session_folder import FOLDER_VARIABLE, SessionFolder, default_folder
from crawl4ai_browser.errors import ConfigError
from crawl4ai_browser.storage_state import StorageState

SECRET = "secret-canary"

STATE: dict[str, object] = {
    "cookies": [
        {"name": "member", "value": SECRET, "domain": "example.com", "path": "/", "expires": -1},
        {"name": "old", "value": SECRET, "domain": "example.com", "path": "/", "expires": 1.0},
        {"name": "new", "value": SECRET, "domain": "example.com", "path": "/x", "expires": 4102444800.0},
        {"name": "for ever", "value": SECRET, "domain": "example.com", "path": "/", "expires": 1e18},
    ],
    "origins": [
        {
            "origin": "https://example.com",
            "localStorage": [{"name": "token", "value": SECRET}],
            "indexedDB": [{"name": "auth", "version": 1, "stores": []}],
            "sessionStorage": [{"name": "tab", "value": SECRET}],
        }
    ],
}


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of sessions, not made yet."""
    folder = tmp_path / "kept"
    monkeypatch.setenv(FOLDER_VARIABLE, str(folder))
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.fixture
def alice(kept: Path) -> StorageState:
    state = StorageState.of(STATE, source="it")
    SessionFolder(kept).put("alice", state)
    return state


def test_sessions_are_for_their_owner_alone(alice: StorageState, kept: Path) -> None:
    del alice
    assert stat.S_IMODE(kept.stat().st_mode) == 0o700
    assert stat.S_IMODE((kept / "alice.json").stat().st_mode) == 0o600


def test_list_has_a_line_for_each(alice: StorageState, kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    del alice
    (kept / "broken.json").write_text("{")
    (kept / ".being-written.json").write_text("{")
    assert run(["session", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["alice", "broken"]
    assert lines[0].endswith("UTC  4 cookies, storage of 1 origin")
    assert "not usable" in lines[1]


def test_list_of_nothing_says_where_it_looked(kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["session", "list"]) == 0
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", f"no session is kept in {kept}\n")


def test_show_has_names_and_no_values(alice: StorageState, capsys: pytest.CaptureFixture[str]) -> None:
    del alice
    assert run(["session", "show", "alice"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1:] == [
        "cookie for ever of example.com/, for ever".replace(", for ever", ", until for ever"),
        "cookie member of example.com/, for the session",
        "cookie new of example.com/x, until 2100-01-01",
        "cookie old of example.com/, expired 1970-01-01",
        "local storage token of https://example.com",
        "session storage tab of https://example.com",
        "IndexedDB auth of https://example.com",
    ]
    assert SECRET not in "".join(lines)


def test_a_session_travels_by_export_and_import(
    alice: StorageState, kept: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(["session", "export", "alice", "alice.json"]) == 0
    assert stat.S_IMODE(Path("alice.json").stat().st_mode) == 0o600
    assert run(["session", "import", "ben", "alice.json"]) == 0
    assert SessionFolder(kept).get("ben").state() == alice
    capsys.readouterr()
    assert run(["session", "export", "alice", "-"]) == 0
    text = capsys.readouterr().out
    assert json.loads(text)["cookies"][0]["value"] == SECRET
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    assert run(["session", "import", "carl", "-"]) == 0
    assert SessionFolder(kept).get("carl").state() == alice


def test_nothing_is_replaced_unasked(alice: StorageState, kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("empty.json").write_text("{}")
    assert run(["session", "export", "alice", "empty.json"]) == ExitCode.USAGE
    assert run(["session", "import", "alice", "empty.json"]) == ExitCode.USAGE
    assert capsys.readouterr().err.count("give --overwrite to replace it") == 2
    assert SessionFolder(kept).get("alice").state() == alice
    assert run(["session", "import", "alice", "empty.json", "--overwrite"]) == 0
    assert SessionFolder(kept).get("alice").state() == StorageState()


def test_delete_forgets(alice: StorageState, kept: Path) -> None:
    del alice
    assert run(["session", "delete", "alice"]) == 0
    assert list(kept.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["session", "show", "ben"], "no session 'ben' is kept in {kept} (there are: alice)"),
        (["session", "delete", "ben"], "no session 'ben' is kept"),
        (["session", "show", "../alice"], "no name for a session: '../alice'"),
        (["session", "import", "a/b", "x.json"], "no name for a session: 'a/b'"),
        (["session", "import", ".hidden", "x.json"], "no name for a session: '.hidden'"),
        (["session", "import", "ben", "none.json"], "the state file 'none.json' can't be read: No such file"),
        (["session", "import", "ben", "bad.json"], "the state file 'bad.json' is no storage state: cookies"),
        (["session", "import", "ben", "text.json"], "the state file 'text.json' is not JSON (line 1, column 1)"),
        (["session", "sell", "alice"], "No such command 'sell'"),
        (["crawl", "http://127.0.0.1:9/", "--session", "ben"], "no session 'ben' is kept"),
        (["fetch", "http://127.0.0.1:9/", "--session", "ben"], "no session 'ben' is kept"),
        (["login", "no/name", "http://127.0.0.1:9/"], "no name for a session: 'no/name'"),
        (["login", "ben", "example.com"], "not an absolute URL: 'example.com'"),
        (["login", "ben", "http://127.0.0.1:9/", "--script", "none.py"], "'none.py' can't be read: No such file"),
        (["login", "ben", "http://127.0.0.1:9/", "--script", "bad.py"], "'bad.py' is not Python: line 1"),
        (["login", "ben", "http://127.0.0.1:9/", "--script", "raises.py"], "does not run: ZeroDivisionError"),
        (["login", "ben", "http://127.0.0.1:9/", "--script", "empty.py"], "has no 'async def log_in(page)'"),
        (["login", "ben", "http://127.0.0.1:9/"], "login opens a window, and there is no display here"),
    ],
    ids=str,
)
def test_bad_input_is_named_in_one_line(
    alice: StorageState,
    kept: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    said: str,
) -> None:
    del alice
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    Path("bad.json").write_text('{"cookies": 3}')
    Path("text.json").write_text("none")
    Path("bad.py").write_text("def (")
    Path("raises.py").write_text("1 / 0")
    Path("empty.py").touch()
    assert run(arguments) == ExitCode.USAGE
    printed = capsys.readouterr()
    assert said.format(kept=kept) in printed.err
    assert printed.err.count("\n") == 1
    assert [path.name for path in kept.iterdir()] == ["alice.json"]


@pytest.mark.parametrize(
    ("platform", "environ"),
    [("linux", {"DISPLAY": ":0"}), ("linux", {"WAYLAND_DISPLAY": "wayland-0"}), ("darwin", {}), ("win32", {})],
)
def test_where_there_is_a_display_nothing_is_said(platform: str, environ: dict[str, str]) -> None:
    require_display(environ, platform)


def test_a_display_that_is_empty_is_none() -> None:
    with pytest.raises(ConfigError, match="there is no display"):
        require_display({"DISPLAY": ""}, "linux")


@pytest.mark.parametrize(
    ("platform", "environ", "expected"),
    [
        ("linux", {FOLDER_VARIABLE: "/there"}, "/there"),
        ("linux", {"XDG_DATA_HOME": "/data"}, "/data/crawl4ai-browser/sessions"),
        ("linux", {}, "~/.local/share/crawl4ai-browser/sessions"),
        ("darwin", {}, "~/Library/Application Support/crawl4ai-browser/sessions"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/crawl4ai-browser/sessions"),
    ],
)
def test_the_folder_is_where_each_system_has_it(platform: str, environ: dict[str, str], expected: str) -> None:
    assert default_folder(environ, platform) == Path(expected).expanduser()
