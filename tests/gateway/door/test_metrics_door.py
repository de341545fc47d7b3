"""The counters are read at a port of their own, and never through the public door."""

from pathlib import Path

import httpx2 as httpx
import pytest

from tests.conftest import StandingClock
from tests.gateway.house import open_house

pytestmark = pytest.mark.anyio


async def test_counters_have_a_door_of_their_own(tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path) -> None:
    async with open_house(tmp_path, node_keys, clock, template=empty_store, metrics_port=0) as house:
        party = await house.sea_party("admin:organisations")
        token = await house.token(party)
        assert (await house.call(party, token, "GET", "/v1/organisations", headers=[], body=b"")).status == 200
        assert (await house.call(party, token, "GET", "/metrics", headers=[], body=b"")).status == 404
        async with httpx.AsyncClient(trust_env=False) as client:
            told = await client.get(f"http://127.0.0.1:{house.app.state.metrics_door.port}/metrics")
        port = house.app.state.metrics_door.port
    line = 'safe_passage_requests_total{method="GET",route="/v1/organisations",service="gateway",status="200"} 1.0'
    assert line in told.text.splitlines()
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False)


async def test_without_a_port_there_is_no_such_door(tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path) -> None:
    async with open_house(tmp_path, node_keys, clock, template=empty_store) as house:
        assert house.app.state.metrics_door is None
