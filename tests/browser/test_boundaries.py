"""What a page can't leave by, beside the network: schemes, programs of the machine, permissions, extensions."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import anyio
import psutil
import pytest

from crawl4ai_browser.browser.browser_fetcher import BrowserFetcher
from crawl4ai_browser.browser.pool import BrowserPool
from crawl4ai_browser.browser.provisioning.discovery import BrowserKind
from crawl4ai_browser.errors import FetchError
from crawl4ai_browser.ready import Delay
from crawl4ai_browser.request import Request
from crawl4ai_browser.snapshot import Snapshot
from crawl4ai_browser.testing.site import Response, SiteServer
from tests.browser.downloading import config_for, is_there, opened_pool

OPENERS = ("xdg-open", "xdg-mail", "gio", "gvfs-open", "kde-open5", "gnome-open", "sensible-browser", "open")
"""Programs that browsers on Linux hand a URL to."""

SCHEMES = ("file", "view-source", "chrome", "chrome-extension", "ftp", "mailto", "canary")


@pytest.fixture(scope="module", params=["headless_shell", "full"])
def kind(request: pytest.FixtureRequest) -> BrowserKind:
    wanted: BrowserKind = request.param
    if not is_there(wanted):
        pytest.skip(f"needs a {wanted} browser: scripts/setup-test-tools installs it")
    return wanted


@pytest.fixture(scope="module")
def opened_programs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The file in which the machine's openers, which are ours for the time, write what they are called with."""
    folder = tmp_path_factory.mktemp("openers")
    log = folder / "log"
    for name in OPENERS:
        program = folder / name
        program.write_text(f'#!/bin/sh\necho "{name} $*" >> {log}\n')
        program.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
        yield log


@pytest.fixture(scope="module")
def canary_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of this machine that nobody may see."""
    file = tmp_path_factory.mktemp("private") / "canary.html"
    file.write_text("<title>private</title><p>canary of the machine</p>")
    return file


@pytest.fixture(scope="module")
def leading(canary_file: Path) -> Iterator[SiteServer]:
    """A site that leads out of the web in every way there is."""
    with SiteServer() as site:
        for scheme in SCHEMES:
            url = target_of(scheme, canary_file)
            site.route(f"/redirect/{scheme}", Response.redirect(url))
            site.route(f"/meta/{scheme}", Response.html(f"<meta http-equiv=refresh content='0;url={url}'><p>here</p>"))
            site.route(f"/script/{scheme}", Response.html(f"<p>here</p><script>location = '{url}'</script>"))
            frame = f"<iframe src='{url}'></iframe><object data='{url}'></object><embed src='{url}'>"
            window = f"<script>window.open('{url}')</script>"
            fetched = f"<script>fetch('{url}').then(x => x.text()).then(x => document.body.append(x))</script>"
            site.route(f"/within/{scheme}", Response.html(f"<p>here</p>{frame}{window}{fetched}"))
        site.route("/asks", Response.html(f"<pre id=out></pre><script>{ASKS}</script>"))
        yield site


def target_of(scheme: str, file: Path) -> str:
    match scheme:
        case "file":
            return file.as_uri()
        case "view-source":
            return f"view-source:{file.as_uri()}"
        case "chrome":
            return "chrome://version/"
        case _:
            return f"{scheme}:canary@example.com"


@pytest.fixture(scope="module")
async def pool(
    kind: BrowserKind, opened_programs: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[BrowserPool]:
    del opened_programs
    async with opened_pool(kind, config_for(tmp_path_factory.mktemp("files"))) as opened:
        yield opened


async def outcome(pool: BrowserPool, url: str) -> Snapshot | None:
    config = config_for(Path())
    visit = config.visit.model_copy(update={"ready": Delay(seconds=0.3)})
    try:
        return await BrowserFetcher(pool, config).fetch(Request(url=url, visit=visit))
    except FetchError as error:
        return error.snapshot


@pytest.mark.parametrize("way", ["redirect", "meta", "script", "within"])
async def test_no_page_leads_out_of_the_web(
    way: str, pool: BrowserPool, leading: SiteServer, opened_programs: Path
) -> None:
    seen: dict[str, Snapshot | None] = {}

    async def visit(scheme: str) -> None:
        seen[scheme] = await outcome(pool, leading.url(f"/{way}/{scheme}"))

    async with anyio.create_task_group() as visits:
        for scheme in SCHEMES:
            visits.start_soon(visit, scheme)
    for scheme, snapshot in seen.items():
        if snapshot is not None:
            assert "canary of the machine" not in (snapshot.html or ""), scheme
            assert snapshot.final_url.startswith(("http://127.0.0.1:", "chrome-error:")), scheme
    assert called_programs(opened_programs) == []


def called_programs(log: Path) -> list[str]:
    return log.read_text().splitlines() if log.exists() else []


ASKS = """
const soon = (promise) => Promise.race([promise, new Promise(done => setTimeout(done, 800, "nothing"))]);
const said = (promise) => soon(promise.then(() => "granted", error => error.name || "refused"));
const position = () => new Promise((yes, no) => navigator.geolocation.getCurrentPosition(yes, no));
const asked = {
  geolocation: position,
  camera: () => navigator.mediaDevices.getUserMedia({video: true}),
  microphone: () => navigator.mediaDevices.getUserMedia({audio: true}),
  screen: () => navigator.mediaDevices.getDisplayMedia(),
  clipboard: () => navigator.clipboard.readText(),
  notifications: () => Notification.requestPermission().then(x => x === "granted" ? x : Promise.reject({name: x})),
  midi: () => navigator.requestMIDIAccess({sysex: true}),
  bluetooth: () => navigator.bluetooth.requestDevice({acceptAllDevices: true}),
  usb: () => navigator.usb.requestDevice({filters: []}),
  serial: () => navigator.serial.requestPort(),
  hid: () => navigator.hid.requestDevice({filters: []}),
  files: () => window.showOpenFilePicker(),
};
(async () => {
  const found = {};
  await Promise.all(Object.entries(asked).map(async ([name, ask]) => {
    try { found[name] = await said(ask()) } catch (error) { found[name] = error.name }
  }));
  document.getElementById("out").textContent = JSON.stringify(found);
})();
"""


async def test_a_page_is_granted_nothing(pool: BrowserPool, leading: SiteServer) -> None:
    config = config_for(Path())
    visit = config.visit.model_copy(update={"ready": Delay(seconds=1.5)})
    snapshot = await BrowserFetcher(pool, config).fetch(Request(url=leading.url("/asks"), visit=visit))
    html = snapshot.html or ""
    found = json.loads(html.partition('id="out">')[2].partition("</pre>")[0])
    assert len(found) == 12
    assert [name for name, said in found.items() if said == "granted"] == []


async def test_browsers_run_without_extensions_and_with_every_check(pool: BrowserPool) -> None:
    lines = [process.cmdline() for process in psutil.Process().children(recursive=True) if is_browser(process)]
    assert lines
    for line in lines:
        assert "--disable-extensions" in line, line
        dangerous = ("--disable-web-security", "--ignore-certificate-errors", "--load-extension", "--allow-file-access")
        # Debian's own start script passes an empty list of extensions.
        assert [each for each in line if each.startswith(dangerous) and each != "--load-extension="] == []
        assert ("--no-sandbox" in line) == (os.geteuid() == 0)


def is_browser(process: psutil.Process) -> bool:
    line = process.cmdline()
    return "--remote-debugging-pipe" in line and not any(argument.startswith("--type=") for argument in line)
