"""The document that is served describes the services that run, or readiness and the log say that it does not."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from starlette.types import Receive, Scope, Send

from node.documents import ROOT
from safepassage.canonical import digest_of
from services.gateway.app import create_app
from services.gateway.described.interface import SAID, Interfaces, interface
from shared.siblings import Transport, transports_over_http
from shared.telemetry import JsonLines
from shared.who_may_call import ServiceName
from tests.conftest import StandingClock
from tests.gateway.by_hand import ask
from tests.gateway.door.production import serving
from tests.gateway.house import open_house

pytestmark = pytest.mark.anyio


class Built:
    """A service of some build, as its readiness tells it."""

    def __init__(self, said: str | None, status: int = 200) -> None:
        self.said, self.status, self.asked = said, status, False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert (scope["method"], scope["path"]) == ("GET", "/readyz")
        self.asked = True
        body = json.dumps({"status": "ready"} | ({} if self.said is None else {SAID: self.said})).encode()
        fields = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": self.status, "headers": fields})
        await send({"type": "http.response.body", "body": body, "more_body": False})


@asynccontextmanager
async def running(**services: Built) -> AsyncIterator[dict[ServiceName, str]]:
    """Their addresses."""
    async with AsyncExitStack() as stack:
        ports = {name: await stack.enter_async_context(serving(service)) for name, service in services.items()}
        yield {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}  # type: ignore[misc]  # they are named as services are


async def closed(services: dict[ServiceName, Transport]) -> None:
    for service in services.values():
        await service.close()


def test_what_a_build_says_is_the_digest_of_the_document_that_it_serves() -> None:
    assert interface() == digest_of((ROOT / "openapi" / "node.json").read_bytes())


async def test_a_service_of_another_build_is_named_until_it_is_of_this_one(caplog: pytest.LogCaptureFixture) -> None:
    records, privacy, audit = Built("other"), Built("this"), Built(None)
    caplog.set_level(logging.WARNING, logger="safe_passage.gateway")
    async with running(records=records, privacy=privacy, audit=audit) as urls:
        services = transports_over_http(urls)
        interfaces = Interfaces("this", services)
        await interfaces.look()
        await interfaces.look()
        assert interfaces.others == {"records", "audit"}, "one that says nothing is of a build before"
        assert [json.loads(JsonLines().format(record))["member"] for record in caplog.records] == ["audit, records"], "it is told once"
        records.status = 503
        audit.said = "this"
        await interfaces.look()
        assert interfaces.others == {"records"}, "who is not ready has not changed"
        records.status, records.said, privacy.status, privacy.said = 200, "this", 503, "other"
        await interfaces.look()
        assert interfaces.others == frozenset()
        await closed(services)


async def test_a_service_that_is_away_is_no_other_build() -> None:
    services = transports_over_http({"records": "http://127.0.0.1:1"})
    interfaces = Interfaces("this", services)
    await interfaces.look()
    assert interfaces.others == frozenset()
    await closed(services)


@pytest.mark.requirement("DOOR-described")
@pytest.mark.parametrize("same", [True, False])
async def test_readiness_says_that_the_document_is_not_that_of_the_services(
    tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path, *, same: bool
) -> None:
    records = Built(interface() if same else "other")
    async with running(records=records) as urls, open_house(tmp_path, node_keys, clock, template=empty_store) as house:
        app = create_app(house.settings.model_copy(update={"sibling_urls": urls}), clock=clock)
        app.state.in_force = {SAID: interface()}
        async with app.router.lifespan_context(app):
            async with asyncio.timeout(5):
                while not records.asked:  # noqa: ASYNC110 by a worker of its own
                    await asyncio.sleep(0.005)
                while not same and not app.state.interfaces.others:  # noqa: ASYNC110 once it has the answer
                    await asyncio.sleep(0.005)
            said = json.loads((await ask(app, "GET", "/readyz")).body)
    assert (said["status"], said[SAID]) == ("ready" if same else "degraded", interface())
