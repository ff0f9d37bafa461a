"""The scripts, in a copy of the project whose Python, uv and browser are shell scripts: nothing is installed."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent
SHELL_SCRIPTS = ("crawl", "test", "check", "pin", "setup", "setup-test-tools")

# A Python that makes a .venv of itself, whose pip brings a uv, whose uv notes what it is to install.
PYTHON = """#!/bin/sh
note() { echo "$*" >>"$CALLS"; }
case "$1 $2" in
    -V*) echo "Python 3.12.0" ;;
    "-m venv") note venv; for folder; do :; done; mkdir -p "$folder/bin"; cp "$0" "$folder/bin/python"
        printf '#!/bin/sh\\necho "cli $*" >>"$CALLS"; . "$INSTALL"\\n' >"$folder/bin/crawl4ai-browser"
        chmod 755 "$folder/bin/crawl4ai-browser" ;;
    "-m pip")
        case "$*" in
            *--version) [ -z "$NO_PIP" ] ;;
            *--target*) note pip bring; . "$PIP"; mkdir -p "$VENV/installer/bin"; cp "$UV" "$VENV/installer/bin/uv" ;;
            *) note pip install; . "$PIP" ;;
        esac ;;
    "-m ensurepip") echo "No module named ensurepip"; exit 1 ;;
    -c*sys.exit*) ;;
    -c*base_executable*) echo "$0" ;;
    -c*) echo same ;;
esac
"""


class Project:
    """A copy of the scripts in a folder with a space, and shell lines for what `pip`, `uvdoes` and `install` do."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "a project"
        (self.root / "scripts").mkdir(parents=True)
        for name in (*SHELL_SCRIPTS, "constraints.txt"):
            shutil.copy(ROOT / "scripts" / name, self.root / "scripts")
        shutil.copy(ROOT / "pyproject.toml", self.root)
        self.venv = self.root / ".venv"
        self._folder = folder
        self.python = self.write("python", PYTHON)
        self.browser = self.write("browser", "#!/bin/sh\n")
        self.write("uv", '#!/bin/sh\necho "uv $1 $2" >>"$CALLS"; . "$UVDOES"\n')
        self.do("uvdoes", ":")
        self.do("pip", ":")
        self.do("install", f"echo '{self.browser}'")

    def write(self, name: str, text: str) -> Path:
        path = self._folder / name
        path.write_text(text)
        path.chmod(0o755)
        return path

    def do(self, step: str, lines: str) -> None:
        """What `step` does from now on."""
        self.write(step, f"{lines}\n")

    def start(self, script: str, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        steps = {name: str(self._folder / name.lower()) for name in ("PIP", "UV", "UVDOES", "INSTALL")}
        return subprocess.Popen(
            [self.root / "scripts" / script, *arguments],
            env={
                "PATH": os.environ["PATH"],
                "CRAWL4AI_BROWSER_PYTHON": str(self.python),
                "CALLS": str(self._folder / "calls"),
                "VENV": str(self.venv),
                "TMPDIR": str(self._folder),
                **steps,
                **environment,
            },
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, script: str, *arguments: str, **environment: str) -> tuple[int, str]:
        """Exit code and all output."""
        process = self.start(script, *arguments, **environment)
        output, _ = process.communicate(timeout=15)
        return process.returncode, output

    def calls(self) -> list[str]:
        """What was called since the last time this was asked."""
        calls = self._folder / "calls"
        lines = calls.read_text().splitlines() if calls.exists() else []
        calls.unlink(missing_ok=True)
        return lines


def only_these(folder: Path, names: str) -> Path:
    """A folder for PATH with nothing but the named programs."""
    folder.mkdir()
    for name in names.split():
        (folder / name).symlink_to(str(shutil.which(name)))
    return folder


def write_program(path: Path, lines: str) -> None:
    path.write_text(f"#!/bin/sh\n{lines}\n")
    path.chmod(0o755)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_setup_makes_everything_in_order(project: Project) -> None:
    code, output = project.run("setup")

    assert code == 0, output
    assert project.calls() == ["venv", "pip bring", "uv pip install", "cli install"]
    assert "setup: ready after" in output


def test_second_setup_does_nothing(project: Project) -> None:
    project.run("setup")
    project.calls()

    assert project.run("setup") == (0, "")
    assert project.calls() == []


def test_changed_pins_are_installed(project: Project) -> None:
    project.run("setup")
    project.calls()
    with (project.root / "scripts" / "constraints.txt").open("a") as constraints:
        constraints.write("another==1.0\n")

    assert project.run("setup")[0] == 0
    assert project.calls() == ["uv pip install"]


def test_moved_project_is_set_up_again(project: Project) -> None:
    project.run("setup")
    project.calls()
    project.root = project.root.rename(project.root.with_name("moved"))

    assert project.run("setup", VENV=str(project.root / ".venv"))[0] == 0
    assert "uv pip install" in project.calls()


@pytest.mark.parametrize("change", ["browser is gone", "environment names another"])
def test_browser_is_provided_again(project: Project, change: str) -> None:
    project.run("setup")
    project.calls()
    environment: dict[str, str] = {}
    if change == "browser is gone":
        project.browser.unlink()
    else:
        environment["CRAWL4AI_BROWSER_EXECUTABLE"] = "/opt/another"

    assert project.run("setup", **environment)[0] == 0
    assert project.calls() == ["cli install"]


def test_pip_installs_where_uv_cannot(project: Project) -> None:
    project.do("uvdoes", "echo no route to index; exit 2")

    assert project.run("setup")[0] == 0
    assert project.calls() == ["venv", "pip bring", "uv pip install", "pip install", "cli install"]


def test_failed_installation_tells_step_reason_and_remedy_and_is_tried_again(project: Project) -> None:
    project.do("uvdoes", "echo no route to index; exit 2")
    project.do("pip", 'case "$*" in *--target*) ;; *) echo "No matching distribution found for lxml"; exit 1 ;; esac')

    code, output = project.run("setup")

    assert code == 1
    assert "setup: FAILED: installing the packages\n" in output
    assert "setup:   | No matching distribution found for lxml\n" in output
    assert "setup: What to do: check the network and the settings of pip or uv, and run this again\n" in output
    project.do("uvdoes", ":")
    project.calls()
    assert project.run("setup")[0] == 0
    assert project.calls() == ["uv pip install", "cli install"]


def test_machine_without_pip_is_told_what_to_install(project: Project, tmp_path: Path) -> None:
    tools = only_these(tmp_path / "tools", "chmod cp dirname env grep id mkdir mktemp rm sed sh tail cksum cat bash")
    (tools / "python3").symlink_to(project.python)
    write_program(tools / "apt-get", "echo E: Unable to fetch some archives; exit 100")
    write_program(tools / "sudo", 'shift\nexec "$@"')
    script = project.root / "scripts" / "setup"
    script.write_text(script.read_text().replace("/usr/bin/python3 ", ""))  # the machine's own, which may have a pip

    code, output = project.run("setup", PATH=str(tools), NO_PIP="1")

    assert code == 1
    assert "setup: FAILED: fetching the installer\n" in output
    assert "no pip anywhere and no ensurepip" in output
    assert "What to do: install pip (Debian, as root: apt-get install python3-pip)" in output


def test_python_that_does_not_run_is_named(project: Project) -> None:
    code, output = project.run("setup", CRAWL4AI_BROWSER_PYTHON="/opt/python2")

    assert code == 1
    assert output.splitlines() == [
        "setup: FAILED: finding Python",
        "setup:   | CRAWL4AI_BROWSER_PYTHON is /opt/python2, which is no Python 3.11 or newer that runs",
        "setup: What to do: name another one, or unset it",
    ]


def test_machine_without_python_is_told_what_to_install(project: Project, tmp_path: Path) -> None:
    tools = only_these(tmp_path / "tools", "bash cat cksum dirname mktemp rm sed")
    write_program(tools / "python3", '[ "$1" = -V ] && echo Python 3.9.2; exit 1')

    code, output = project.run("setup", PATH=str(tools), CRAWL4AI_BROWSER_PYTHON="")

    assert code == 1
    assert "no Python 3.11 or newer on PATH" in output
    assert "python3 is Python 3.9.2" in output
    assert "apt-get install python3" in output


def test_browser_that_cannot_be_provided_stops_the_setup(project: Project) -> None:
    project.do("install", "echo 'no browser, and none could be installed' >&2; exit 3")

    code, output = project.run("crawl", "https://example.com/")

    assert code == 3
    assert "no browser, and none could be installed" in output
    assert "FAILED: providing a browser" in output
    assert project.calls()[-1] == "cli install"


@pytest.mark.skipif(shutil.which("flock") is None, reason="without flock set-ups do not wait for one another")
def test_two_setups_at_once_set_up_once(project: Project) -> None:
    both = [project.start("setup") for _ in range(2)]
    outputs = [process.communicate(timeout=15)[0] for process in both]

    assert [process.returncode for process in both] == [0, 0], outputs
    assert project.calls() == ["venv", "pip bring", "uv pip install", "cli install"]


def test_crawl_hands_its_arguments_on_unchanged(project: Project) -> None:
    project.run("setup")
    project.calls()

    assert project.run("crawl", "https://example.com/a b", "--include", "*")[0] == 0
    assert project.calls() == ["cli crawl https://example.com/a b --include *"]


def test_crawl_alone_crawls_the_bundled_site(project: Project) -> None:
    project.run("setup")
    project.calls()

    assert project.run("crawl")[0] == 0
    assert project.calls() == [f"cli demo {project.root}/fixtures/site"]


def test_check_runs_every_step_and_tells_the_one_that_failed(project: Project) -> None:
    project.run("setup")
    for tool in ("ruff", "shellcheck", "pyright"):
        shutil.copy(project.write(tool, "#!/bin/sh\necho fine\n"), project.venv / "bin")
    shutil.copy(project.write("mypy", "#!/bin/sh\necho 'a.py:1: error: wrong'; exit 1\n"), project.venv / "bin")

    code, output = project.run("check")

    assert code == 1
    verdicts = [line.split()[:2] for line in output.splitlines() if line.startswith(("ok", "FAILED"))]
    assert verdicts == [
        ["ok", "ruff"],
        ["ok", "ruff"],
        ["ok", "shellcheck"],
        ["ok", "shape"],
        ["FAILED", "mypy"],
        ["ok", "pyright"],
    ]
    assert "    a.py:1: error: wrong\n" in output
    assert output.splitlines()[-1].startswith("check: FAILED after")
    assert output.endswith(": mypy\n")
    assert "fine" not in output


@pytest.mark.parametrize(("check", "tests", "expected"), [(0, 0, 0), (1, 0, 1), (0, 4, 1), (1, 1, 1)])
def test_ci_runs_gate_and_tests_whatever_fails(
    project: Project, tmp_path: Path, check: int, tests: int, expected: int
) -> None:
    (project.root / ".ci").mkdir()
    run = Path(shutil.copy(ROOT / ".ci" / "run", project.root / ".ci"))
    (project.root / "scripts" / "check").write_text(f"#!/bin/sh\necho checked; exit {check}\n")
    (project.root / "scripts" / "test").write_text(f"#!/bin/sh\necho tested; exit {tests}\n")

    outcome = subprocess.run([run], capture_output=True, text=True, cwd=tmp_path, check=False)

    assert (outcome.returncode, outcome.stdout) == (expected, "checked\ntested\n")


@pytest.mark.parametrize("name", [f"scripts/{name}" for name in SHELL_SCRIPTS] + [".ci/run"])
def test_shell_script_is_clean_and_may_be_run(name: str) -> None:
    shellcheck = Path(sys.executable).with_name("shellcheck")
    if not shellcheck.exists():
        pytest.skip("shellcheck is not installed beside this Python")

    assert os.access(ROOT / name, os.X_OK)
    assert subprocess.run([shellcheck, ROOT / name], capture_output=True, text=True, check=False).stdout == ""


@pytest.fixture(scope="module")
def shape() -> ModuleType:
    loader = importlib.machinery.SourceFileLoader("shape", str(ROOT / "scripts" / "shape"))
    spec = importlib.util.spec_from_loader("shape", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["shape"] = module  # dataclasses look their module up
    loader.exec_module(module)
    return module


DEEP = "def f():\n if a:\n  for b in c:\n   with d:\n    {block}\n     pass\n"


@pytest.mark.parametrize(
    ("source", "faults"),
    [
        ("x = 1\n" * 400, []),
        ("x = 1\n" * 401, ["m.py:1: the module has 401 lines, more than 400"]),
        ("# shape: a table\n" + "x = 1\n" * 400, []),
        ("def f():\n" + " x = 1\n" * 49, []),
        ("def f():\n" + " x = 1\n" * 50, ["m.py:1: f has 51 lines, more than 50"]),
        ("def f():  # shape: one table\n" + " x = 1\n" * 50, []),
        ('def f():\n """Says.\n\n Much.\n """\n' + " x = 1\n" * 49, []),
        ("class C:\n async def f(self, a, b, c, *, d, e, f): ...\n", []),
        ("def f(a, *, b, c, d, e, f, g): ...\n", ["m.py:1: f has 7 parameters, more than 6"]),
        ("def f(a, b, c, d): ...\n", ["m.py:1: f takes 4 by position, more than 3"]),
        ("def _f(a, b, c, d): ...\n", []),
        ("def test_f(a, b, c, d, e, f, g): ...\n", []),
        (DEEP.format(block="while e:"), ["m.py:5: f is nested 4 deep here, more than 3"]),
        (DEEP.format(block="while e:  # shape: the format asks for it"), []),
        (DEEP.format(block="def g():"), []),
        ("def f():\n if a: ...\n elif b: ...\n elif c: ...\n elif d: ...\n elif e: ...\n", []),
    ],
)
def test_shape_holds_each_cap(shape: ModuleType, source: str, faults: list[str]) -> None:
    assert list(shape.shape_of(source, "m.py").faults) == faults


def test_shape_lists_the_largest_and_fails_on_a_fault(
    shape: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "small.py").write_text("def little():\n    pass\n")
    assert shape.main([str(tmp_path)]) == 0
    (tmp_path / "large.py").write_text("def much():\n" + "    x = 1\n" * 60)
    assert shape.main([str(tmp_path)]) == 1

    printed = capsys.readouterr().out
    assert f"largest functions:\n    61  {tmp_path}/large.py:1 much\n     2  {tmp_path}/small.py:1 little\n" in printed
    assert printed.endswith("large.py:1: much has 61 lines, more than 50\n")
