"""What is added to invented records thing by thing: each by draws of its own, and no other member moves."""

import json
from collections import Counter
from dataclasses import replace
from datetime import date
from functools import cache
from hashlib import sha256
from itertools import islice
from random import Random
from typing import Any

import pytest

from node.synthetic.details import THINGS, Child, Thing, add_details
from node.synthetic.details.things import Draws
from node.synthetic.people import family
from node.synthetic.population import Population
from node.synthetic.profiles import PROFILES
from node.synthetic.rates import DEFAULT, SUPPORT, Rates
from node.synthetic.states import organisations
from safepassage.elements import SECTIONS

DAY = date(2026, 11, 26)
NOTHING = {thing.name: 0.0 for thing in THINGS}
OFTEN = Rates(
    **dict.fromkeys((*SUPPORT, "gifted", "title_i", "meal_status", "alias", "exemption", "restraint", "expulsion"), 0.6),  # type: ignore[arg-type]
)
COUNT = 45

Made = list[dict[str, Any]]


@cache
def bare() -> list[tuple[str, Child]]:
    """Records without any thing, as JSON with every section there, and whose they are."""
    population = Population(PROFILES["demo"], as_of=DAY, rates=replace(OFTEN, details=NOTHING), students=COUNT)
    found, alder = [], population.states[0]
    districts = tuple(one for one in organisations(alder) if one.kind == "lea")
    for number, one in enumerate(islice(population.records(alder), COUNT)):
        record = {name: {} for name in SECTIONS} | one.document
        schools = {key.key: [school for school in organisations(alder) if school.parent == key.key] for key in districts}
        born, girl = date.fromisoformat(record["identity"]["birth_date"]["birth_date"]), record["identity"]["sex"]["code"] == "Female"
        home = family(alder, Random(number), number)
        found.append(
            (json.dumps(record), Child(population.calendar, alder, home, born, girl, number, one.school, districts, number, schools))
        )
    return found


@cache
def made(**shares: float) -> Made:
    """The records with things of these shares; a thing that is not named has its own."""
    records = []
    for text, child in bare():
        record = json.loads(text)
        person, household = f"1/XA/details/{child.number}", f"1/XA/family/{child.number}"
        add_details(record, child, replace(OFTEN, details=shares), person=person, household=household)
        records.append(record)
    return records


def without(record: dict[str, Any], members: tuple[str, ...]) -> dict[str, Any]:
    """The record without the members, and without what holds nothing then."""
    for member in members:
        record = _less(record, member.split("."))
    return record


def _less(held: dict[str, Any], path: list[str]) -> dict[str, Any]:
    first, *rest = path
    if first not in held:
        return held
    inner = _less(held[first], rest) if rest else {}
    return {name: inner if name == first else value for name, value in held.items() if name != first or inner}


def test_without_details_the_records_are_those_of_the_version_before() -> None:
    rates = replace(DEFAULT, details=NOTHING, leaving=0, dropping_out=0, still_claimed=0)
    population = Population(PROFILES["demo"], as_of=DAY, rates=rates, students=120)
    said = sha256()
    for one in population.records(population.states[0]):
        if one.truth.twin_of_source_id is not None:
            continue  # what is their family's was drawn for each of them in the version before
        load = json.loads(json.dumps(one.load))
        # The district's own id, and the address with it in it, were other children's of the district too in the version before;
        # so were the ids of incidents.
        del load["record"]["identity"]["identifiers"][1], load["record"]["contacts"]["emails"]
        for incident in load["record"].get("discipline", {}).get("incidents", ()):
            del incident["identifier"]
        said.update(json.dumps(load).encode())
    assert said.hexdigest() == "54845a88f63604e2dfce78d3261dbd9df8e4b06653265ce20dc49cd0c51ac9a2"


@pytest.mark.parametrize("thing", THINGS, ids=lambda thing: thing.name)
def test_a_thing_touches_its_own_members_and_no_other(thing: Thing) -> None:
    plain, alone = made(**NOTHING), made(**NOTHING | {thing.name: 1.0})
    assert alone != plain
    assert [without(one, thing.members) for one in alone] == [without(one, thing.members) for one in plain]


@pytest.mark.parametrize("thing", THINGS, ids=lambda thing: thing.name)
def test_a_thing_that_goes_leaves_every_other_member_as_it_was(thing: Thing) -> None:
    gone = made(**{thing.name: 0.0})
    assert [without(one, thing.members) for one in gone] == [without(one, thing.members) for one in made()]


def test_things_of_one_share_are_not_the_same_childrens() -> None:
    assert max(Counter(thing.name for thing in THINGS).values()) == 1
    half = made(**NOTHING | {"prefix": 0.5, "preferred_last": 0.5})
    prefixed = ["prefix" in one["identity"]["name"] for one in half]
    called = ["last" in one["identity"].get("preferred_name", {}) for one in half]
    assert prefixed != called
    assert all(COUNT // 4 < sum(those) < COUNT * 3 // 4 for those in (prefixed, called))
    assert len({Draws("a").below(1000) for _ in range(3)}) == 1


def test_draws_fall_as_often_as_their_share_and_reach_every_choice() -> None:
    fallen = sum(Draws(f"share/{number}").falls(0.25) for number in range(4000))
    assert 900 < fallen < 1100
    draws = Draws("long")
    assert Counter(draws.between(3, 6) for _ in range(400)).keys() == {3, 4, 5, 6}
    assert not any(Draws(f"never/{number}").falls(0.0) for number in range(100))
    assert all(Draws(f"ever/{number}").falls(1.0) for number in range(100))


def test_a_person_has_the_same_things_in_both_states() -> None:
    population = Population(PROFILES["demo"], as_of=DAY, rates=replace(DEFAULT, interstate=0.3, details={"second_disability": 0.5}))
    codes: dict[object, list[tuple[str, ...]]] = {}
    for state in population.states:
        for one in population.records(state):
            eligible = one.document.get("special_education", {}).get("eligibility", {})
            if "disabilities" in eligible and one.truth.case is None:
                codes.setdefault(one.truth.person_id, []).append(tuple(item["category"]["code"] for item in eligible["disabilities"]))
    twice = [those for those in codes.values() if len(those) > 1]
    assert len(twice) > 5
    assert all(len(set(those)) == 1 for those in twice)


def test_twins_live_and_lived_at_one_address_and_have_the_same_orders_of_a_court() -> None:
    rates = replace(DEFAULT, twins=1.0, rights_ended=0.2, protected_address=0.2, tribal=0.3, interstate=0.3)
    population = Population(PROFILES["demo"], as_of=DAY, rates=rates, students=120)
    compared, elsewhere = 0, Counter[bool]()
    for state in population.states:
        by_id = {one.source_id: one for one in population.records(state)}
        for place, one in enumerate(by_id.values()):
            if one.truth.case is not None or one.truth.twin_of_source_id is None:
                continue
            other, compared = by_id[one.truth.twin_of_source_id], compared + 1
            for member in ("addresses", "telephones", "guardians"):
                assert one.document["contacts"][member] == other.document["contacts"][member]
            assert one.document["identity"]["birth_place"] == other.document["identity"]["birth_place"]
            assert ("tribal_affiliation" in one.document["demographics"]) == ("tribal_affiliation" in other.document["demographics"])
            elsewhere[place >= population.count] += 1
    assert compared > 200
    assert elsewhere[True] > 20


def test_no_two_incidents_of_a_state_have_one_id() -> None:
    rates = replace(DEFAULT, expulsion=0.2, details={"other_role": 0.5, "suspended": 0.5})
    population = Population(PROFILES["demo"], as_of=DAY, rates=rates)
    for state in population.states:
        incidents = [incident for one in population.records(state) for incident in one.document.get("discipline", {}).get("incidents", ())]
        assert len({incident["identifier"] for incident in incidents}) == len(incidents) > 100
        drawn = [one["identifier"].partition("-")[2] for one in incidents if one["identifier"].startswith("D")]
        assert len(set(drawn)) == len(drawn) > 10, "not by luck: what follows the drawn digits is the record's own"


def test_twins_have_alike_what_is_the_familys() -> None:
    rates = replace(DEFAULT, twins=1.0, rights_ended=0, protected_address=0)
    population = Population(PROFILES["demo"], as_of=DAY, rates=rates, students=100)
    first = list(islice(population.records(population.states[0]), 24, 100))
    custody, counties = [], []
    for one, other in zip(first[::2], first[1::2], strict=True):
        assert one.document["identity"]["birth_date"]["birth_date"] == other.document["identity"]["birth_date"]["birth_date"]
        pair = [twin.document["contacts"] for twin in (one, other)]
        custody.append([any("court_documents" in guardian for guardian in those["guardians"]) for those in pair])
        counties.append(["county" in those["addresses"][0] for those in pair])
        assert len(pair[0]["guardians"]) == len(pair[1]["guardians"])
    assert all(a == b for a, b in custody + counties)
    assert any(a for a, _ in counties)
