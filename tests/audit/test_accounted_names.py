"""What the parties of a record of disclosures are called: 34 CFR 300.614 asks for the name; and what says nothing is no part of it."""

from dataclasses import replace
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from safepassage.wire_log import AccountedEntry, FurtherParty, Party
from services.audit.disclosures.accounted_entries import accounted_entry, names_in, with_names
from services.audit.openings import Place, open_entries
from services.audit.published import published_log
from tests.audit.audit_node import ELM, ENTITY, OAK, AuditNode, disclosure, give_organisations
from tests.audit.test_accounting import rule

BIRCH = "https://birch.example"
BEHIND_A_PEER = f"{BIRCH}#{ELM}"


def entry(**about: Any) -> AccountedEntry:
    made = rule("disclosure")
    assert made is not None
    return made.model_copy(update=about)


@pytest.mark.anyio
async def test_names_are_of_who_received_it_and_of_the_agency_on_whose_behalf_it_was_given(node: AuditNode) -> None:
    await give_organisations(node)
    given = entry(party=Party(organisation=str(OAK)), on_behalf_of=ELM)
    elsewhere = entry(party=Party(organisation=BEHIND_A_PEER, node=BIRCH))
    async with node.database.reading() as tx:
        assert await names_in(tx, ENTITY, [given, elsewhere]) == {str(OAK): "lea", str(ELM): "lea"}
        assert await names_in(tx, ENTITY, [elsewhere]) == {}


def test_the_register_says_what_its_own_are_called_and_of_others_stays_what_their_node_called_them() -> None:
    names = {str(OAK): "Oak District", BIRCH: "Department of Birch"}
    further = FurtherParty(party=Party(organisation=str(OAK), node=BIRCH), interest=entry().interest)
    own = entry(party=Party(organisation=str(OAK), name="as it once was"), further_parties=(further,))
    told = with_names(own, names)
    assert (told.party.name, told.party.agency) == ("Oak District", None)
    assert (told.further_parties[0].party.name, told.further_parties[0].party.agency) == ("Oak District", "Department of Birch")
    behind = entry(party=Party(organisation=BEHIND_A_PEER, node=BIRCH, name="Elm School"))
    told = with_names(behind, names)
    assert (told.party.name, told.party.agency) == ("Elm School", "Department of Birch")
    assert with_names(entry(party=Party(node="https://nobody.example")), names).party == Party(node="https://nobody.example")


@pytest.mark.anyio
async def test_an_entry_of_which_one_part_is_gone_is_no_part_of_the_record(node: AuditNode) -> None:
    """Who and what are sealed together, so that one cannot go alone: where a store says otherwise, nothing is told of it."""
    student = uuid4()
    at = (await node.append(disclosure(node, student))).entries[-1].index
    async with node.database.reading() as tx:
        published = await published_log(tx)
        (opened,) = await open_entries(tx, node.app.state.keys, [Place(published.log.year, at)])
    whole = accounted_entry(opened, published, ZoneInfo("UTC"))
    assert whole is not None
    assert whole.index == at
    parts: tuple[dict[str, Any], ...] = ({"actor": None}, {"context": None}, {"subjects": []}, {"actor": None, "context": None})
    for gone in parts:
        assert accounted_entry(replace(opened, **gone), published, ZoneInfo("UTC")) is None, gone
