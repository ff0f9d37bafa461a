"""SessionFolder: sessions kept on disk under their names, one file each, for their owner alone."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from crawl4ai_browser.browser.sessions.state_file import read_state, write_state
from crawl4ai_browser.errors import ConfigError, StorageError
from crawl4ai_browser.storage_state import StorageState

FOLDER_VARIABLE = "CRAWL4AI_BROWSER_SESSIONS"
"""The environment variable that names the folder."""

OWNER_ONLY = 0o700
"""Not even the names of sessions are anybody else's business."""

_SUFFIX = ".json"

# Names are files' names: nothing that leads out of the folder, that a shell or Windows takes for something else, or
# that is too long with its suffix and that of a file being written.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,99}")


def default_folder(environ: Mapping[str, str], platform: str = sys.platform) -> Path:
    """The folder of this user: what the variable names, else the place that the system has for a program's data."""
    named = environ.get(FOLDER_VARIABLE)
    if named:
        return Path(named)
    if platform == "win32":
        base = Path(environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path(environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return base / "crawl4ai-browser" / "sessions"


@dataclass(frozen=True)
class KeptSession:
    """One session of the folder."""

    name: str
    path: Path

    @property
    def saved_at(self) -> datetime:
        """When its file was written."""
        return datetime.fromtimestamp(self.path.stat().st_mtime, UTC)

    def state(self) -> StorageState:
        """What it remembers.

        Raises:
            ConfigError: its file can't be read.
        """
        return read_state(self.path)


class SessionFolder:
    """The sessions in one folder, which is made when the first is put there."""

    def __init__(self, path: Path) -> None:
        """Nothing is touched yet."""
        self.path = path

    @classmethod
    def of_user(cls) -> SessionFolder:
        """The folder of whoever runs this."""
        return cls(default_folder(os.environ))

    def all(self) -> list[KeptSession]:
        """Every session, by name.

        Raises:
            ConfigError: the folder can't be read.
        """
        try:
            names = sorted(path.stem for path in self.path.glob(f"*{_SUFFIX}") if _NAME.fullmatch(path.stem))
        except OSError as error:
            raise ConfigError(f"the folder of sessions {str(self.path)!r} can't be read: {error.strerror}") from error
        return [KeptSession(name, self._file(name)) for name in names]

    def get(self, name: str) -> KeptSession:
        """The session of that name.

        Raises:
            ConfigError: there is none; the message has the names that there are.
        """
        path = self._file(name)
        if not path.is_file():
            names = ", ".join(kept.name for kept in self.all()) or "none"
            raise ConfigError(f"no session {name!r} is kept in {self.path} (there are: {names})")
        return KeptSession(name, path)

    def has(self, name: str) -> bool:
        """Whether there is one of that name.

        Raises:
            ConfigError: no session can have it.
        """
        return self._file(name).is_file()

    def put(self, name: str, state: StorageState) -> KeptSession:
        """Keep a state under a name, in place of what was there.

        Raises:
            ConfigError: no session can have that name.
            StorageError: it could not be written.
        """
        path = self._file(name)
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=OWNER_ONLY)
            with suppress(PermissionError):  # somebody else's folder, which they let us write into
                self.path.chmod(OWNER_ONLY)  # the umask may have taken rights away; an older folder may have more
        except OSError as error:
            raise StorageError(f"the folder of sessions {str(self.path)!r} can't be made: {error.strerror}") from error
        write_state(path, state)
        return KeptSession(name, path)

    def delete(self, name: str) -> None:
        """Forget a session.

        Raises:
            ConfigError: there is none.
            StorageError: its file could not be removed.
        """
        try:
            self.get(name).path.unlink()
        except OSError as error:
            raise StorageError(f"session {name!r} can't be deleted: {error.strerror}") from error

    def _file(self, name: str) -> Path:
        if _NAME.fullmatch(name) is None:
            raise ConfigError(f"no name for a session: {name!r} (letters, digits and . _ @ + -, at most 100)")
        return self.path / f"{name}{_SUFFIX}"

    def __repr__(self) -> str:
        """Where it is."""
        return f"<SessionFolder {self.path}>"
