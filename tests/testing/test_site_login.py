from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from urllib.parse import urlencode

import pytest

from crawl4ai_browser.testing.site import Members, SiteServer, install_members, password_of

FOLDER = Path(__file__).parents[2] / "fixtures" / "site"


@pytest.fixture
def site() -> Iterator[SiteServer]:
    with SiteServer(FOLDER) as server:
        yield server
        assert server.handler_errors == []


@pytest.fixture
def members(site: SiteServer) -> Members:
    return install_members(site, FOLDER)


def ask(site: SiteServer, path: str, form: dict[str, str] | None = None, **headers: str) -> tuple[HTTPResponse, str]:
    with closing(HTTPConnection("127.0.0.1", site.port, timeout=5)) as connection:
        body = urlencode(form) if form is not None else None
        connection.request("GET" if form is None else "POST", path, body=body, headers=headers)
        response = connection.getresponse()
        return response, response.read().decode()


def csrf_of(site: SiteServer) -> str:
    _, page = ask(site, "/members/login")
    found = re.search(r'name="csrf" value="(\w+)"', page)
    assert found is not None
    return found[1]


def sign_in(site: SiteServer, name: str, **changes: str) -> HTTPResponse:
    csrf = csrf_of(site)
    form = {"name": name, "password": password_of(name), "csrf": csrf, "next": "/members/cookie/2", **changes}
    return ask(site, "/members/login", form, Cookie=f"csrf={csrf}")[0]


def test_the_form_signs_in_with_its_token_and_password_alone(site: SiteServer, members: Members) -> None:
    right = sign_in(site, "ann")
    assert (right.status, right.getheader("Location")) == (303, "/members/cookie/2")
    assert "HttpOnly" in (right.getheader("Set-Cookie") or "")
    assert sign_in(site, "ann", csrf="another").status == 403
    assert sign_in(site, "ann", password="ann!").status == 200
    assert members.sign_in_count("ann") == members.sign_in_count() == 1


def test_a_page_says_nothing_before_its_script_has_asked(site: SiteServer, members: Members) -> None:
    proof = str(sign_in(site, "ann").getheader("Set-Cookie")).partition(";")[0]
    response, page = ask(site, "/members/cookie/7", Cookie=proof)
    assert response.status == 200
    assert "Log entry 7" in page
    assert "ann" not in page
    assert json.loads(ask(site, "/members/api/me", Cookie=proof)[1]) == {"name": "ann"}
    members.sign_out("ann")
    assert ask(site, "/members/api/me", Cookie=proof)[0].status == 401
    away, _ = ask(site, "/members/cookie/7", Cookie=proof)
    assert (away.status, away.getheader("Location")) == (302, "/members/login?next=/members/cookie/7")
    members.denial_status = 403
    assert ask(site, "/members/cookie/7", Cookie=proof)[0].status == 403


def test_a_proof_expires_after_its_uses(site: SiteServer, members: Members) -> None:
    members.expires_after = 2
    token = json.loads(ask(site, "/members/api/token", {"name": "ann", "password": "nna"})[1])["token"]
    answers = [ask(site, "/members/api/me", Authorization=f"Bearer {token}")[0].status for _ in range(3)]
    assert answers == [200, 200, 401]


def test_basic_credentials_are_a_name_and_its_password(site: SiteServer, members: Members) -> None:
    del members
    for password, status in (("nna", 200), ("ann", 401)):
        encoded = base64.b64encode(f"ann:{password}".encode()).decode()
        assert ask(site, "/members/basic/1", Authorization=f"Basic {encoded}")[0].status == status
    challenge = ask(site, "/members/basic/1")[0].getheader("WWW-Authenticate")
    assert challenge == 'Basic realm="Hollowfell members"'


def test_nobody_signs_in_when_nobody_may(site: SiteServer, members: Members) -> None:
    members.accepts_sign_ins = False
    assert sign_in(site, "ann").status == 200
    assert ask(site, "/members/api/token", {"name": "ann", "password": "nna"})[0].status == 403
    assert members.sign_in_count() == 0
