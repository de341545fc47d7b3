"""What the first district has in the gateway: itself, and its clients."""

from collections.abc import AsyncIterator
from datetime import date

from tests.gateway.by_hand import Party
from tests.isolation.of_privacy import Named
from tests.isolation.two_districts import SCHOOL, Request, TwoDistricts
from tests.records.one_state import DISTRICT


async def of_gateway(two: TwoDistricts) -> AsyncIterator[Named]:
    """Each operation that names an organisation or a client."""
    district, school = two.state.by_key[DISTRICT], two.state.by_key[SCHOOL]
    client = (await two.register(district, "records:load")).client_id
    parent, place = str(district), str(school)
    new = {"kind": "school", "name": "A new school", "parent_id": parent, "valid_from": date(2020, 1, 1).isoformat()}
    yield "add_organisation", "state", Request("POST", "/v1/organisations", (parent,), new)
    yield "read_organisation", "district", Request("GET", f"/v1/organisations/{place}", (place,))
    changed = {"id": place, "version": 1, "kind": "school", "name": "Renamed", "parent_id": parent, "valid_from": "2020-01-01"}
    yield "change_organisation", "district", Request("PUT", f"/v1/organisations/{place}", (place,), changed)
    keys = {"keys": [Party("", "").jwk]}
    about = {"name": "A program", "kind": "information-system", "role": "registrar", "scopes": ["records:load"], "jwks": keys}
    yield "register_client", "district", Request("POST", "/v1/clients", (parent,), {"organisation_id": parent, **about})
    path, ids = f"/v1/clients/{client}", (client,)
    yield "read_client", "district", Request("GET", path, ids)
    grants = {"version": 1, "scopes": ["records:load"], "purposes": []}
    yield "change_client_grants", "district", Request("PUT", f"{path}/grants", ids, grants)
    yield "replace_client_keys", "district", Request("PUT", f"{path}/keys", ids, {"version": 2, "jwks": keys})
    yield "disable_client", "district", Request("POST", f"{path}/disablement", ids)
    yield "enable_client", "district", Request("DELETE", f"{path}/disablement", ids)
