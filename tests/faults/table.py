"""What breaks, what the user sees of it, and what is kept: the table of the README, with the tests that hold each row.

Tests are named as in `tests/faults/`, or by their path below `tests/`.
"""

from __future__ import annotations

from dataclasses import dataclass

_SITE = "test_site_faults.py::test_a_fault_ends_as_is_owed"
_KEPT_PAGE = "browser/visits/test_kept_page.py"
_NOTHING_PAYS = f"{_KEPT_PAGE}::test_a_page_that_is_held_or_dies_after_its_visit_costs_the_next_nothing"
_KILLED = "test_browser_faults.py::test_a_killed_process_costs_no_page_and_no_attempt"


@dataclass(frozen=True)
class Row:
    """One row of the table."""

    fault: str
    seen: str
    """The error of the result and who is blamed; or that it is none."""
    kept: str
    tests: tuple[str, ...]
    routes: tuple[str, ...] = ()
    """Of the fault site, whose outcomes `testing.site_outcomes` states."""

    def line(self) -> str:
        """As Markdown."""
        return f"| {self.fault} | {self.seen} | {self.kept} |"


ROWS = (
    Row(
        "the browser is killed",
        "nothing; `BrowserCrashed` (browser) where it dies three times with one page",
        "every page: all are visited again in a new one, uncharged, the suspects one at a time",
        (_KILLED, "test_browser_faults.py::test_a_page_that_kills_its_browser_is_given_up_and_those_beside_it_are_had"),
    ),
    Row(
        "Playwright's driver is killed",
        "nothing; the attempt says `BrowserCrashed` (driver)",
        "the same; its death is found by a question, as Playwright goes on saying it is connected",
        (_KILLED, "browser/test_pool.py::test_a_killed_driver_is_replaced_too"),
    ),
    Row(
        "a renderer crashes, or is out of memory",
        "`PageCrashed` (renderer), after three attempts",
        "the browser and its other pages",
        (_SITE, "test_browser_faults.py::test_a_killed_renderer_costs_its_page_an_attempt_and_nobody_the_browser"),
        ("/memory-loop", "/nested-by-script?levels=5000"),
    ),
    Row(
        "a script loops for ever",
        "`NavigationTimeout`, `ReadyTimeout` (site), at the deadline",
        "the slot; the next page gets another renderer",
        (_SITE,),
        ("/busy-loop", "/write-loop"),
    ),
    Row(
        "a loop that begins after the visit, or as the page is left",
        "nothing",
        "the page; the next visit notices and takes another one",
        (_NOTHING_PAYS, _SITE),
        ("/unload-loop", "/before-unload-loop"),
    ),
    Row(
        "alerts without end",
        "`FetchTimeout` (site), at the eleventh",
        "their texts, in `dialogs`",
        (_SITE,),
        ("/alert-loop",),
    ),
    Row(
        "dialogs, `beforeunload`, printing",
        "nothing: dismissed, and left all the same",
        "the page",
        (_SITE, "browser/visits/test_visit.py::test_the_page_after_one_that_asks_to_stay_is_reached"),
        ("/dialogs", "/before-unload", "/print-loop"),
    ),
    Row(
        "a storm of windows",
        "nothing: five live at once, the rest is closed at birth",
        "the page, their addresses in `popups`",
        (_SITE, "browser/visits/test_visit.py::test_a_storm_of_windows_is_closed"),
        ("/window-open-storm",),
    ),
    Row(
        "a page that can't be closed, or reloads meanwhile",
        "nothing: its context is closed",
        "the slot; other pages of the context are visited again",
        (
            "test_browser_faults.py::test_pages_that_are_closed_while_they_reload_all_end",
            "test_browser_faults.py::test_a_page_whose_close_hangs_keeps_no_slot_and_goes_with_its_context",
        ),
    ),
    Row(
        "writes, polls or fetches for ever; open WebSocket, EventSource",
        "nothing; `ready.met` is False where it never was quiet",
        "the page as it stands at the cap, or before the deadline",
        (_SITE, "browser/visits/test_large_pages.py::test_what_is_there_before_a_short_deadline_is_read"),
        ("/write-forever", "/fetch-forever", "/event-source", "/socket", "/never-quiet", "/never-idle"),
    ),
    Row(
        "a service worker",
        "nothing: blocked, unless `service_workers` allows it",
        "the site's own answer",
        (_SITE, "crawling/test_session_isolation.py::test_service_workers_are_a_sessions_own"),
        ("/service-worker",),
    ),
    Row(
        "html beyond `max_html_bytes` (64 MB), or without an end",
        "`PageTooLarge` (site), once, as soon as that shows",
        "memory",
        (
            _SITE,
            "browser/visits/test_large_pages.py::test_a_page_without_an_end_is_given_up_at_the_limit_and_not_at_the_deadline",
        ),
        ("/big?bytes=100000000", "/flood"),
    ),
    Row(
        "200,000 elements, 5,000 links, 5,000 levels, 10 MB",
        "nothing",
        "all of it (Chromium's parser makes 512 levels of any number)",
        (_SITE, "test_large_content.py::test_a_page_of_any_shape_is_read_and_its_content_made"),
        ("/many-links?count=5000", "/many-nodes?count=20000", "/nested?levels=5000"),
    ),
    Row(
        "no answer, a body that stops or drips for ever",
        "`NavigationTimeout` (site), after two attempts",
        "the html that had come",
        (_SITE,),
        ("/hang-headers", "/hang-body", "/endless-body", "/drip?bytes=200&interval=1.5"),
    ),
    Row(
        "refused, reset, closed without an answer",
        "`ConnectionFailed` (site), after three attempts",
        "-",
        (_SITE, "browser/visits/test_visit.py::test_refused_connection_and_unknown_host_are_told_apart"),
        ("/drop", "/reset"),
    ),
    Row(
        "cut short: reset, wrong length, cut chunk, bad gzip",
        "`NavigationError` (site), at once, after three attempts",
        "status and headers; never taken for a page",
        (_SITE,),
        ("/reset-body", "/truncated", "/cut-chunk", "/bad-gzip"),
    ),
    Row(
        "gzip that ends early under a true length, bytes beyond the length",
        "nothing: no browser tells",
        "what could be unpacked",
        (_SITE,),
        ("/cut-gzip", "/overlong"),
    ),
    Row(
        "a wrong charset",
        "nothing",
        "the page as a browser shows it; `charset` says which was used",
        (_SITE,),
        ("/wrong-charset",),
    ),
    Row(
        "no HTTP, a header of 500 KB",
        "`NavigationError` (site)",
        "-",
        (_SITE,),
        ("/bad-status-line", "/huge-header"),
    ),
    Row(
        "redirects without end: HTTP, meta, script",
        "`TooManyRedirects` (site), once",
        "the hops, in `redirects`",
        (_SITE,),
        ("/redirect-loop", "/meta-refresh-loop", "/script-redirect-loop"),
    ),
    Row("204", "nothing", "status and headers; `html` is None", (_SITE,), ("/204",)),
    Row(
        "a download where a page should be",
        "nothing; `DownloadError` (site) where it breaks off, `HttpStatusError` for a 404",
        "the file and its record",
        (_SITE,),
        ("/page-as-file", "/page-as-bytes", "/download/truncated", "/download/endless", "/download/missing"),
    ),
    Row(
        "broken TLS; a port that says nothing",
        "`TlsError`, once; `NavigationTimeout` (site)",
        "-",
        (
            "test_connection_faults.py::test_broken_tls_is_the_sites_fault_and_tried_once",
            "test_connection_faults.py::test_a_port_that_never_answers_a_handshake_costs_its_deadline",
        ),
    ),
    Row("no such host", "`NameNotResolved` (site), after two attempts", "-", (_SITE,), ("http://name.invalid/",)),
    Row(
        "a hook, extractor or `on_result` of yours raises",
        "`HookFailed`, `ExtractError` (user), for its page alone",
        "the page, as far as it had been had",
        ("test_user_faults.py::test_a_users_function_that_raises_fails_its_own_page_and_is_blamed",),
    ),
    Row(
        "an observer of yours raises",
        "a line in the log",
        "everything",
        (
            "test_user_faults.py::test_a_users_function_that_raises_fails_its_own_page_and_is_blamed",
            "crawling/test_crawler.py::test_an_observer_that_raises_harms_nobody",
        ),
    ),
    Row(
        "a sink that can't write, a database that is full",
        "`SinkError`, `StorageError` (machine) is raised",
        "what was written; the rest comes again when the crawl is resumed",
        (
            "crawling/test_run_endings.py::test_a_sink_that_fails_stops_the_crawl_and_nothing_is_lost",
            "storage/test_database.py::test_a_full_disk_is_said_and_what_was_committed_is_intact",
        ),
    ),
    Row(
        "a cancel, at any stop",
        "the cancel",
        "no page, context or slot is left within a second",
        (
            "test_cancelled.py::test_a_visit_cancelled_at_a_stop_leaves_nothing",
            "test_cancelled.py::test_who_waits_for_robots_is_cancelled_and_leaves_nothing",
            "test_cancelled.py::test_who_waits_for_a_page_or_content_is_cancelled_and_leaves_nothing",
            "test_cancelled.py::test_visits_cancelled_at_sixty_moments_leave_nothing",
        ),
    ),
    Row(
        "Ctrl-C, SIGTERM, SIGHUP, also to the whole group",
        "exit codes 130, 143, 129",
        "the pages under way are finished; at a second one, what was written",
        (
            "test_signals.py::test_a_signal_to_all_ends_the_crawl_with_its_code_and_leaves_nothing",
            "cli/test_processes.py::test_one_interrupt_lets_the_visits_under_way_finish",
            "cli/test_interrupts.py::test_the_first_signal_asks_for_an_end_and_the_block_goes_on",
        ),
    ),
    Row(
        "SIGKILL",
        "-",
        "what was written; with `state_dir` the rest, once, when resumed; no process is left",
        (
            "test_signals.py::test_a_killed_crawl_leaves_no_process_and_what_it_has_written",
            "crawling/test_killed_crawl.py::test_twenty_kills_at_any_moment_lose_no_page_and_none_is_fetched_after_it_was_done",
        ),
    ),
    Row(
        "no file handles, no room for temporary files",
        "`LaunchFailed` (machine) is raised; nothing where it fills up later",
        "what was had; no scratch is left",
        (
            "test_machine_faults.py::test_a_crawl_without_file_handles_says_that_the_machine_is_to_blame",
            "test_machine_faults.py::test_a_temp_folder_without_room_at_the_start_says_that_the_machine_is_to_blame",
            "test_machine_faults.py::test_a_temp_folder_that_fills_up_later_disturbs_no_page",
        ),
    ),
)

HEAD = ("| what breaks | what you see | what is kept |", "|---|---|---|")


def table() -> str:
    """As it stands in the README."""
    return "\n".join([*HEAD, *(row.line() for row in ROWS)])
