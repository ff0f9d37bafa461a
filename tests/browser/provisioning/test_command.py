"""How other programs are run to their end."""

from __future__ import annotations

import psutil

from crawl4ai_browser.browser.provisioning.command import CommandOutcome, run_command


def test_outcome_has_both_streams_in_order() -> None:
    outcome = run_command(("sh", "-c", "echo one; echo two >&2; echo $WORD"), timeout=5, environment={"WORD": "three"})

    assert outcome == CommandOutcome(exit_code=0, output="one\ntwo\nthree\n")
    assert outcome.succeeded


def test_exit_code_is_told() -> None:
    outcome = run_command(("sh", "-c", "exit 7"), timeout=5)

    assert (outcome.exit_code, outcome.succeeded, outcome.last_lines) == (7, False, "it printed nothing")


def test_program_that_is_not_there_is_told() -> None:
    outcome = run_command(("no-such-program-here",), timeout=5)

    assert outcome == CommandOutcome(exit_code=None, output="no-such-program-here: No such file or directory")


def test_program_that_asks_finds_no_answer() -> None:
    assert run_command(("sh", "-c", "read answer || echo nobody"), timeout=5).output == "nobody\n"


def test_late_program_is_killed_with_its_children() -> None:
    outcome = run_command(("sh", "-c", "echo started; sleep 61 & sleep 62"), timeout=0.3)

    assert outcome.exit_code is None
    assert outcome.last_lines == "started\nnot done after 0 s, so it was stopped"
    assert [child for child in psutil.Process().children(recursive=True) if "sleep" in child.cmdline()] == []


def test_last_lines_leave_out_colours_repetitions_and_stack_traces() -> None:
    outcome = run_command(
        ("printf", r"\033[31mError: refused\033[0m\n    at connect (node:net:1)\n\nError: refused\nlast\n"), timeout=5
    )

    assert outcome.last_lines == "Error: refused\nlast"


def test_last_lines_are_the_last() -> None:
    assert run_command(("seq", "100"), timeout=5).last_lines.splitlines() == [str(n) for n in range(86, 101)]
