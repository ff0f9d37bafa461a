"""A site behind TLS, with a certificate of its own."""

from __future__ import annotations

import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import anyio
from anyio.abc import ByteStream, SocketAttribute
from anyio.streams.tls import TLSStream


async def certificate_for_loopback(folder: Path) -> tuple[Path, Path]:
    certificate, key = folder / "cert.pem", folder / "key.pem"
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    await anyio.run_process([*made, *names, "-keyout", str(key), "-out", str(certificate)])
    return certificate, key


@asynccontextmanager
async def tls_site(certificate: Path, key: Path) -> AsyncGenerator[int]:
    """The port of a site that speaks TLS and has one page."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    body = b"<p>secure</p>"
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s"

    async def converse(client: ByteStream) -> None:
        async with client:
            with suppress(ssl.SSLError, anyio.BrokenResourceError, anyio.EndOfStream):
                stream = await TLSStream.wrap(client, server_side=True, ssl_context=context, standard_compatible=False)
                await stream.receive()
                await stream.send(answer % (len(body), body))
                await stream.aclose()

    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, converse)
        yield int(listener.extra(SocketAttribute.local_port))
        tasks.cancel_scope.cancel()
