"""What the gateway reports: clients in force by what they may do, each minute, to privacy and nobody else."""

from datetime import timedelta
from uuid import UUID

import pytest

from safepassage.wire_clients import NewClient
from services.gateway.readiness_evidence import report
from shared.contracts.readiness import GatewayMeasures, GatewayReport
from tests.gateway.house import House

pytestmark = pytest.mark.anyio


async def reported(house: House) -> GatewayMeasures:
    """What privacy hears."""
    await report(house.app)
    heard = house.behind["privacy"].heard[-1]
    assert (heard.method, heard.path) == ("PUT", "/internal/readiness-evidence/gateway")
    assert (heard.principal.service, heard.principal.job, heard.principal.caller) == ("gateway", "readiness", None)
    told = GatewayReport.model_validate_json(heard.body)
    assert told.measured_at == house.now
    return told.measures


async def test_a_gateway_without_clients_reports_none(house: House) -> None:
    it = await reported(house)
    assert (it.clients, it.clients_bound, it.clients_reading_any, it.districts) == (0, 0, 0, 0)
    assert it.vendors_with_credentials == frozenset()
    assert (it.clients_of_a_month, it.clients_dormant, it.scopes_granted, it.scopes_used, it.staff) == (0, 0, 0, 0, None)


async def test_clients_are_counted_by_what_they_may_do(house: House) -> None:
    agency = await house.organisation("sea")
    oak, elm = await house.organisation("lea", parent_id=agency.id), await house.organisation("lea", parent_id=agency.id)
    vendor, unused = await house.organisation("vendor"), await house.organisation("vendor")
    await house.party(agency, "records:read:state", "audit:search")
    await house.party(oak, "records:read", "audit:accounting")
    await house.party(elm, "records:read")
    await house.party(vendor, "records:read")
    it = await reported(house)
    assert (it.clients, it.clients_bound, it.clients_reading_any, it.clients_searching_log) == (4, 4, 1, 1)
    assert (it.districts, it.districts_drawing_accounting) == (2, 1)
    assert it.vendors_with_credentials == {vendor.id}
    assert unused.id not in it.vendors_with_credentials


async def test_a_client_that_is_let_in_no_more_is_not_counted(house: House) -> None:
    vendor = await house.organisation("vendor")
    party = await house.party(vendor, "records:read")
    assert (await reported(house)).vendors_with_credentials == {vendor.id}
    await house.hand.disable_client(UUID(party.client_id))
    it = await reported(house)
    assert (it.clients, it.vendors_with_credentials) == (0, frozenset())


async def test_a_client_of_an_organisation_that_has_ended_is_not_counted_nor_is_a_district_that_has(house: House) -> None:
    agency = await house.organisation("sea", time_zone="Pacific/Pago_Pago")
    until = (house.now - timedelta(hours=11)).date()
    ended, yet = {"valid_until": until}, {"valid_until": until + timedelta(days=1)}
    for about in (ended, yet):
        for kind in ("lea", "vendor"):
            await house.party(await house.organisation(kind, parent_id=agency.id if kind == "lea" else None, **about), "records:read")
    it = await reported(house)
    assert (it.clients, it.districts, len(it.vendors_with_credentials)) == (2, 1, 1)


async def test_a_client_of_a_certificate_is_bound_and_one_of_a_secret_is_not(house: House) -> None:
    agency = await house.organisation("sea")
    common = {
        "organisation_id": agency.id,
        "name": "A client",
        "kind": "information-system",
        "role": "registrar",
        "scopes": ("records:load",),
    }
    for about in (
        {"authentication": "self_signed_tls_client_auth", "tls_certificates": ("A" * 43,)},
        {"authentication": "client_secret", "addresses": ("192.0.2.7/32",)},
    ):
        await house.hand.register_client(NewClient.model_validate(common | about))
    it = await reported(house)
    assert (it.clients, it.clients_bound) == (2, 1)


async def test_entries_that_wait_for_the_log_are_counted_as_late_as_they_are(house: House) -> None:
    await house.organisation("sea")
    house.clock.advance(minutes=7)
    waiting = (await reported(house)).log_waiting
    assert waiting.rows >= 1
    assert waiting.oldest_seconds == 420
    assert waiting.refused == 0
