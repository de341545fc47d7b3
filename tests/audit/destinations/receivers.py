"""Receivers on real sockets of this machine: for webhooks and for syslog, as they should be, and as they should not."""

import asyncio
import select
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from safepassage.webhooks import verify_webhook
from safepassage.wire_destinations import LogDelivery

Script = Callable[["Webhook"], int | str | bytes]
"""What is answered: a status; a status and more header lines; or the bytes of the answer, of which none closes the connection."""


@dataclass(frozen=True)
class Webhook:
    """A request as it came."""

    line: str
    headers: dict[str, str]
    body: bytes

    def verified(self, *keys: str, now: datetime) -> LogDelivery:
        return verify_webhook(headers=self.headers, body=self.body, keys=keys, now=now)

    @property
    def log(self) -> str:
        return LogDelivery.model_validate_json(self.body).data.log

    @property
    def indices(self) -> list[int]:
        return [entry.index for entry in LogDelivery.model_validate_json(self.body).data.entries]


@dataclass
class WebhookReceiver:
    """Answers webhooks by a script, and keeps them."""

    port: int = 0
    script: Script = lambda _: 204
    came: list[Webhook] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)
    connections: int = 0

    def __post_init__(self) -> None:
        self.may_answer.set()

    @property
    def indices(self) -> list[int]:
        return [index for one in self.came for index in one.indices]

    @property
    def ids(self) -> list[str]:
        return [one.headers["webhook-id"] for one in self.came]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
                came = Webhook(head[0], headers, await reader.readexactly(int(headers.get("content-length", "0"))))
                self.came.append(came)
                self.arrived.set()
                await self.may_answer.wait()
                answer = self.script(came)
                if isinstance(answer, bytes):
                    writer.write(answer)
                    return
                more = "" if isinstance(answer, int) else str(answer)[3:]
                writer.write(f"HTTP/1.1 {str(answer)[:3]} x\r\ncontent-length: 0\r\n{more}\r\n".encode())
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            with suppress(OSError):
                writer.close()
                await writer.wait_closed()


@asynccontextmanager
async def webhook_receiver(tls: ssl.SSLContext | None = None, script: Script | None = None) -> AsyncIterator[WebhookReceiver]:
    receiver = WebhookReceiver() if script is None else WebhookReceiver(script=script)
    server = await asyncio.start_server(receiver._serve, "127.0.0.1", 0, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        receiver.may_answer.set()
        server.close()


@dataclass
class SyslogReceiver:
    """Reads octets to the end of each connection."""

    port: int = 0
    came: list[bytes] = field(default_factory=list)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            self.came.append(await reader.read(-1))
            writer.close()
            await writer.wait_closed()


@asynccontextmanager
async def syslog_receiver(tls: ssl.SSLContext | None, port: int = 0) -> AsyncIterator[SyslogReceiver]:
    receiver = SyslogReceiver()
    server = await asyncio.start_server(receiver._serve, "127.0.0.1", port, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()


@contextmanager
def rude_syslog_receiver(tls: ssl.SSLContext | None, *, reads: bool) -> Iterator[int]:
    """Takes one connection and ends it without a word: having read everything, or with all of it unread. Gives its port."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        made, _ = listening.accept()
        with suppress(OSError):
            if tls is not None:
                made = tls.wrap_socket(made, server_side=True)
            if reads:
                while made.recv(65_536):
                    pass
            else:
                select.select([made], [], [])
                made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        made.close()

    with ThreadPoolExecutor(1) as pool, listening:
        served = pool.submit(serve)
        yield listening.getsockname()[1]
        served.result()


def authority_and_server(folder: Path, name: str = "127.0.0.1") -> tuple[Path, ssl.SSLContext]:
    """A certificate authority's file, and a server with a certificate of it for `name`."""
    authority, authority_key = _certificate("authority", None, None)
    certificate, key = _certificate(name, authority, authority_key)
    (folder / "authority.pem").write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "server.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return folder / "authority.pem", context


def _certificate(name: str, issuer: x509.Certificate | None, issuer_key: Any) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if issuer is None else issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2020, 1, 1, tzinfo=UTC) + timedelta(days=36_500))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if issuer is None:
        usage = x509.KeyUsage(
            digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False, key_encipherment=False,
            data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
        )  # fmt: skip
        builder = builder.add_extension(usage, critical=True)
    else:
        alternative = x509.IPAddress(ip_address(name)) if name[0].isdigit() else x509.DNSName(name)
        builder = builder.add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
        builder = builder.add_extension(identifier, critical=False)
    return builder.sign(issuer_key or key, hashes.SHA256()), key
