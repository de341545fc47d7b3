"""An embedded node ends and starts again within seconds: what was used at it counts no second time, though its maker's clock is ahead."""

import asyncio
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from node.command import app
from node.demo.processes import NodeProcess, free_port
from node.folder import NodeFolder
from safepassage.client import ClientFile
from safepassage.command import main as safepassage
from safepassage.wire_clients import ClientJwk, JwkSet, NewClient
from services.gateway.oauth.proof_of_possession import FUTURE_SECONDS
from services.gateway.registry.administration import administration
from shared.clock import system_clock
from tests.gateway.by_hand import Answer, Party
from tests.gateway.house import ISSUER
from tests.gateway.processes import GatewayProcess

pytestmark = [pytest.mark.anyio, pytest.mark.faults]

INFO, TOKEN = "/oauth/token_info", "/oauth/token"
AHEAD = timedelta(seconds=FUTURE_SECONDS - 1)


def ahead() -> datetime:
    """What a clock says that is as much ahead as is accepted, but for a second that a slow machine may take."""
    return system_clock() + AHEAD


@pytest.fixture
def node(tmp_path: Path) -> Iterator[NodeProcess]:
    """A new node that has not started yet."""
    folder = tmp_path / "node"
    options = ("--name", "Alder", "--state", "XA", "--entity-id", ISSUER, "--port", str(free_port()))
    said = CliRunner().invoke(app, ["new", str(folder), *options])
    assert said.exit_code == 0, said.output
    process = NodeProcess(NodeFolder(folder))
    yield process
    process.kill()


async def begin(node: NodeProcess) -> None:
    await asyncio.to_thread(node.start().wait_until_ready)


async def registered(folder: NodeFolder) -> Party:
    party = Party("", ISSUER)
    async with administration(folder.settings("gateway"), clock=system_clock) as hand:  # type: ignore[arg-type]
        new = NewClient(
            organisation_id=folder.file.organisation_id,
            name="A client",
            kind="information-system",
            role="registrar",
            scopes=("decisions:read",),
            jwks=JwkSet(keys=(ClientJwk.model_validate(party.jwk),)),
        )
        party.client_id = str((await hand.register_client(new)).id)
    return party


async def call(at: GatewayProcess, token: str, proof: str) -> Answer:
    return await at.ask("GET", INFO, [("Authorization", f"DPoP {token}"), ("DPoP", proof)])


@pytest.mark.requirement("DOOR-once")
@pytest.mark.requirement("DOOR-proof")
@pytest.mark.parametrize("end", [NodeProcess.kill, NodeProcess.stop], ids=["killed", "stopped"])
async def test_what_was_used_at_an_embedded_node_is_refused_after_its_restart_by_whatever_clock_it_was_made(
    node: NodeProcess, end: Callable[[NodeProcess], None]
) -> None:
    at = GatewayProcess({}, port=node.folder.file.port)
    await begin(node)
    party = await registered(node.folder)
    form, for_token = party.form(ahead()), party.proof(ahead(), "POST", TOKEN)
    issued = await at.token(form, for_token)
    assert issued.status == 200, issued.body
    token = issued.json["access_token"]
    proof, fast = party.proof(system_clock(), "GET", INFO, token=token), party.proof(ahead(), "GET", INFO, token=token)
    assert [(await call(at, token, one)).status for one in (proof, fast)] == [200, 200], "nobody was known before: no nonce is wanted"
    await asyncio.to_thread(end, node)
    await begin(node)
    again = [await call(at, token, one) for one in (proof, fast)]
    assert [(one.status, one.code) for one in again] == [(401, "proof-nonce-required")] * 2
    used = await at.token(form, party.proof(system_clock(), "POST", TOKEN))
    assert used.json["error_description"].startswith("the assertion was used before")
    used = await at.token(party.form(system_clock()), for_token)
    assert used.json["error_description"].startswith("the proof was used before")
    named = party.proof(ahead(), "GET", INFO, token=token, nonce=again[0].headers["dpop-nonce"])
    assert [(await call(at, token, named)).status for _ in range(2)] == [200, 401]
    await asyncio.to_thread(end, node)
    await begin(node)
    assert (await call(at, token, named)).code == "proof-nonce-required", "its nonce is from before the start"


@pytest.mark.requirement("DOOR-proof")
async def test_a_request_by_curl_is_answered_by_a_node_that_has_just_started_again(
    node: NodeProcess, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await begin(node)
    file, folder = tmp_path / "client.json", str(node.folder.path)
    options = ("--node", folder, "--organisation", str(node.folder.file.organisation_id), "--name", "A system", "--scope", "records:read")
    added = await asyncio.to_thread(CliRunner().invoke, app, ["clients", "add", str(file), *options])
    assert added.exit_code == 0, added.output
    ClientFile.load(file).model_copy(update={"url": node.base_url}).save(tmp_path / "here.json")
    await asyncio.to_thread(node.stop)
    await begin(node)
    assert await asyncio.to_thread(safepassage, ["curl", "--client", str(tmp_path / "here.json"), "GET", ISSUER + INFO]) == 0
    said = dict(re.findall(r'^header = "([A-Za-z]+): (.*)"$', capsys.readouterr().out, re.M))
    answer = await GatewayProcess({}, port=node.folder.file.port).ask("GET", INFO, list(said.items()))
    assert answer.status == 200, answer.body
