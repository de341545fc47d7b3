"""Two states through four years: the rates that were asked for, moves that both states tell of alike, who is who apart."""

import json
import tracemalloc
from collections import Counter
from dataclasses import replace
from datetime import date
from itertools import islice, pairwise
from math import sqrt
from random import Random

import pytest

from node.synthetic.calendar import SchoolCalendar
from node.synthetic.details.things import Draws
from node.synthetic.leaving import left_for_good
from node.synthetic.lives import GRADES, Schools, life
from node.synthetic.population import Population, SyntheticRecord
from node.synthetic.profiles import PROFILES
from node.synthetic.rates import DEFAULT, Rates
from node.synthetic.students import World
from safepassage.record.loads import NewStudent

DAY = date(2026, 11, 26)
MOVING = replace(DEFAULT, interstate=0.06, registered_anew=0.2, twins=0.1)
COUNT = 300


@pytest.fixture(scope="module")
def population() -> Population:
    return Population(PROFILES["demo"], as_of=DAY, rates=MOVING, students=COUNT)


@pytest.fixture(scope="module")
def records(population: Population) -> dict[str, list[SyntheticRecord]]:
    return {state.name: list(population.records(state)) for state in population.states}


def _everything(records: dict[str, list[SyntheticRecord]]) -> list[SyntheticRecord]:
    return [one for those in records.values() for one in those]


def test_the_same_seed_and_day_give_the_same_records(population: Population, records: dict[str, list[SyntheticRecord]]) -> None:
    again = Population(PROFILES["demo"], as_of=DAY, rates=MOVING, students=COUNT)
    other = Population(PROFILES["demo"], as_of=DAY, rates=MOVING, students=COUNT, seed=2)
    alder = population.states[0]
    assert list(islice(again.records(alder), 20)) == records["Alder"][:20]
    assert [one.load for one in islice(other.records(alder), 20)] != [one.load for one in records["Alder"][:20]]


def test_every_record_is_one_that_the_node_loads(records: dict[str, list[SyntheticRecord]]) -> None:
    for one in _everything(records)[::3]:
        NewStudent.model_validate_json(json.dumps(one.load))


def test_no_id_is_given_twice_but_to_swapped_twins(records: dict[str, list[SyntheticRecord]]) -> None:
    for those in records.values():
        assert len({one.source_id for one in those}) == len({one.truth.true_state_id for one in those}) == len(those) >= COUNT
    numbers: dict[str, set[object]] = {}
    for one in _everything(records):
        if one.truth.case is None and "ssn" in one.document["identity"]:
            numbers.setdefault(one.document["identity"]["ssn"], set()).add(one.truth.person_id)
    assert numbers
    assert all(len(people) == 1 for people in numbers.values())


def test_a_districts_own_id_is_one_childs_there_and_other_childrens_elsewhere(records: dict[str, list[SyntheticRecord]]) -> None:
    for those in records.values():
        given = Counter((own["system"], own["value"]) for one in those for own in one.document["identity"]["identifiers"][1:2])
        assert set(given.values()) == {1}
        districts = Counter(value for _, value in given)
        assert sum(times > 1 for times in districts.values()) > len(districts) / 5
        addresses = [one.document["contacts"]["emails"][0]["address"] for one in those]
        assert len(set(addresses)) == len(addresses)


def test_the_made_population_has_the_rates_that_were_asked_for(records: dict[str, list[SyntheticRecord]]) -> None:
    firsts = [one.document for those in records.values() for one in those[:COUNT] if one.truth.case is None]
    girls = [one["identity"]["sex"]["code"] == "Female" for one in firsts]
    programmes = [one.get("programmes", {}) for one in firsts]
    special = [one.get("special_education", {}) for one in firsts]
    names = [one["identity"].get("other_names", ()) for one in firsts]
    found: dict[str, list[bool]] = {
        "iep": ["iep" in one for one in special],
        "section_504": ["section_504" in one for one in special],
        "english_learner": [one.get("english_learner", {}).get("status", {}).get("code") == "Yes" for one in programmes],
        **{name: [name in one for one in programmes] for name in ("homeless", "foster", "migrant")},
        **{name: [name in one for one in programmes] for name in ("meal_status", "gifted", "title_i")},
        "military": ["military_connection" in one["demographics"] for one in firsts],
        "tribal": ["tribal_affiliation" in one["demographics"] for one in firsts],
        "alias": [any(other["kind"] == "alias" for other in those) for those in names],
        "sealed_name": [any(other.get("sealed") for other in those) for those in names],
        "suffix": ["suffix" in one["identity"]["name"] for one, girl in zip(firsts, girls, strict=True) if not girl],
        "earlier_address": [len(one["contacts"]["addresses"]) == 2 for one in firsts],
        "rights_ended": [any("ended_by" in other.get("rights", {}) for other in one["contacts"]["guardians"]) for one in firsts],
        "protected_address": [bool(one["contacts"]["addresses"][0].get("protected")) for one in firsts],
        "exemption": ["exemptions" in one["health"]["immunizations"] for one in firsts],
        "twins": [one["identity"]["multiple_birth"]["indicator"] for one in firsts],
    }
    for name, those in found.items():
        share = getattr(MOVING, name)
        assert abs(sum(those) / len(those) - share) <= 4 * sqrt(share * (1 - share) / len(those)) + 0.5 / len(those), name
    hispanic = sum(one.truth.origin == "spanish" for one in _everything(records)) / len(_everything(records))
    assert 0.2 < hispanic < 0.36


def _lives(rates: Rates, count: int = 1500) -> Counter[str]:
    calendar, counted = SchoolCalendar(DAY), Counter[str]()
    worlds = [World(state, calendar, 1) for state in PROFILES["state"].states()]
    home, other = (Schools(world.state, tuple(world.districts), world.schools) for world in worlds)
    for number in range(count):
        random = Random(f"life/{number}")
        lived = life(home, other, calendar, random, rates, grade=random.randrange(GRADES))
        stays = [one.stay for one in lived.sojourns]
        years = len({one.year for one in stays})
        counted["years"] += years
        counted["summers"] += years - 1
        counted["anew"] += lived.anew_from is not None
        for before, after in zip(lived.sojourns, lived.sojourns[1:], strict=False):
            mid_year = before.stay.year == after.stay.year
            crosses, district = before.home != after.home, before.stay.district != after.stay.district
            counted["interstate"] += crosses
            counted["returned"] += crosses and after.home
            counted["interstate mid-year"] += crosses and mid_year
            counted["district"] += district and not crosses and after.stay.entry_code == "01822"
            counted[f"exit {before.stay.exit_code}"] += 1
        counted["graduated"] += stays[-1].exit_code == "01921" and stays[-1].exit_date is not None
    return counted


def test_families_move_as_often_as_was_asked_in_summers_and_mid_year_and_some_return() -> None:
    rates = replace(DEFAULT, interstate=0.1, returning=0.0)
    counted = _lives(rates)
    expected = rates.interstate * (counted["summers"] * (1 - rates.mid_year) + counted["years"] * rates.mid_year * 0.85)
    assert abs(counted["interstate"] - expected) < 4 * sqrt(expected)
    assert 0.2 < counted["interstate mid-year"] / counted["interstate"] < 0.6
    assert counted["exit 01909"] == counted["interstate"]
    assert _lives(replace(rates, returning=0.5))["returned"] > 1.5 * counted["returned"]
    assert 0.1 < counted["graduated"] / 1500 < 0.3
    settled = _lives(Rates(interstate=0, between_districts=0, within_district=0), count=300)
    assert (settled["interstate"], settled["anew"], settled["exit 01909"]) == (0, 0, 0)


def test_what_one_state_ends_the_other_begins(records: dict[str, list[SyntheticRecord]]) -> None:
    by_person: dict[object, list[SyntheticRecord]] = {}
    for one in _everything(records):
        by_person.setdefault(one.truth.person_id, []).append(one)
    moved = 0
    for those in (those for those in by_person.values() if not any(one.truth.claim for one in those)):
        every = (stay for one in those for stay in one.document["enrollment"]["enrollments"] if stay.get("primary", True))
        stays = sorted(every, key=lambda stay: stay["entry_date"])
        for before, after in pairwise(stays):
            assert before["exit_date"] < after["entry_date"]
            crosses = before["school"]["state"] != after["school"]["state"]
            assert (before["exit_type"]["code"] == "01909") is crosses
            assert crosses <= (after["entry_type"]["code"] == "01823")
            moved += crosses
        assert all("exit_date" in stay for stay in stays[:-1])
    assert moved > 20


def test_who_leaves_for_good_does_so_in_the_middle_of_a_year_and_nobody_elses_record_changes() -> None:
    stays, leaves = (
        Population(PROFILES["demo"], as_of=DAY, rates=replace(MOVING, leaving=share, dropping_out=share)) for share in (0.0, 0.1)
    )
    for state in stays.states:
        compared = list(zip(stays.records(state), leaves.records(state), strict=True))
        moved = [(before, after) for before, after in compared if before != after]
        assert len(compared) / 20 < len(moved) < len(compared) * 0.7
        for before, after in moved:
            assert (before.source_id, before.truth.person_id) == (after.source_id, after.truth.person_id)
            last = after.document["enrollment"]["enrollments"][0]
            assert last["exit_type"]["code"] in ("01912", "01916", "01918", "01927")
            assert date.fromisoformat(last["exit_date"]) < DAY
            assert date(last["school_year"] - 1, 8, 1) < date.fromisoformat(last["exit_date"]) < date(last["school_year"], 6, 15)
            assert "current_courses" not in after.document.get("academics", {})


def test_who_leaves_leaves_as_often_as_is_asked() -> None:
    calendar = SchoolCalendar(DAY)
    home, other = (
        Schools(world.state, tuple(world.districts), world.schools)
        for world in (World(state, calendar, 1) for state in PROFILES["state"].states())
    )
    rates, counted = replace(DEFAULT, interstate=0.0, between_districts=0.0, within_district=0.0), Counter[str]()
    for number in range(6000):
        whole = life(home, other, calendar, Random(f"life/{number}"), rates, grade=number % GRADES)
        left = left_for_good(whole, Draws(f"leaving/{number}"), rates, calendar)
        for one in left.sojourns:
            days = ((one.stay.exit_date or DAY) - one.stay.entry_date).days
            counted["years"] += days
            counted["high"] += days if one.stay.grade >= 9 else 0
        counted[left.sojourns[-1].stay.exit_code if left != whole else "stays"] += 1
    elsewhere = sum(counted[code] for code in ("01912", "01916", "01918"))
    for found, expected in (
        (elsewhere, rates.leaving * counted["years"] / 285),
        (counted["01927"], rates.dropping_out * counted["high"] / 285),
    ):
        assert abs(found - expected) < 4 * sqrt(expected) + 0.06 * expected, (found, expected)


def test_a_child_registered_anew_has_two_ids_in_one_state_and_the_truth_knows(records: dict[str, list[SyntheticRecord]]) -> None:
    of_person = Counter(one.truth.person_id for one in records["Alder"])
    twice = [person for person, times in of_person.items() if times == 2]
    assert twice
    for person in twice:
        first, second = (one for one in records["Alder"] if one.truth.person_id == person)
        assert first.truth.true_state_id != second.truth.true_state_id
        assert first.document["identity"]["birth_date"]["birth_date"][:4] == second.document["identity"]["birth_date"]["birth_date"][:4]


def test_no_record_says_who_the_person_is(records: dict[str, list[SyntheticRecord]]) -> None:
    assert not any(str(one.truth.person_id) in json.dumps(one.load) for one in _everything(records))


def test_memory_does_not_grow_with_the_number_of_records(population: Population) -> None:
    """Both parts hold the longest record: Python 3.14 writes JSON in half the memory, so that one long record is a third of the peak."""
    peaks = []
    for count in (75, 150):
        list(islice(population.records(population.states[0]), 20))
        tracemalloc.start()
        for one in islice(population.records(population.states[0]), count):
            json.dumps(one.load)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < min(1.2 * peaks[0], 1_000_000)
