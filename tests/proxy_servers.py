"""Proxies for tests: real ones from Debian, each with a log of its own, and ones that fail in a given way."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import socket
import struct
import subprocess
import tempfile
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Generator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

LOOPBACK = "127.0.0.1"
START_SECONDS = 10.0

_URL_IN_LOG = re.compile(r"https?://\S+|(?<=CONNECT )\S+")


@dataclass
class ProxyServer:
    """A proxy that runs."""

    scheme: str
    port: int
    log: Path
    process: subprocess.Popen[bytes]
    user: str = ""
    """`name:password@`, where it asks for one."""

    @property
    def url(self) -> str:
        """As `Proxy.parse` takes it."""
        return f"{self.scheme}://{self.user}{LOOPBACK}:{self.port}"

    @property
    def id(self) -> str:
        """As results name it, where it has no user."""
        return f"{self.scheme}://{LOOPBACK}:{self.port}"

    def lines(self) -> list[str]:
        """What it has logged."""
        return self.log.read_text(encoding="utf-8", errors="replace").splitlines() if self.log.exists() else []

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()
        self.process.wait()


def required(program: str, package: str) -> str:
    """The path of a program; skips the test where it is missing."""
    for folder in (*os.environ.get("PATH", "").split(os.pathsep), "/usr/sbin", "/sbin"):
        found = shutil.which(program, path=folder)
        if found is not None:
            return found
    pytest.skip(f"needs {program}, of Debian's {package}: scripts/setup-test-tools installs it")


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with closing(socket.socket()) as listener:
        listener.bind((LOOPBACK, 0))
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def squid(
    users: Mapping[str, str] | None = None, *, tunnels_anywhere: bool = True, leaves_from: str = LOOPBACK
) -> Generator[ProxyServer]:
    """Squid. `users`: who may use it, with their passwords. Without `tunnels_anywhere` as it comes: to port 443.

    `leaves_from`: the address that targets see, of those that loopback has.
    """
    program = required("squid", "squid")
    with _folder("proxy") as folder:
        port, log = free_port(), folder / "access.log"
        config = [
            f"http_port {LOOPBACK}:{port}",
            "logformat plain %un %rm %ru %>Hs",
            f"access_log stdio:{log} plain",
            f"cache_log {folder}/cache.log",
            f"coredump_dir {folder}",
            "pid_filename none",
            "cache deny all",
            "pinger_enable off",
            "shutdown_lifetime 0 seconds",
            "buffered_logs off",
            f"tcp_outgoing_address {leaves_from}",
        ]
        if users:
            checker = folder / "users"
            known = " ".join(f'"{user} {password}"' for user, password in users.items())
            checker.write_text(
                f'#!/bin/sh\nwhile read -r given; do\nanswer=ERR\nfor known in {known}; do [ "$given" = "$known" ] &&'
                " answer=OK; done\necho $answer\ndone\n"
            )
            checker.chmod(0o755)
            config += [f"auth_param basic program {checker}", "acl known proxy_auth REQUIRED"]
        if not tunnels_anywhere:
            config += ["acl tunnel method CONNECT", "acl tls port 443", "http_access deny tunnel !tls"]
        config += ["http_access allow known" if users else "http_access allow all", "http_access deny all"]
        (folder / "squid.conf").write_text("\n".join(config) + "\n")
        command = [program, "-N", "-f", str(folder / "squid.conf"), "-n", f"test{port}"]
        with _running(command, port, folder, is_slow_to_end=True) as process:
            yield ProxyServer("http", port, log, process, _first(users))


@contextmanager
def tinyproxy(
    users: Mapping[str, str] | None = None,
    *,
    port: int = 0,
    header: tuple[str, str] | None = None,
    leaves_from: str = LOOPBACK,
) -> Generator[ProxyServer]:
    """Tinyproxy. `port` 0: a free one. `header` is added to what it sends on, if that is not in a tunnel."""
    program = required("tinyproxy", "tinyproxy")
    with _folder() as folder:
        port, log = port or free_port(), folder / "tinyproxy.log"
        config = [f"Port {port}", f"Listen {LOOPBACK}", "Timeout 60", "MaxClients 100", f"Allow {LOOPBACK}"]
        config += [f'LogFile "{log}"', "LogLevel Connect", "DisableViaHeader Yes", f"Bind {leaves_from}"]
        config += [f"BasicAuth {user} {password}" for user, password in (users or {}).items()]
        config += [f'AddHeader "{header[0]}" "{header[1]}"'] if header else []
        (folder / "tinyproxy.conf").write_text("\n".join(config) + "\n")
        with _running([program, "-d", "-c", str(folder / "tinyproxy.conf")], port, folder) as process:
            yield ProxyServer("http", port, log, process, _first(users))


@contextmanager
def microsocks(users: Mapping[str, str] | None = None, *, leaves_from: str = LOOPBACK) -> Generator[ProxyServer]:
    """Microsocks, for SOCKS5 with or without one user."""
    program = required("microsocks", "microsocks")
    with _folder() as folder:
        port = free_port()
        command = [program, "-i", LOOPBACK, "-p", str(port), "-b", leaves_from]
        for user, password in (users or {}).items():
            command += ["-u", user, "-P", password]
        with _running(command, port, folder) as process:
            yield ProxyServer("socks5", port, folder / "output", process, _first(users))


@contextmanager
def dante(*, leaves_from: str = LOOPBACK) -> Generator[ProxyServer]:
    """Dante, for SOCKS5 without a user: it would take those of the system."""
    program = required("danted", "dante-server")
    with _folder() as folder:
        port = free_port()
        owner = pwd.getpwuid(os.getuid()).pw_name
        (folder / "danted.conf").write_text(
            f"logoutput: stderr\ninternal: {LOOPBACK} port = {port}\nexternal: {leaves_from}\n"
            f"clientmethod: none\nsocksmethod: none\nuser.privileged: {owner}\nuser.unprivileged: {owner}\n"
            "client pass { from: 0/0 to: 0/0 }\nsocks pass { from: 0/0 to: 0/0\n log: connect }\n"
        )
        command = [program, "-f", str(folder / "danted.conf"), "-p", str(folder / "pid")]
        with _running(command, port, folder) as process:
            yield ProxyServer("socks5", port, folder / "output", process)


def urls_in(lines: list[str]) -> list[str]:
    """The URLs, and targets of tunnels, in an HTTP proxy's log."""
    return [match.group() for line in lines if (match := _URL_IN_LOG.search(line))]


def _first(users: Mapping[str, str] | None) -> str:
    return next((f"{user}:{password}@" for user, password in (users or {}).items()), "")


@contextmanager
def _folder(user: str | None = None) -> Generator[Path]:
    """A folder that a proxy can write to which gives up being root."""
    path = Path(tempfile.mkdtemp(prefix="c4b-proxy-", dir="/tmp"))
    try:
        path.chmod(0o755)
        if user is not None and os.getuid() == 0:
            with suppress(KeyError):
                os.chown(path, pwd.getpwnam(user).pw_uid, -1)
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _running(
    command: list[str], port: int, folder: Path, *, is_slow_to_end: bool = False
) -> Generator[subprocess.Popen[bytes]]:
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL, cwd=folder)
        try:
            _wait_until_listening(process, port, folder / "output")
            yield process
        finally:
            (process.kill if is_slow_to_end else process.terminate)()
            try:
                process.wait(2)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_listening(process: subprocess.Popen[bytes], port: int, output: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        with closing(socket.socket()) as probe:
            if probe.connect_ex((LOOPBACK, port)) == 0:
                return
        time.sleep(0.02)
    raise RuntimeError(f"{process.args!r} does not listen: {output.read_text(errors='replace')[-2000:]}")


@dataclass
class FailingProxy:
    """A server that takes connections and fails them all in one way."""

    port: int
    connections: int = 0
    heads: list[bytes] = field(default_factory=list[bytes])
    clients: list[socket.socket] = field(default_factory=list[socket.socket])

    @property
    def url(self) -> str:
        """As an HTTP proxy."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def id(self) -> str:
        """As results name it."""
        return self.url


Failure = Callable[[socket.socket, FailingProxy], None]


def answering(answer: bytes) -> Failure:
    """Reads a request and answers this."""

    def fail(client: socket.socket, proxy: FailingProxy) -> None:
        proxy.heads.append(client.recv(65536))
        client.sendall(answer)

    return fail


def resetting(client: socket.socket, proxy: FailingProxy) -> None:
    """Reads a request and resets the connection."""
    proxy.heads.append(client.recv(65536))
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def hanging(client: socket.socket, proxy: FailingProxy) -> None:
    """Reads what comes and never answers."""
    while client.recv(65536):
        pass


def _relaying(users: Mapping[str, str] | None) -> Failure:
    known = {b64encode(f"{user}:{password}".encode()) for user, password in (users or {}).items()}

    def relay(client: socket.socket, proxy: FailingProxy) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            data = client.recv(65536)
            if not data:
                return
            head += data
        proxy.heads.append(head)
        if known and not any(b"Proxy-Authorization: Basic " + each in head for each in known):
            client.sendall(b'HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm="x"\r\nContent-Length: 0\r\n\r\n')
            return
        method, url, _ = head.split(b" ", 2)
        authority = url if method == b"CONNECT" else url.split(b"/")[2]
        host, _, port = authority.decode().partition(":")
        with socket.create_connection((host, int(port or 80)), timeout=60) as target:
            if method == b"CONNECT":
                client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            else:
                path = b"/" + url.split(b"/", 3)[3]
                target.sendall(head.replace(url, path, 1).replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
            _pass_both_ways(client, target)

    return relay


def _pass_both_ways(client: socket.socket, target: socket.socket) -> None:
    def pass_on(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        for each in (source, sink):
            with suppress(OSError):  # shape: both ends, whichever is still there
                each.shutdown(socket.SHUT_RDWR)

    up = threading.Thread(target=pass_on, args=(client, target), daemon=True)
    up.start()
    pass_on(target, client)
    up.join(2)


@contextmanager
def relaying(users: Mapping[str, str] | None = None) -> Generator[FailingProxy]:
    """A plain HTTP proxy in this process, for what must not depend on a program; a connection for each request."""
    with failing(_relaying(users)) as proxy:
        yield proxy


@contextmanager
def failing(failure: Failure) -> Generator[FailingProxy]:
    """A proxy that fails every connection in this way."""
    with closing(socket.create_server((LOOPBACK, 0))) as listener:
        proxy = FailingProxy(listener.getsockname()[1])
        thread = threading.Thread(target=_accept, args=(listener, proxy, failure), daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            for client in proxy.clients:
                with suppress(OSError):  # shape: closed on any way out
                    client.shutdown(socket.SHUT_RDWR)
            thread.join(2)


def _accept(listener: socket.socket, proxy: FailingProxy, failure: Failure) -> None:
    with suppress(OSError):
        while True:
            client, _ = listener.accept()
            proxy.connections += 1
            proxy.clients.append(client)
            threading.Thread(target=_converse, args=(client, proxy, failure), daemon=True).start()


def _converse(client: socket.socket, proxy: FailingProxy, failure: Failure) -> None:
    with client, suppress(OSError):
        failure(client, proxy)


@contextmanager
def dead() -> Generator[FailingProxy]:
    """A port that refuses connections, and stays so: it is bound, but not listened on."""
    with closing(socket.socket()) as holder:
        holder.bind((LOOPBACK, 0))
        yield FailingProxy(holder.getsockname()[1])
