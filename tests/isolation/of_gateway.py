"""What the first district has in the gateway: itself, and its clients."""

import json
from collections.abc import AsyncIterator
from datetime import date

from safepassage.wire_clients import NewClient
from safepassage.wire_organisations import NewOrganisation
from safepassage.wire_registrations import NewInitialToken, NewPublisher
from safepassage.wire_suspensions import NewSuspension
from services.gateway.oauth.scopes import ROSTERING
from tests.gateway.by_hand import Party, ask
from tests.isolation.of_privacy import Named
from tests.isolation.two_districts import SCHOOL, Request, TwoDistricts
from tests.privacy.rights import parent_of
from tests.records.one_state import DISTRICT, VENDOR


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
    yield "read_quotas", "district", Request("GET", f"/v1/quotas/{client}", ids)
    yield "change_quotas", "state", Request("PUT", f"/v1/quotas/{client}", ids, {"day": 1000})
    async for named in _of_suspensions(two):
        yield named
    async for named in _of_registrations(two):
        yield named
    async for named in _of_families(two):
        yield named


async def _of_suspensions(two: TwoDistricts) -> AsyncIterator[Named]:
    """Of a vendor that nothing else in the matrix is of."""
    new = NewOrganisation(kind="vendor", name="A vendor that is suspended", valid_from=date(2020, 1, 1))
    free, suspended = [(await two.hand.add_organisation(new)).id for _ in range(2)]
    why = NewSuspension(reason="other", reference="file 7")
    path, ids = f"/v1/organisations/{free}/suspensions", (str(free),)
    yield "list_suspensions", "state", Request("GET", path, ids)
    yield "suspend_party", "state", Request("POST", path, ids, why.model_dump(mode="json"))
    stands = str((await two.hand.suspend_party(suspended, why)).id)
    path = f"/v1/organisations/{suspended}/suspensions/{stands}/lifting"
    yield "lift_suspension", "state", Request("POST", path, (str(suspended), stands), {"reference": "file 8"})


async def _of_registrations(two: TwoDistricts) -> AsyncIterator[Named]:
    """Publishers, initial tokens, and clients that registered themselves and wait."""
    district, keys = two.state.by_key[DISTRICT], {"keys": [Party("", "").jwk]}
    parent, bounds = str(district), {"role": "registrar", "scopes": ["records:load"]}
    about = {"name": "Apps", "jwks": keys, **bounds}
    first = {"organisation_id": parent, "issuer": "https://first.example", **about}
    publisher = str((await two.hand.add_publisher(NewPublisher.model_validate(first))).id)
    second = {"organisation_id": parent, "issuer": "https://second.example", **about}
    yield "add_publisher", "district", Request("POST", "/v1/publishers", (parent,), second)
    path, ids = f"/v1/publishers/{publisher}", (publisher,)
    yield "read_publisher", "district", Request("GET", path, ids)
    yield "change_publisher", "district", Request("PUT", path, ids, {"version": 1, **about})
    yield "disable_publisher", "district", Request("POST", f"{path}/disablement", ids)
    yield "enable_publisher", "district", Request("DELETE", f"{path}/disablement", ids)
    new = {"organisation_id": parent, **bounds}
    yield "issue_initial_token", "district", Request("POST", "/v1/initial-access-tokens", (parent,), new)
    token = str((await two.hand.issue_initial_token(NewInitialToken.model_validate(new))).id)
    yield "withdraw_initial_token", "district", Request("POST", f"/v1/initial-access-tokens/{token}/withdrawal", (token,))
    for operation, verdict in (("approve_registration", "approval"), ("refuse_registration", "refusal")):
        issued = await two.hand.issue_initial_token(NewInitialToken.model_validate(new))
        body = json.dumps({"client_name": "A program", "scope": "records:load", "jwks": {"keys": [Party("", "").jwk]}}).encode()
        fields = [("content-type", "application/json"), ("authorization", f"Bearer {issued.initial_access_token}")]
        client = str((await ask(two.door, "POST", "/oauth/register", headers=fields, body=body)).json["client_id"])
        yield operation, "district", Request("POST", f"/v1/registrations/{client}/{verdict}", (client,))
    async for named in _secrets(two):
        yield named


async def _secrets(two: TwoDistricts) -> AsyncIterator[Named]:
    """Of a vendor's client that can do no better."""
    new = NewClient(
        organisation_id=VENDOR,
        name="A roster application",
        kind="application",
        role="rostering",
        scopes=(f"{ROSTERING}roster-core.readonly",),
        purposes=("instruction",),
        authentication="client_secret",
        addresses=("192.0.2.0/28",),
    )
    client = (await two.hand.register_client(new)).id
    secret = str((await two.hand.add_client_secret(client)).id)
    path, ids = f"/v1/clients/{client}/secrets", (str(client),)
    yield "list_client_secrets", "state", Request("GET", path, ids)
    yield "make_client_secret", "state", Request("POST", path, ids)
    yield "remove_client_secret", "state", Request("DELETE", f"{path}/{secret}", (str(client), secret))


async def _of_families(two: TwoDistricts) -> AsyncIterator[Named]:
    """Links for a parent of the first district's student."""
    facts = await two.privacy.student()
    student = str(facts.student_id)
    new = {"student_id": student, "acting_for": parent_of(two.privacy, facts)}
    made = await two.ask(two.owners["district"], frozenset({"family:links"}), Request("POST", "/v1/family-links", (student,), new))
    link = str(made.json["id"])
    yield "make_family_link", "district", Request("POST", "/v1/family-links", (student,), new)
    yield "read_family_link", "district", Request("GET", f"/v1/family-links/{link}", (link,))
    yield "withdraw_family_link", "district", Request("POST", f"/v1/family-links/{link}/withdrawal", (link,))
