"""What the bench of the gateway measures: gateways, nginx, a service, audit, and the requests of two registered clients."""

import asyncio
import base64
import json
import re
import socket
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

import psutil

from bench.gateway_processes import ISSUER, gateway_settings, nginx, process
from node.keys import create_node_keys
from safepassage.wire_clients import ClientJwk, JwkSet, NewClient
from safepassage.wire_organisations import NewOrganisation
from services.gateway.oauth.scopes import ROSTERING
from services.gateway.registry.administration import administration
from shared.clock import system_clock
from shared.database import Database
from shared.migrations import migrate
from tests.gateway.by_hand import Party

PATH: Final = "/v1/exchange-requests/019a0000-0000-7000-8000-000000000000"
ROSTER_PATH: Final = "/ims/oneroster/rostering/v1p2/students"
TOKEN_PATH: Final = "/oauth/token"  # noqa: S105 a path


@dataclass(frozen=True)
class _Registered:
    """Two clients: one that proves each request by a key, and one of the profile that has a secret and comes without proofs."""

    party: Party
    secret_id: str
    secret: str


@dataclass(frozen=True)
class House:
    party: Party
    stock: str
    """The other client's credentials, as HTTP's Basic has them."""
    service: int
    nginx: int
    nginx_worker: psutil.Process
    gateways: Sequence[tuple[int, psutil.Process]]
    remembering: tuple[int, psutil.Process]
    """A gateway that remembers proofs in a folder of this machine's memory (decision 122)."""

    @property
    def one(self) -> tuple[list[int], list[psutil.Process]]:
        """The first gateway alone."""
        port, gateway = self.gateways[0]
        return [port], [gateway]

    def unproven(self, bearer: str) -> bytes:
        """A request with a token that wants no proof."""
        return self.plain(ROSTER_PATH, f"Authorization: Bearer {bearer}")

    def plain(self, path: str, *fields: str) -> bytes:
        return "\r\n".join([f"GET {path} HTTP/1.1", "Host: node.example", *fields, "", ""]).encode()

    def proven(self, token: str, count: int, *, path: str = PATH, query: str = "", nonce: str | None = None) -> list[bytes]:
        """Requests with the token, each with a proof of its own."""
        now = system_clock()
        proofs = [self.party.proof(now, "GET", path, token=token, nonce=nonce) for _ in range(count)]
        fields = [(f"Authorization: DPoP {token}", f"DPoP: {proof}") for proof in proofs]
        return [self.plain(path + query, *both) for both in fields]

    def for_tokens(self, count: int) -> list[bytes]:
        """Requests for a token, each with an assertion and a proof of its own."""
        now, requests = system_clock(), []
        for _ in range(count):
            body = urlencode(self.party.form(now))
            proof = self.party.proof(now, "POST", TOKEN_PATH)
            lines = (f"POST {TOKEN_PATH} HTTP/1.1", "Host: node.example", f"DPoP: {proof}", f"Content-Length: {len(body)}")
            requests.append("\r\n".join([*lines, "Content-Type: application/x-www-form-urlencoded", "", body]).encode())
        return requests

    def for_a_bearer(self) -> bytes:
        """A request for a token by the client that has a secret."""
        body = "grant_type=client_credentials"
        lines = (f"POST {TOKEN_PATH} HTTP/1.1", "Host: node.example", f"Authorization: Basic {self.stock}", f"Content-Length: {len(body)}")
        return "\r\n".join([*lines, "Content-Type: application/x-www-form-urlencoded", "", body]).encode()


async def token_of(house: House, request: bytes) -> str:
    """What the first gateway issues."""
    reader, writer = await asyncio.open_connection("127.0.0.1", house.one[0][0])
    writer.write(request.replace(b"Host:", b"Connection: close\r\nHost:", 1))
    answer = await reader.read()
    writer.close()
    return str(json.loads(answer.partition(b"\r\n\r\n")[2])["access_token"])


async def nonce_of(house: House, token: str) -> str:
    """What the gateway that remembers on this machine gives whoever comes without one."""
    reader, writer = await asyncio.open_connection("127.0.0.1", house.remembering[0])
    writer.write(house.proven(token, 1)[0].replace(b"Host:", b"Connection: close\r\nHost:", 1))
    given = re.search(rb"(?i)\r\ndpop-nonce: (\S+)", await reader.read())
    writer.close()
    if given is None:
        raise RuntimeError("no nonce was given")
    return given[1].decode()


async def open_house(folder: Path, url: str, stack: ExitStack) -> House:
    """Start all of it, over a store at `url`."""
    create_node_keys(folder / "keys")
    gateway, log = Database(url), Database(f"sqlite+inline:///{folder}/audit.db")
    await migrate("gateway", gateway)
    await migrate("audit", log)
    for database in (gateway, log):
        await database.close()
    registered = await _register(folder, url)
    service, before, audit, other, *ports = _free_ports(8)
    stack.enter_context(process("service", str(service), folder=folder, port=service))
    stack.enter_context(process("audit", str(folder), str(audit), folder=folder, port=audit))
    worker = stack.enter_context(nginx(folder, port=before, service=service))
    gateways = []
    for port in ports:
        words = ("gateway", str(folder), str(port), str(service), str(audit), url)
        gateways.append((port, stack.enter_context(process(*words, folder=folder, port=port))))
    memory = Path(stack.enter_context(tempfile.TemporaryDirectory(dir="/dev/shm")))
    remembering = ("gateway", str(folder), str(other), str(service), str(audit), url, str(memory))
    alone = stack.enter_context(process(*remembering, folder=folder, port=other))
    stock = base64.b64encode(f"{registered.secret_id}:{registered.secret}".encode()).decode()
    return House(registered.party, stock, service, before, worker, gateways, (other, alone))


async def _register(folder: Path, url: str) -> _Registered:
    party, today = Party("", ISSUER), date(2020, 1, 1)
    async with administration(gateway_settings(folder, database_url=url)) as hand:
        agency = await hand.add_organisation(NewOrganisation(kind="sea", name="An agency", valid_from=today))
        vendor = await hand.add_organisation(NewOrganisation(kind="vendor", name="A vendor", valid_from=today))
        named = {"name": "A client", "role": "registrar"}
        keys = JwkSet(keys=(ClientJwk.model_validate(party.jwk),))
        own = NewClient(organisation_id=agency.id, kind="information-system", scopes=("exchange:request",), jwks=keys, **named)
        stock = NewClient(
            organisation_id=vendor.id,
            kind="application",
            scopes=(f"{ROSTERING}roster-core.readonly",),
            authentication="client_secret",
            addresses=("127.0.0.1",),
            **named,
        )
        party.client_id = str((await hand.register_client(own)).id)
        client = await hand.register_client(stock)
        return _Registered(party, str(client.id), (await hand.add_client_secret(client.id)).secret)


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        listening = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in listening:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in listening]
