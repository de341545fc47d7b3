from typing import Any
from uuid import UUID, uuid4

import pytest

from safepassage.problems import SuiteError
from safepassage.problems.access import OrganisationNotCoherent, OrganisationTaken
from safepassage.wire_organisations import NewOrganisation, Organisation
from shared.contracts.organisations import OrganisationProjection
from tests.gateway.by_hand import Answer, Party
from tests.gateway.house import House

SCHOOL = {"kind": "school", "name": "Elm School", "nces_id": "012345678901", "valid_from": "2020-01-01"}


@pytest.fixture
async def admin(house: House) -> Party:
    return await house.sea_party("admin:organisations")


async def post(house: House, party: Party, body: dict[str, Any], *, key: str | None = None) -> Answer:
    token = await house.token(party)
    return await house.call(party, token, "POST", "/v1/organisations", headers=[("idempotency-key", key or str(uuid4()))], json=body)


async def get(house: House, party: Party, path: str) -> Answer:
    return await house.call(party, await house.token(party), "GET", path)


async def sea(house: House) -> Organisation:
    return next(one for one in await house.hand.organisations() if one.kind == "sea")


def projected(house: House, service: str, organisation_id: str) -> list[Organisation]:
    """What a service was told of an organisation, in order."""
    heard = [one for one in house.behind[service].heard if one.path == f"/internal/organisations/{organisation_id}"]
    assert all((one.method, one.principal.service, one.principal.job) == ("PUT", "gateway", "outbox") for one in heard)
    return [OrganisationProjection.model_validate_json(one.body).organisation for one in heard]


@pytest.mark.anyio
async def test_every_service_learns_of_an_organisation_and_of_its_changes_in_order(house: House, admin: Party) -> None:
    district = await house.organisation("lea", parent_id=(await sea(house)).id, nces_id="0123456")
    added = await post(house, admin, SCHOOL | {"parent_id": str(district.id)})
    assert (added.status, added.json["version"]) == (201, 1), added.body
    school = added.json
    token = await house.token(admin)
    for name in ("Ash School", "Oak School"):
        changed = await house.call(admin, token, "PUT", f"/v1/organisations/{school['id']}", json=school | {"name": name})
        assert changed.status == 200, changed.body
        school = changed.json
    entries = await house.entries()
    for service in ("privacy", "records", "audit"):
        versions = {one.version: one.name for one in projected(house, service, school["id"])}
        assert versions == {1: "Elm School", 2: "Ash School", 3: "Oak School"}
    acts = [(one.context.operation, one.actor.client_id) for one in entries if one.context.about == f"organisation:{school['id']}"]
    assert acts == [("organisation-added", admin.client_id)] + [("organisation-changed", admin.client_id)] * 2


@pytest.mark.anyio
async def test_a_change_that_was_overtaken_is_refused(house: House, admin: Party) -> None:
    vendor = await house.organisation("vendor")
    body = vendor.model_dump(mode="json")
    token = await house.token(admin)
    first = await house.call(admin, token, "PUT", f"/v1/organisations/{vendor.id}", json=body | {"name": "One"})
    second = await house.call(admin, token, "PUT", f"/v1/organisations/{vendor.id}", json=body | {"name": "Two"})
    assert (first.status, second.status, second.code) == (200, 409, "version-conflict")
    other = await house.call(admin, token, "PUT", f"/v1/organisations/{uuid4()}", json=first.json)
    assert (other.status, other.json["field"]) == (422, "id")
    kind = await house.call(admin, token, "PUT", f"/v1/organisations/{vendor.id}", json=first.json | {"kind": "agency"})
    assert (kind.status, kind.code) == (422, "organisation-not-coherent")


@pytest.mark.anyio
async def test_the_same_request_twice_adds_one_organisation(house: House, admin: Party) -> None:
    body = {"kind": "vendor", "name": "A vendor", "valid_from": "2020-01-01"}
    first, again = [await post(house, admin, body, key="0123456789") for _ in range(2)]
    assert (first.status, first.json) == (again.status, again.json)
    other = await post(house, admin, body | {"name": "Another"}, key="0123456789")
    assert (other.status, other.code) == (422, "idempotency-key-reused")
    assert len([one for one in await house.hand.organisations() if one.kind == "vendor"]) == 1
    token = await house.token(admin)
    without = await house.call(admin, token, "POST", "/v1/organisations", json=body)
    assert (without.status, without.code) == (400, "idempotency-key-missing")


@pytest.mark.anyio
async def test_what_does_not_go_together_is_no_organisation(house: House) -> None:
    state = await house.organisation("sea")
    district = await house.organisation("lea", parent_id=state.id, nces_id="0123456")
    wrong: dict[str, tuple[str, dict[str, Any]]] = {
        "a district without parent": ("lea", {}),
        "a district below a district": ("lea", {"parent_id": district.id}),
        "a school below the state": ("school", {"parent_id": state.id}),
        "a vendor below the state": ("vendor", {"parent_id": state.id}),
        "a parent that is not there": ("lea", {"parent_id": uuid4()}),
        "a school's number for a district": ("lea", {"parent_id": state.id, "nces_id": "012345678901"}),
        "a number for a vendor": ("vendor", {"nces_id": "0123457"}),
        "a peer without entity id": ("peer", {}),
        "a vendor with one": ("vendor", {"entity_id": "https://other.example"}),
        "an end before the beginning": ("vendor", {"valid_until": "2019-12-31"}),
        "a time zone that is none": ("vendor", {"time_zone": "America/Nowhere"}),
        "a time zone that is a path": ("vendor", {"time_zone": "../../etc/passwd"}),
    }
    for name, (kind, about) in wrong.items():
        with pytest.raises(OrganisationNotCoherent):
            await house.organisation(kind, **about)
        assert len(await house.hand.organisations()) == 2, name


@pytest.mark.anyio
async def test_an_identifier_belongs_to_one_organisation(house: House) -> None:
    state = await house.organisation("sea")
    await house.organisation("lea", parent_id=state.id, nces_id="0123456")
    await house.organisation("peer", entity_id="https://birch.example")
    for kind, about in (
        ("sea", {}),
        ("lea", {"parent_id": state.id, "nces_id": "0123456"}),
        ("peer", {"entity_id": "https://birch.example"}),
    ):
        with pytest.raises(OrganisationTaken):
            await house.organisation(kind, **about)
    assert len(await house.hand.organisations()) == 3


@pytest.mark.anyio
async def test_a_district_administers_its_own_tree_and_sees_no_other(house: House) -> None:
    state = await house.organisation("sea")
    oak, elm = [await house.organisation("lea", parent_id=state.id, name=name) for name in ("Oak", "Elm")]
    party = await house.party(oak, "admin:organisations")
    own = await post(house, party, SCHOOL | {"parent_id": str(oak.id)})
    assert own.status == 201, own.body
    foreign = await post(house, party, SCHOOL | {"parent_id": str(elm.id), "nces_id": None})
    nowhere = await post(house, party, {"kind": "vendor", "name": "Mine", "valid_from": "2020-01-01"})
    assert [(one.status, one.code) for one in (foreign, nowhere)] == [(404, "not-found"), (403, "not-permitted")]
    listed = await get(house, party, "/v1/organisations")
    assert {one["name"] for one in listed.json["organisations"]} == {"Oak", "Elm School"}
    there, not_there = [await get(house, party, f"/v1/organisations/{one}") for one in (elm.id, uuid4())]
    assert (
        (there.status, {**there.json, "request_id": ""})
        == (not_there.status, {**not_there.json, "request_id": ""})
        == (404, {**not_there.json, "request_id": ""})
    )
    token = await house.token(party)
    moved = own.json | {"parent_id": str(elm.id)}
    assert (await house.call(party, token, "PUT", f"/v1/organisations/{own.json['id']}", json=moved)).status == 404


@pytest.mark.anyio
async def test_of_itself_a_district_changes_neither_what_it_is_known_by_nor_when_it_ends(house: House) -> None:
    state = await house.organisation("sea")
    about = {"parent_id": state.id, "nces_id": "2701234", "state_id": "0042", "valid_until": "2030-07-01"}
    oak = await house.organisation("lea", **about)
    party = await house.party(oak, "admin:organisations")
    token, path, own = await house.token(party), f"/v1/organisations/{oak.id}", oak.model_dump(mode="json", exclude_none=True)
    for name, other in (("nces_id", "2709999"), ("state_id", "0043"), ("valid_until", "2040-07-01"), ("valid_from", "2019-01-01")):
        answer = await house.call(party, token, "PUT", path, json=own | {name: other})
        assert (answer.status, answer.code) == (403, "not-permitted"), name
    renamed = await house.call(party, token, "PUT", path, json=own | {"name": "Oak Unified"})
    assert (renamed.status, renamed.json["name"]) == (200, "Oak Unified")


@pytest.mark.anyio
async def test_a_list_goes_on_where_it_stopped_and_only_for_its_reader(house: House, admin: Party) -> None:
    for number in range(5):
        house.clock.advance(milliseconds=1)
        await house.organisation("vendor", name=f"V{number}")
    await house.app.state.standing.refresh()
    names, path, pages = [], "/v1/organisations?limit=2", 0
    while path:
        page = await get(house, admin, path)
        names += [one["name"] for one in page.json["organisations"]]
        link = page.headers.get("link")
        path, pages = (link[1 : link.index(">")] if link else ""), pages + 1
        if link:
            stranger = await house.sea_party("admin:organisations")
            assert (await get(house, stranger, path)).code == "invalid-request"
    assert (pages, names) == (3, ["A sea", "V0", "V1", "V2", "V3", "V4"])
    assert (await get(house, admin, "/v1/organisations?cursor=AAAA")).code == "invalid-request"
    assert (await get(house, admin, "/v1/organisations?limit=1001")).code == "invalid-request"


@pytest.mark.requirement("BAD-named")
@pytest.mark.anyio
async def test_bad_input_changes_nothing_and_is_not_repeated(house: House, admin: Party) -> None:
    before = len(await house.hand.organisations())
    secret = "123-45-6789"
    for body in (
        {"kind": "vendor", "name": {"ssn": secret}},
        {"kind": secret},
        {"kind": "vendor", "name": "x", "valid_from": "2020-01-01", secret: 1},
        [],
        1,
    ):
        answer = await post(house, admin, body)  # type: ignore[arg-type]  # on purpose
        assert (answer.status, answer.code) == (422, "invalid-request")
        assert secret not in answer.body.decode()
    token = await house.token(admin)
    headers = [("content-type", "application/json"), ("idempotency-key", "0123456789")]
    for raw in (b"{", b"\xff", b""):
        answer = await house.call(admin, token, "POST", "/v1/organisations", headers=headers, body=raw)
        assert answer.status in (400, 422), raw
    assert len(await house.hand.organisations()) == before


@pytest.mark.anyio
async def test_the_operator_gives_the_state_agency_the_id_it_was_promised(house: House) -> None:
    promised = uuid4()
    state = await house.hand.add_organisation(
        NewOrganisation.model_validate({"kind": "sea", "name": "S", "valid_from": "2020-01-01"}), organisation_id=promised
    )
    assert state.id == promised
    with pytest.raises(SuiteError):
        await house.hand.change_organisation(state.model_copy(update={"id": UUID(int=1)}))
