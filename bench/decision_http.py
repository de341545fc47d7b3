"""A decision of 22 elements over HTTP, as records asks for it: facts, row and log entry, on SQLite with synchronous=FULL.

privacy and audit are processes of their own (`python -m bench.decision_http SERVICE FOLDER PORT` starts one); the asker is records' own
client for siblings. What privacy tells audit goes behind, while the next decision is made.
"""

import asyncio
import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import httpx2 as httpx

from bench.figures import Figure, percentile
from node.keys import create_node_keys
from node.server import server
from safepassage.elements import ELEMENTS
from services.audit.app import create_app as create_audit
from services.audit.settings import AuditSettings
from services.privacy.app import create_app as create_privacy
from services.privacy.settings import PrivacySettings
from shared.clock import system_clock
from shared.contracts.privacy import Decision, DecisionRequest, SubjectFacts
from shared.database import Database
from shared.internal_token import HEADER, CallerClaims, InternalTokens, Principal
from shared.keys import SigningKey
from shared.migrations import migrate
from shared.siblings import InProcess, Siblings, transports_over_http
from tests.conftest import StandingClock
from tests.privacy.access.enforcement import Enforcer
from tests.privacy.node import ENTITY_ID, NODE_ORGANISATION, PrivacyNode
from tests.privacy.world import World

TITLE = "A decision over HTTP, with facts, row and log entry"

ORDINARY = tuple(element.id for element in ELEMENTS if element.sensitivity == "ordinary")
ASKED, BATCH = 400, 100
PER_SECOND = 25


def run() -> list[Figure]:
    """Measure one at a time, lightly loaded, and a page of 1,000 students × 10 elements."""
    with tempfile.TemporaryDirectory() as name:
        return asyncio.run(_run(Path(name)))


async def _run(folder: Path) -> list[Figure]:
    create_node_keys(folder / "keys")
    for service in ("privacy", "audit"):
        database = Database(f"sqlite+inline:///{folder}/{service}.db")
        await migrate(service, database)
        await database.close()
    seeded = await _seed(folder)
    one, page, vendor = seeded.one, seeded.page, seeded.vendor
    with _process("audit", folder, _free_port()) as audit, _process("privacy", folder, _free_port(), audit) as privacy:
        async with _siblings(folder, privacy) as siblings:
            await _milliseconds(siblings, one, 100)
            alone = await _milliseconds(siblings, one, ASKED)
            loaded = await _milliseconds(siblings, one, ASKED, per_second=PER_SECOND)
            pages = await _milliseconds(siblings, page, 7, by=_on_behalf_of(vendor, folder))
            explained = await _explained(siblings, seeded, folder, privacy)
            together = [one / BATCH for one in await _asked(folder, privacy, seeded.enforcer, "/access/v1/evaluations", seeded.batch, 15)]
            actions = await _asked(folder, privacy, seeded.enforcer, "/access/v1/search/action", seeded.search, 15)
    return [
        Figure("one at a time, p50", percentile(alone, 50), "ms", "<= 5", "22 elements, 2 processes on this machine"),
        Figure("one at a time, p99", percentile(alone, 99), "ms", "<= 12"),
        Figure(f"{PER_SECOND} a second, p50", percentile(loaded, 50), "ms", "<= 5"),
        Figure(f"{PER_SECOND} a second, p99", percentile(loaded, 99), "ms", "<= 12"),
        Figure("page of 1,000 students × 10 elements, p50", percentile(pages, 50), "ms", "<= 150", "facts, row and log entry; issue: 400"),
        Figure(
            "explain a denied decision of 22 elements, p50", percentile(explained, 50), "ms", "<= 5", "read, opened, every change tried"
        ),
        Figure(
            f"AuthZEN, batch of {BATCH}: each, p50", percentile(together, 50), "ms", "<= 1", "10 elements; each has its own row and entry"
        ),
        Figure("AuthZEN, search over all actions and bases, p50", percentile(actions, 50), "ms", "", "60 questions, 10 elements"),
    ]


@dataclass(frozen=True)
class _Seeded:
    """What to ask for, and who asks."""

    one: DecisionRequest
    """One student's transfer."""
    denied: DecisionRequest
    """The same for a purpose that it is not for."""
    page: DecisionRequest
    vendor: CallerClaims
    batch: Mapping[str, Any]
    search: Mapping[str, Any]
    enforcer: CallerClaims
    reader: CallerClaims


async def _seed(folder: Path) -> _Seeded:
    """Fill the store."""
    clock = StandingClock(system_clock())
    app = create_privacy(_privacy(folder), transports={"audit": InProcess()}, clock=clock)
    async with app.router.lifespan_context(app):
        world = await World.on(PrivacyNode(app, clock, folder / "keys"))
        students: list[SubjectFacts] = [
            await world.student(birth_date=date(2010 + n % 7, 1 + n % 12, 1 + n % 28), flags=frozenset({"homeless"} if n % 37 == 0 else ()))
            for n in range(1000)
        ]
        agreement = await world.agreement(elements=list(ORDINARY[:10]), ends_on="2099-07-01")
        enforcer = Enforcer(world)
        bodies = [enforcer.by_contract(one, agreement, elements=ORDINARY[:10], partial=True) for one in students[1 : BATCH + 1]]
    common = {name: bodies[0][name] for name in ("subject", "context")}
    return _Seeded(
        one=world.by_transfer(students[1], elements=ORDINARY[:22]),
        denied=world.by_transfer(students[1], elements=ORDINARY[:22], purpose="study"),
        page=world.by_contract(agreement, *students, elements=ORDINARY[:10]),
        vendor=world.node.client(world.vendor).claims,
        batch=common | {"action": bodies[0]["action"], "evaluations": [{"resource": body["resource"]} for body in bodies]},
        search={**common, "resource": bodies[0]["resource"], "context": common["context"] | {"purpose": "instruction"}},
        enforcer=enforcer.client.claims,
        reader=world.node.client(world.oak, "decisions:read").claims,
    )


async def _explained(siblings: Siblings, seeded: _Seeded, folder: Path, privacy: str) -> list[float]:
    decision = await siblings.call("privacy", "POST", "/internal/decisions", answer=Decision, by="bench", body=seeded.denied)
    return await _asked(folder, privacy, seeded.reader, f"/v1/decisions/{decision.id}/explanation", None, 50)


async def _asked(folder: Path, privacy: str, caller: CallerClaims, path: str, body: Mapping[str, Any] | None, times: int) -> list[float]:
    """How long each of `times` requests of a client took, as the gateway passes them on."""
    tokens = InternalTokens("gateway", SigningKey.load(folder / "keys" / "gateway" / "internal.json"), {})
    transport, took, content = transports_over_http({"privacy": privacy})["privacy"], [], b"" if body is None else json.dumps(body).encode()
    for _ in range(times + 2):
        headers = {HEADER: tokens.for_caller("privacy", caller, system_clock()), "content-type": "application/json"}
        started = time.perf_counter()
        answer = await transport.send("GET" if body is None else "POST", path, "", headers, content)
        took.append((time.perf_counter() - started) * 1000)
        if answer.status != 200 or b'"error"' in answer.body or answer.body.count(b'"decision":true') not in (0, BATCH):
            raise RuntimeError("the answer that is measured is not the answer that is meant")
    await transport.close()
    return took[2:]


def _on_behalf_of(vendor: CallerClaims, folder: Path) -> Principal:
    """records' caller, as the gateway vouches for it."""
    tokens = InternalTokens("gateway", SigningKey.load(folder / "keys" / "gateway" / "internal.json"), {})
    return Principal(service="gateway", caller=vendor, job=None, gateway_token=tokens.for_caller("records", vendor, system_clock()))


async def _milliseconds(
    siblings: Siblings, asked: DecisionRequest, times: int, *, per_second: float | None = None, by: Principal | str = "bench"
) -> list[float]:
    """How long each of `times` decisions took, from the request to the answer read."""
    took, began = [], time.perf_counter()
    for number in range(times):
        if per_second is not None:
            await asyncio.sleep(max(0.0, began + number / per_second - time.perf_counter()))
        started = time.perf_counter()
        decision = await siblings.call("privacy", "POST", "/internal/decisions", answer=Decision, by=by, body=asked)
        took.append((time.perf_counter() - started) * 1000)
        assert decision.token is not None, decision.outcome
    return took


def _privacy(folder: Path, audit: str | None = None) -> PrivacySettings:
    return PrivacySettings(
        entity_id=ENTITY_ID,
        database_url=f"sqlite+inline:///{folder}/privacy.db",
        keys_directory=folder / "keys" / "privacy",
        node_organisation_id=NODE_ORGANISATION,
        sibling_urls={"audit": audit} if audit else {},
    )


def _audit(folder: Path) -> AuditSettings:
    return AuditSettings(entity_id=ENTITY_ID, database_url=f"sqlite+inline:///{folder}/audit.db", keys_directory=folder / "keys" / "audit")


@asynccontextmanager
async def _siblings(folder: Path, privacy: str) -> AsyncIterator[Siblings]:
    tokens = InternalTokens("records", SigningKey.load(folder / "keys" / "records" / "internal.json"), {})
    siblings = Siblings("records", tokens, transports_over_http({"privacy": privacy}), system_clock)
    yield siblings
    await siblings.close()


@contextmanager
def _process(service: str, folder: Path, port: int, audit: str = "") -> Iterator[str]:
    url = f"http://127.0.0.1:{port}"
    process = subprocess.Popen([sys.executable, "-m", "bench.decision_http", service, str(folder), str(port), audit])  # noqa: S603 ourselves
    try:
        _wait(lambda: httpx.get(f"{url}/readyz", timeout=1).status_code == 200)
        yield url
    finally:
        process.terminate()
        process.wait()


def _wait(ready: Callable[[], bool]) -> None:
    for _ in range(200):
        try:
            if ready():
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.05)
    raise TimeoutError("a service did not become ready")


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


def main(service: str, folder: str, port: str, audit: str = "") -> None:
    """Serve one of the two."""
    app = create_audit(_audit(Path(folder))) if service == "audit" else create_privacy(_privacy(Path(folder), audit or None))
    server(app, host="127.0.0.1", port=int(port)).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
