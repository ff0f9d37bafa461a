"""The login application of the bundled site: members' pages that show, by script, who is signed in.

    with serve_fixture_site(folder) as site:
        members = install_members(site, folder)
        ...  # sign in at site.url("/members/login"), visit site.url("/members/cookie/1")
        assert members.sign_in_count("alice") == 1

A member's password is the name backwards. Pages are `/members/STORE/N`, where STORE says what keeps the proof of who is
signed in: `cookie` (by a form with a CSRF token), `local` (localStorage), `indexed` (IndexedDB), `tab` (sessionStorage)
or `basic` (HTTP Basic).
"""

from __future__ import annotations

import base64
import secrets
from collections import Counter
from html import escape
from pathlib import Path
from string import Template
from urllib.parse import parse_qs, quote

from crawl4ai_browser.testing.site_behaviours import with_cookie
from crawl4ai_browser.testing.site_requests import Hit
from crawl4ai_browser.testing.site_responses import Response
from crawl4ai_browser.testing.site_server import SiteServer

_CHALLENGE = (("WWW-Authenticate", 'Basic realm="Hollowfell members"'),)

STORES = ("cookie", "local", "indexed", "tab", "basic")


def password_of(name: str) -> str:
    """The password of the member of that name."""
    return name[::-1]


class Members:
    """Who is signed in, and what has been asked for in whose name. Tests may look and sign out from another thread."""

    def __init__(self, folder: Path) -> None:
        self._login = _template(folder, "login")
        self._token_login = _template(folder, "token-login")
        self._entry = _template(folder, "entry")
        self._script = (folder / "members" / "members.js").read_bytes()
        self._names: dict[str, str] = {}
        """Of members, by the proof that was given to them."""
        self._uses: Counter[str] = Counter()
        """Of proofs, in answers to whom they belong."""
        self._sign_ins: Counter[str] = Counter()
        self.expires_after: int | None = None
        """Uses after which a proof is good for nothing."""
        self.denial_status: int | None = None
        """Answered to who asks for a `cookie` page and is not signed in. None: a redirect to the login page."""
        self.accepts_sign_ins = True
        """Whether anybody can sign in."""

    # --- for tests

    def sign_in_count(self, name: str | None = None) -> int:
        """How often a member, or all together, have signed in."""
        return self._sign_ins.total() if name is None else self._sign_ins[name]

    def sign_out(self, name: str | None = None) -> None:
        """Take back the proofs of a member, or all."""
        for proof in [proof for proof, holder in list(self._names.items()) if name in (None, holder)]:
            del self._names[proof]

    # --- routes

    def install(self, site: SiteServer) -> None:
        """Answer everything below `/members/`."""
        site.route("/members/*", Response.text("404 Not Found", status=404))
        script = Response(headers=(("Content-Type", "text/javascript"),), body=self._script)
        site.route("/members/members.js", script)
        site.route("/members/login", self._at_login)
        site.route("/members/token-login/*", self._at_token_login)
        site.route("/members/api/token", self._give_token)
        site.route("/members/api/me", self._who_asks)
        site.route("/members/basic/*", self._at_basic)
        for store in ("local", "indexed", "tab"):
            site.route(f"/members/{store}/*", self._at_open_entry)
        site.route("/members/cookie/*", self._at_closed_entry)

    def _at_login(self, hit: Hit) -> Response:
        if hit.method != "POST":
            return self._login_form(hit.parameter("next", "/members/cookie/1"))
        form = _form(hit)
        if not form.get("csrf") or form["csrf"] != hit.cookies().get("csrf"):
            return self._login_form(form.get("next", ""), message="This form is too old.", status=403)
        if not self._is_member(form):
            return self._login_form(form.get("next", ""), message="That is not a member's name and password.")
        to = form.get("next") or "/members/cookie/1"
        return with_cookie(
            Response.redirect(to, status=303), "member", self._sign_in(form), attributes="Path=/; HttpOnly"
        )

    def _login_form(self, following: str, *, message: str = "", status: int = 200) -> Response:
        csrf = secrets.token_hex(8)
        page = Response.html(self._login.substitute(csrf=csrf, next=escape(following), message=message), status=status)
        return with_cookie(page, "csrf", csrf, attributes="Path=/members/login; HttpOnly; SameSite=Strict")

    def _at_token_login(self, hit: Hit) -> Response:
        return Response.html(self._token_login.substitute(store=hit.path.rpartition("/")[2]))

    def _give_token(self, hit: Hit) -> Response:
        form = _form(hit)
        if not self._is_member(form):
            return Response.json({"error": "no member"}, status=403)
        return Response.json({"token": self._sign_in(form)})

    def _who_asks(self, hit: Hit) -> Response:
        bearer = hit.headers.get("authorization", "").removeprefix("Bearer ")
        by_password = _basic_member(hit)
        name = by_password or self._use(bearer or hit.cookies().get("member", ""))
        challenge = _CHALLENGE if hit.parameter("at").startswith("/members/basic/") else ()
        return (
            Response.json({"name": name}) if name else Response.json({"error": "who?"}, status=401, headers=challenge)
        )

    def _at_basic(self, hit: Hit) -> Response:
        if _basic_member(hit) is None:
            return Response.html("<h1>Members alone</h1>", status=401, headers=_CHALLENGE)
        return self._at_open_entry(hit)

    def _at_closed_entry(self, hit: Hit) -> Response:
        if hit.cookies().get("member", "") in self._names:
            return self._at_open_entry(hit)
        if self.denial_status is not None:
            return Response.html("<h1>Members alone</h1>", status=self.denial_status)
        return Response.redirect(f"/members/login?next={quote(hit.path)}")

    def _at_open_entry(self, hit: Hit) -> Response:
        store, _, number = hit.path.removeprefix("/members/").partition("/")
        if not number.isdecimal():
            return Response.text("404 Not Found", status=404)
        # Basic credentials go with the script's own requests too, so its store keeps nothing, as that of cookies.
        store_of_script = "cookie" if store == "basic" else store
        page = self._entry.substitute(store=store_of_script, number=number, following=int(number) + 1)
        return Response.html(page, headers=(("Cache-Control", "no-store"),))

    # --- proofs

    def _is_member(self, form: dict[str, str]) -> bool:
        name = form.get("name", "")
        return self.accepts_sign_ins and bool(name) and form.get("password") == password_of(name)

    def _sign_in(self, form: dict[str, str]) -> str:
        proof = secrets.token_hex(16)
        self._names[proof] = form["name"]
        self._sign_ins[form["name"]] += 1
        return proof

    def _use(self, proof: str) -> str | None:
        self._uses[proof] += 1
        if self.expires_after is not None and self._uses[proof] > self.expires_after:
            self._names.pop(proof, None)
        return self._names.get(proof)


def install_members(site: SiteServer, folder: Path) -> Members:
    """The login application on a site whose folder is that of the bundled one."""
    members = Members(folder)
    members.install(site)
    return members


def _template(folder: Path, name: str) -> Template:
    return Template((folder / "members" / f"{name}.html").read_text(encoding="utf-8"))


def _form(hit: Hit) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(hit.body.decode(), keep_blank_values=True).items()}


def _basic_member(hit: Hit) -> str | None:
    """The member whose name and password the request carries (RFC 7617)."""
    kind, _, encoded = hit.headers.get("authorization", "").partition(" ")
    if kind != "Basic":
        return None
    name, _, password = base64.b64decode(encoded).decode().partition(":")
    return name if name and password == password_of(name) else None
