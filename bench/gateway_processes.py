"""The processes of the gateway's bench: a service that costs little, nginx, audit, gateways in front of it, and a client that costs little.

`python -m bench.gateway_processes service PORT` and `... gateway FOLDER PORT SERVICE_PORT AUDIT_PORT DATABASE_URL` start one.
"""

import asyncio
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import httpx2 as httpx
import psutil
from starlette.types import Receive, Scope, Send

from node.server import serve
from services.audit.app import create_app as create_audit
from services.audit.settings import AuditSettings
from services.gateway.app import create_app
from services.gateway.settings import GatewaySettings

ISSUER: Final = "https://node.example"
RECORD: Final = b'{"record":"' + b"x" * 1787 + b'"}'
"""1.8 kB, as one student's record in JSON."""
LARGE: Final = 64 * 1024 * 1024
PART: Final = b"y" * 65_536


class NoNginx(RuntimeError):
    """nginx is not installed."""


async def cheap_service(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers 1.8 kB, or 64 MiB where the query says `large`; whatever it is asked."""
    large = scope["query_string"] == b"large"
    length = LARGE if large else len(RECORD)
    headers = [(b"content-type", b"application/json"), (b"content-length", str(length).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for _ in range(LARGE // len(PART) if large else 0):
        await send({"type": "http.response.body", "body": PART, "more_body": True})
    await send({"type": "http.response.body", "body": b"" if large else RECORD, "more_body": False})


def gateway_settings(
    folder: Path, *, database_url: str, service: int = 0, audit: int = 0, proofs_directory: Path | None = None
) -> GatewaySettings:
    """Of a gateway whose services are at these ports; nothing is limited but by what it costs."""
    return GatewaySettings(
        entity_id=ISSUER,
        database_url=database_url,
        keys_directory=folder / "keys" / "gateway",
        proofs_directory=proofs_directory,
        access_token_seconds=3600,
        legacy_clients=True,
        client_requests_per_second=100_000,
        client_burst=1_000_000,
        organisation_requests_per_second=100_000,
        organisation_burst=1_000_000,
        anonymous_requests_per_second=100_000,
        anonymous_burst=1_000_000,
        sibling_urls={
            "records": f"http://127.0.0.1:{service}",
            "privacy": f"http://127.0.0.1:{service}",
            "audit": f"http://127.0.0.1:{audit}",
        },
    )


@contextmanager
def process(*words: str, folder: Path, port: int) -> Iterator[psutil.Process]:
    """One of this module's, once it answers; what it logs goes to a file, as an installation's would."""
    with (folder / f"{words[0]}-{port}.log").open("wb") as log:
        started = subprocess.Popen([sys.executable, "-m", "bench.gateway_processes", *words], stderr=log)  # noqa: S603 ourselves
    try:
        _await(f"http://127.0.0.1:{port}/livez")
        yield psutil.Process(started.pid)
    finally:
        started.terminate()
        started.wait()


@contextmanager
def nginx(folder: Path, *, port: int, service: int) -> Iterator[psutil.Process]:
    """One worker of nginx that forwards to the service over kept connections, with a log of requests. Gives the worker."""
    binary = shutil.which("nginx", path=f"{os.defpath}:/usr/sbin:/usr/local/sbin")
    if binary is None:
        raise NoNginx("install nginx (Debian: nginx-light); the ratio is to it")
    (folder / "nginx").mkdir()
    (folder / "nginx.conf").write_text(
        f"""daemon off; worker_processes 1; pid {folder}/nginx/pid; error_log {folder}/nginx/error.log;
        events {{ worker_connections 1024; }}
        http {{ access_log {folder}/nginx/access.log; keepalive_requests 1000000; client_body_temp_path {folder}/nginx/body;
          proxy_temp_path {folder}/nginx/proxy; fastcgi_temp_path {folder}/nginx/f; uwsgi_temp_path {folder}/nginx/u;
          scgi_temp_path {folder}/nginx/s;
          upstream service {{ server 127.0.0.1:{service}; keepalive 64; keepalive_requests 1000000; }}
          server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://service; proxy_http_version 1.1;
            proxy_set_header Connection ""; }} }} }}"""
    )
    started = subprocess.Popen([binary, "-e", f"{folder}/nginx/error.log", "-p", str(folder), "-c", f"{folder}/nginx.conf"])  # noqa: S603
    try:
        _await(f"http://127.0.0.1:{port}/")
        (worker,) = psutil.Process(started.pid).children()
        yield worker
    finally:
        started.terminate()
        started.wait()


def _await(url: str) -> None:
    for _ in range(400):
        try:
            if httpx.get(url, timeout=1).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.05)
    raise TimeoutError("a process did not become ready")


def cpu_of(processes: Sequence[psutil.Process]) -> float:
    """Seconds that the processes have used."""
    return float(sum(times.user + times.system for times in (one.cpu_times() for one in processes)))


class Client:
    """Requests that were made beforehand, over kept connections, each the next as soon as the last is answered."""

    def __init__(self) -> None:
        self.took: list[float] = []
        """Milliseconds of each."""
        self.statuses: set[int] = set()

    async def send(self, requests: Sequence[bytes], *, ports: Sequence[int], connections: int, per_second: float | None = None) -> float:
        """Send them all; gives the seconds that it took. `per_second`: no faster than that, on one connection."""
        waiting, began = iter(requests), time.perf_counter()

        async def connection(port: int) -> None:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            for sent, request in enumerate(waiting):
                if per_second is not None:
                    await asyncio.sleep(max(0.0, began + sent / per_second - time.perf_counter()))
                started = time.perf_counter()
                writer.write(request)
                await self._answer(reader)
                self.took.append((time.perf_counter() - started) * 1000)
            writer.close()

        await asyncio.gather(*(connection(ports[number % len(ports)]) for number in range(connections)))
        return time.perf_counter() - began

    async def _answer(self, reader: asyncio.StreamReader) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.statuses.add(int(head[9:12]))
        lower = head.lower()
        at = lower.find(b"content-length: ")
        length = int(lower[at + 16 : lower.index(b"\r\n", at)])
        while length > 0:
            length -= len(await reader.read(min(length, 1 << 20)))


def main(kind: str, *words: str) -> None:
    """Serve one of them."""
    with ExitStack():
        if kind == "service":
            import uvicorn  # noqa: PLC0415 this one alone has nothing of ours

            uvicorn.run(cheap_service, port=int(words[0]), log_level="critical", lifespan="off", access_log=False, timeout_keep_alive=75)
        elif kind == "audit":
            url, keys = f"sqlite+inline:///{words[0]}/audit.db", Path(words[0]) / "keys" / "audit"
            settings_of_audit = AuditSettings(entity_id=ISSUER, database_url=url, keys_directory=keys)
            serve(create_audit(settings_of_audit), host="127.0.0.1", port=int(words[1]))
        else:
            folder, port, service, audit, url, *remembered = words
            proofs = Path(remembered[0]) if remembered else None
            settings = gateway_settings(Path(folder), database_url=url, service=int(service), audit=int(audit), proofs_directory=proofs)
            serve(create_app(settings), host="127.0.0.1", port=int(port))


if __name__ == "__main__":
    main(*sys.argv[1:])
