"""Gateway processes of production over one store, on sockets of the loopback, and requests to them byte for byte."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from node.demo.processes import free_port
from safepassage.wire_clients import ClientJwk, JwkSet, NewClient
from safepassage.wire_organisations import NewOrganisation
from services.gateway.registry.administration import administration
from services.gateway.settings import GatewaySettings
from shared.clock import system_clock
from tests.gateway.by_hand import Answer, Party
from tests.gateway.house import ISSUER

ROOT = Path(__file__).parents[2]
READY_SECONDS = 60

AS_FAST_AS_IT_GOES = {
    f"{whose}_{rate}": most
    for whose in ("client", "organisation", "anonymous")
    for rate, most in (("requests_per_second", 100_000), ("burst", 1_000_000))
}
"""Tests ask a process as fast as their machine lets them; that a rate is bounded is what door/test_limits tells."""


@dataclass
class GatewayProcess:
    """`safepassage-node serve gateway`, on a port of its own."""

    environment: Mapping[str, str]
    port: int = field(default_factory=free_port)
    process: Process | None = None
    open_files_at_most: int | None = None

    async def start(self) -> None:
        """Start it, and wait until it answers."""
        command = [sys.executable, "-m", "node.command", "serve", "gateway", "--port", str(self.port)]
        if self.open_files_at_most is not None:
            command = ["sh", "-c", 'ulimit -n "$0" && exec "$@"', str(self.open_files_at_most), *command]
        self.process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=self.environment, stdout=DEVNULL, stderr=DEVNULL)
        async with asyncio.timeout(READY_SECONDS):
            while not await self._answers():
                assert self.process.returncode is None, "the process ended"
                await asyncio.sleep(0.05)

    async def _answers(self) -> bool:
        try:
            return (await self.ask("GET", "/livez", [])).status == 200
        except OSError:
            return False

    async def end(self, number: signal.Signals) -> None:
        """End it by a signal, and wait until it has."""
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(number)
            await self.process.wait()

    async def ask(self, method: str, target: str, fields: Sequence[tuple[str, str]], body: bytes = b"") -> Answer:
        """One request, with the header as it is spelt."""
        lines = [f"{method} {target} HTTP/1.1", "Host: node.example", "Connection: close", *(f"{name}: {value}" for name, value in fields)]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode() + body)
        async with asyncio.timeout(30):
            head, _, content = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
        status, *given = head.decode("latin-1").split("\r\n")
        pairs = [(name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in given)]
        return Answer(int(status.split()[1]), pairs, content)

    async def token(self, form: Mapping[str, str], proof: str, *, proof_field: str = "DPoP") -> Answer:
        """A token request."""
        fields = [("Content-Type", "application/x-www-form-urlencoded"), (proof_field, proof)]
        return await self.ask("POST", "/oauth/token", fields, urlencode(form).encode())


@dataclass
class Gateways:
    """Several processes of one gateway, and the hand of its operator."""

    settings: GatewaySettings
    processes: list[GatewayProcess]

    async def start(self, *which: GatewayProcess) -> None:
        """Start those, or all, at the same time."""
        await asyncio.gather(*(process.start() for process in which or self.processes))

    async def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End all of them."""
        await asyncio.gather(*(process.end(number) for process in self.processes))

    async def party(self, *scopes: str, **registered: Any) -> Party:
        """Register a client of the state agency, which is added if it is not there."""
        party = Party("", ISSUER)
        async with administration(self.settings, clock=system_clock) as hand:
            held = await hand.organisations()
            agency = (
                held[0] if held else await hand.add_organisation(NewOrganisation(kind="sea", name="Alder", valid_from=date(2020, 1, 1)))
            )
            new = NewClient(
                organisation_id=agency.id,
                name="A client",
                kind="information-system",
                role="registrar",
                scopes=scopes,
                jwks=JwkSet(keys=(ClientJwk.model_validate(party.jwk),)),
                **registered,
            )
            party.client_id = str((await hand.register_client(new)).id)
        return party

    async def link(self) -> str:
        """A link by which a browser comes in once, as the operator."""
        async with administration(self.settings, clock=system_clock) as hand:
            return await hand.make_console_link()


@asynccontextmanager
async def gateways(count: int, *, database_url: str, keys: Path, **settings: Any) -> AsyncIterator[Gateways]:
    """`count` processes over one store, whose siblings are not there unless settings say so; not started yet, ended with the block."""
    about: dict[str, Any] = AS_FAST_AS_IT_GOES | {
        "entity_id": ISSUER,
        "database_url": database_url,
        "keys_directory": str(keys / "gateway"),
    }
    about |= {"people_links": True, "stop_unready_seconds": 0, **settings}
    own = {
        f"SAFE_PASSAGE_{name.upper()}": json.dumps(value) if isinstance(value, dict | list) else str(value) for name, value in about.items()
    }
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SAFE_PASSAGE_")} | own  # noqa: TID251 a process's own
    made = Gateways(GatewaySettings(**about), [GatewayProcess(environment) for _ in range(count)])
    try:
        yield made
    finally:
        await made.end(signal.SIGKILL)
