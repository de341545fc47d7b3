"""An Ed-Fi system is called at a public address, on this machine, or in a network that a setting names."""

import ipaddress
import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp.abc import ResolveResult

from safepassage.ids import uuid7
from safepassage.problems.ed_fi import EdFiSystemRefused, EdFiSystemUnavailable
from services.records.ed_fi.api import EdFiApi
from services.records.ed_fi.doors import ed_fi_session
from services.records.ed_fi.systems import EdFiSystem
from services.records.settings import RecordsSettings
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio


async def _no_wait(_: float) -> None:
    """Tests do not wait."""


@pytest.mark.requirement("DOOR-ssrf")
async def test_a_system_inside_is_not_called_and_the_operator_is_told_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = StandingClock(datetime(2026, 10, 20, tzinfo=UTC))
    secret = tmp_path / "secret"
    secret.write_text("a secret")
    secret.chmod(0o600)
    found: ResolveResult = {"hostname": "", "host": "10.0.0.7", "port": 1, "family": socket.AF_INET, "proto": 6, "flags": 0}

    async def resolved(*_: object, **__: object) -> list[ResolveResult]:
        return [found]

    for host, expected in (("10.0.0.7", EdFiSystemRefused), ("169.254.169.254", EdFiSystemRefused), ("127.0.0.1", EdFiSystemUnavailable)):
        found["host"] = host
        settings = RecordsSettings.model_construct(
            ed_fi_authorities_file=None, insecure_development=False, inside_networks=(ipaddress.ip_network("192.168.0.0/16"),)
        )
        system = EdFiSystem(
            name="sis", organisation_id=uuid7(clock()), url="https://ods.example:1/api", client_id="client", secret_file=secret
        )
        async with ed_fi_session(settings, seconds=5) as session:
            monkeypatch.setattr(session.connector, "_resolve_host", resolved)
            with pytest.raises(expected):
                await EdFiApi(system, session, clock=clock, wait=_no_wait, tries=1).newest_change()
