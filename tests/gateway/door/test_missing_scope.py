"""A refusal for want of a scope says in the token's own scheme which scope would do (RFC 6750 section 3.1, RFC 9449 section 7.1)."""

from pathlib import Path

import pytest

from services.gateway.oauth.client_keys import PROOF_ALGORITHMS
from services.gateway.oauth.scopes import ROSTERING
from tests.conftest import StandingClock
from tests.gateway.by_hand import ask
from tests.gateway.house import ISSUER, House, open_house
from tests.gateway.oauth import test_client_certificates as certificates
from tests.gateway.oauth import test_legacy as legacy
from tests.gateway.oauth.test_client_certificates import proxied

__all__ = ["proxied"]

pytestmark = pytest.mark.anyio

METADATA = f'resource_metadata="{ISSUER}/.well-known/oauth-protected-resource"'
DPOP = f'DPoP algs="{" ".join(PROOF_ALGORITHMS)}", {METADATA}, error="insufficient_scope", scope='
BEARER = f'Bearer {METADATA}, error="insufficient_scope", scope='
EXCHANGE = "/v1/exchange-requests/019a0000-0000-7000-8000-000000000000"


async def test_a_token_that_is_bound_to_a_key_is_challenged_as_dpop(house: House) -> None:
    party = await house.sea_party("exchange:request")
    answer = await house.call(party, await house.token(party), "GET", "/v1/decisions")
    assert (answer.status, answer.code, answer.json["detail"]) == (403, "not-permitted", "needs the scope decisions:read")
    assert answer.headers["www-authenticate"] == f'{DPOP}"decisions:read"'
    assert "/v1/decisions" not in {one.path for one in house.behind["privacy"].heard}


async def test_it_names_the_fewest_scopes_that_would_do_and_those_that_the_token_has_among_them(house: House) -> None:
    party = await house.sea_party("exchange:request", "records:read", "decisions:read")
    for held, path, enough in (
        ("exchange:request", f"{EXCHANGE}/record", "exchange:request records:read"),
        ("records:read", f"{EXCHANGE}/record", "exchange:request records:read"),
        ("decisions:read", f"{EXCHANGE}/record", "exchange:request records:read"),
    ):
        answer = await house.call(party, await house.token(party, scope=held), "GET", path)
        assert answer.headers["www-authenticate"] == f'{DPOP}"{enough}"', held


async def test_a_bearer_token_of_a_client_with_a_secret_is_challenged_as_bearer(
    tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path
) -> None:
    async with open_house(tmp_path, node_keys, clock, template=empty_store, legacy_clients=True) as house:
        client = await legacy.registered(house)
        answer = await client.get(await client.token(), "/ims/oneroster/rostering/v1p2/demographics")
        assert answer.status == 403
        assert answer.headers["www-authenticate"] == f'{BEARER}"{ROSTERING}roster-demographics.readonly"'


async def test_a_token_that_is_bound_to_a_certificate_is_challenged_as_bearer(proxied: House) -> None:
    system = await certificates.registered(proxied)
    token = (await system.ask()).json["access_token"]
    answer = await system.get(token, EXCHANGE)
    assert (answer.status, answer.headers["www-authenticate"]) == (403, f'{BEARER}"exchange:request"')


async def test_what_a_service_asks_for_beside_its_route_is_a_challenge_too(house: House) -> None:
    party = await house.sea_party("exchange:request")
    token = await house.token(party)
    fields = [(b"content-type", b"application/problem+json"), (b"sp-needs-scope", b"records:read:state")]
    house.behind["records"].answer = (403, fields, b"{}")
    answer = await house.call(party, token, "GET", EXCHANGE)
    assert answer.headers["www-authenticate"] == f'{DPOP}"records:read:state"'
    assert "sp-needs-scope" not in answer.headers


async def test_a_token_that_is_narrowed_in_another_way_is_told_so_and_no_scope(house: House) -> None:
    party = await house.sea_party("exchange:request", purposes=("assessment",))
    details = '[{"type":"student_data_access","purpose":"assessment","actions":["read"]}]'
    answer = await house.call(party, await house.token(party, authorization_details=details), "GET", EXCHANGE)
    assert (answer.status, answer.code) == (403, "not-permitted")
    assert answer.headers["www-authenticate"] == DPOP.removesuffix(", scope=")


async def test_other_refusals_are_no_challenge(house: House) -> None:
    party = await house.sea_party("exchange:request")
    token = await house.token(party)
    house.behind["records"].answer = (403, [(b"content-type", b"application/problem+json")], b"{}")
    for method, path in (("GET", EXCHANGE), ("POST", "/v1/peer/receipts")):
        headers = [("content-type", "application/jose")] if method == "POST" else []
        answer = await house.call(party, token, method, path, headers=headers, body=b"x" if method == "POST" else b"")
        assert answer.status == 403
        assert "www-authenticate" not in answer.headers


async def test_who_has_no_token_learns_no_scope(house: House) -> None:
    answer = await ask(house.app, "GET", "/v1/decisions")
    assert answer.status == 401
    assert "scope" not in answer.headers["www-authenticate"]


async def test_what_is_refused_behind_the_door_is_counted_for_the_log_as_what_is_refused_at_it(house: House) -> None:
    state = await house.organisation("sea")
    district = await house.organisation("lea", parent_id=state.id)
    party = await house.party(district, "exchange:request", "admin:organisations")
    token = await house.token(party)
    house.behind["records"].answer = (403, [(b"content-type", b"application/problem+json")], b"{}")
    new, key = {"kind": "vendor", "name": "Mine", "valid_from": "2020-01-01"}, [("idempotency-key", "019a0000-0000-7000-8000-000000000000")]
    at_it = await house.call(party, token, "GET", "/v1/decisions")
    behind_it = await house.call(party, token, "GET", EXCHANGE)
    of_the_gateway = await house.call(party, token, "POST", "/v1/organisations", headers=key, json=new)
    assert [one.status for one in (at_it, behind_it, of_the_gateway)] == [403, 403, 403], of_the_gateway.body
    counted = {event.context.reason: event.context.count for event in await house.entries() if event.class_ == "refusal"}
    assert counted == {"not-permitted": 3}
