"""The cases that are hard for machines, each with its verdict: of a request from another state, and of two records within a node."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from services.records.linking.model import link_model
from services.records.linking.persons import CROWDED, without_crowded
from services.records.linking.verdicts import Linked, Thresholds, Verdicts, verdicts
from services.records.lookup_tags import LookupTags
from services.records.matching import Certain, NeedsPerson, NoCandidate
from services.records.matching_candidates import name_tags
from tests.records.linking.children import HOME, Child, asked, child, person, record

SURE = 40.0
"""Bits: whatever the weight, the rules decide."""


def linked(*children: Child, weight: float = SURE) -> Verdicts:
    """What follows of the first two; the others are records of the node beside them."""
    people = [person(str(number), one) for number, one in enumerate(children)]
    return verdicts([("0", "1", weight)], {one.key: one for one in people}, link_model().thresholds)


def reasons(found: Verdicts) -> Sequence[str]:
    """Why a person is asked; nothing was united."""
    assert found.automatic == ()
    [one] = found.for_person
    return one.reasons


def united(found: Verdicts) -> bool:
    """The machine united them, and asks nobody."""
    return len(found.automatic) == 1 and not found.for_person


@pytest.mark.requirement("HARD-1")
@pytest.mark.parametrize("said", [{}, {"twin": True}, {"twin": False}])
def test_twins_of_one_home_are_never_united_nor_certain(said: dict[str, Any]) -> None:
    jayden, jaylen = child(first="Jayden", **said), child(first="Jaylen", **said)
    assert "given-name-near" in reasons(linked(jayden, jaylen))
    assert "multiple-birth" in reasons(linked(jayden, child(first="Jayden"), jaylen))
    assert isinstance(asked(jayden, jayden, jaylen), NeedsPerson)
    assert reasons(linked(child(twin=True), child())) == ("multiple-birth",)


@pytest.mark.requirement("HARD-1")
def test_two_names_of_a_group_that_are_both_given_at_birth_need_one_middle_name_and_may_be_twins_beside_a_third() -> None:
    eleanor, nora = child(first="Eleanor", middle="May"), child(first="Nora")
    assert reasons(linked(eleanor, nora)) == ("nickname",)
    assert reasons(linked(eleanor, nora | {"middle": "Belle"})) == ("middle-name-differs", "nickname")
    assert united(linked(eleanor, nora | {"middle": "M"}))
    assert united(linked(child(first="Elijah"), child(first="Eli")))
    assert "multiple-birth" in reasons(linked(eleanor, eleanor, nora))
    assert united(linked(eleanor, eleanor))


@pytest.mark.requirement("HARD-2")
def test_a_twin_under_the_others_id_is_a_conflict_for_a_person() -> None:
    jayden, jaylen = child(first="Jayden", state_id="1000000009"), child(first="Jaylen", state_id="2000000008")
    swapped = asked(child(first="Jayden", state_id="2000000008"), jayden, jaylen)
    assert isinstance(swapped, NeedsPerson)
    assert "identifier-contradicts" in swapped.reasons
    assert "given-name-near" in reasons(linked(child(first="Jaylen", state_id="1000000009"), jayden))


@pytest.mark.requirement("HARD-3")
@pytest.mark.parametrize("written", [{"last_1": "García"}, {"last_1": "López"}, {"last_1": "García-López"}, {"last_1": "López García"}])
def test_one_of_two_surnames_is_enough_beside_the_rest(written: Child) -> None:
    both = child(first="Lucía", last_1="García", last_2="López")
    assert asked(both | {"last_2": None} | written, both) == asked(both, both)
    assert isinstance(asked(both, both), Certain)
    assert united(linked(both, both | {"last_2": None} | written))


@pytest.mark.requirement("HARD-4")
@pytest.mark.parametrize("written", ["De La Cruz", "Delacruz", "Cruz, De La", "DE LA CRUZ", "de-la-Cruz"])
def test_particles_may_be_apart_together_or_behind(written: str) -> None:
    cruz = child(last_1="De la Cruz")
    assert isinstance(asked(child(last_1=written), cruz), Certain)
    assert united(linked(cruz, child(last_1=written)))


@pytest.mark.requirement("HARD-5")
@pytest.mark.parametrize(
    ("one", "other"), [("O'Brien", "OBrien"), ("O’Brien", "O'Brien"), ("Núñez", "Nunez"), ("Kaʻahumanu", "Kaahumanu"), ("Łukasz", "Lukasz")]
)
def test_marks_and_apostrophes_are_no_difference(one: str, other: str) -> None:
    assert isinstance(asked(child(last_1=one), child(last_1=other)), Certain)
    assert united(linked(child(last_1=one), child(last_1=other)))


@pytest.mark.requirement("HARD-6")
def test_transliterations_are_near() -> None:
    mohammed, muhammad = child(first="Mohammed", last_1="Haddad"), child(first="Muhammad", last_1="Haddad")
    assert isinstance(asked(mohammed, muhammad), NeedsPerson)
    assert reasons(linked(mohammed, child(first="Muhammad", last_1="Haddad", mother=None))) == ("nickname",)
    assert isinstance(asked(child(first="Thi", last_1="Nguyen"), child(first="Thị", last_1="Nguyễn")), Certain)


@pytest.mark.requirement("HARD-7")
@pytest.mark.parametrize(("name", "called"), [("Guillermo", "Bill"), ("Margaret", "Peggy")])
def test_a_nickname_is_near_and_a_match_with_the_birth_date_and_the_same_guardian(name: str, called: str) -> None:
    assert united(linked(child(first=name), child(first=called)))
    assert reasons(linked(child(first=name), child(first=called, mother=None))) == ("nickname",)
    assert "birth-date-differs" in reasons(linked(child(first=name), child(first=called, born="2012-05-21")))
    assert isinstance(asked(child(first=called), child(first=name)), NeedsPerson)


@pytest.mark.requirement("HARD-8")
def test_the_middle_name_used_as_first_is_near() -> None:
    r_james, james = child(first="R", middle="James"), child(first="James")
    assert isinstance(asked(james, r_james), NeedsPerson)
    assert "given-name-near" in reasons(linked(r_james, james))


@pytest.mark.requirement("HARD-9")
def test_a_father_of_the_same_name_is_somebody_else() -> None:
    son, father = child(suffix="III"), child(suffix="Jr.", born="1984-05-20")
    assert asked(son, father) == NoCandidate()
    assert "suffix-differs" in reasons(linked(son, child(suffix="Jr.")))
    assert "birth-date-differs" in reasons(linked(son, father))


@pytest.mark.requirement("HARD-10")
def test_day_and_month_exchanged_are_near() -> None:
    march, april = child(born="2012-03-04"), child(born="2012-04-03")
    assert isinstance(asked(april, march), NeedsPerson)
    assert reasons(linked(march, april)) == ("birth-date-differs",)


@pytest.mark.requirement("HARD-11")
def test_a_slip_in_the_date_is_near_and_the_first_of_january_carries_no_weight() -> None:
    for born in ("2012-05-21", "2013-05-20"):
        assert reasons(linked(child(), child(born=born))) == ("birth-date-differs",)
    refugee = child(born="2012-01-01")
    assert reasons(linked(refugee, refugee)) == ("default-birth-date",)
    assert isinstance(asked(refugee, refugee), NeedsPerson)


@pytest.mark.requirement("HARD-12")
def test_two_children_of_one_name_and_birth_date_in_two_towns_are_not_united() -> None:
    elsewhere = child(mother={"first": "Rosa", "last_1": "Pratt"}, address=HOME | {"street": "9 Heron Loop", "city": "Harrow"})
    assert reasons(linked(child(), elsewhere)) == ("name-and-birth-date-only",)
    assert isinstance(asked(child(), child(), elsewhere), NeedsPerson)


@pytest.mark.requirement("HARD-13")
def test_a_changed_name_matches_by_an_alias_and_never_by_a_sealed_one() -> None:
    before, alias = child(first="Sam", last_1="Vance"), {"kind": "alias", "first": "Sam", "last": "Vance"}
    now = child(first="Robin", last_1="Hart")
    assert isinstance(asked(before, now | {"others": [alias]}), Certain)
    assert united(linked(before, now | {"others": [alias]}))
    sealed = now | {"others": [alias | {"kind": "previous-legal", "sealed": True}]}
    assert not isinstance(asked(before, sealed), Certain)
    assert {"given-name-near", "surname-differs"} <= set(reasons(linked(before, sealed)))
    assert not {"sam", "vance"} & (person("0", sealed).given_forms | person("0", sealed).surnames)


@pytest.mark.requirement("HARD-16")
def test_an_address_that_many_share_carries_no_weight() -> None:
    many = [person(str(number), child(mother=None)) for number in range(CROWDED + 1)]
    assert all(not one.places for one in without_crowded(many))
    assert all(one.places for one in without_crowded(many[:-1]))
    assert reasons(linked(child(mother=None, address=None), child(mother=None, address=None))) == ("name-and-birth-date-only",)


@pytest.mark.requirement("HARD-24")
def test_compound_names_are_one_and_placeholders_say_nothing() -> None:
    mary = child(first="Mary Ann")
    assert united(linked(mary, child(first="Maryann")))
    assert isinstance(asked(child(first="Maryann"), mary), Certain)
    assert united(linked(child(first="Wei", last_1="Chen Li"), child(first="Wei", last_1="Li Chen")))
    nameless, other = child(first="FNU"), child(first="FNU")
    assert "given-name-near" in reasons(linked(nameless, other))
    assert person("0", nameless).given is None
    assert not isinstance(asked(child(first="FNU", last_1="LNU"), child(first="FNU", last_1="LNU")), Certain)


@pytest.mark.requirement("HARD-24")
def test_a_family_name_that_is_written_first_is_near_and_who_has_one_name_alone_is_a_persons() -> None:
    wei, written = child(first="Wei", last_1="Chen"), child(first="Chen", last_1="Wei")
    assert isinstance(asked(written, wei), NeedsPerson)
    assert asked(written | {"born": "2012-05-21"}, wei) == NoCandidate()
    unknown = {"former_school_nces_id": "030009000099", "guardian_last_name": None}
    assert isinstance(asked(written, wei, **unknown), NeedsPerson), "both names and the birth date are enough for a look"
    assert asked(written | {"last_1": "Chao"}, wei, **unknown) == NoCandidate()
    assert {"given-name-near", "surname-differs"} <= set(reasons(linked(wei, written)))
    alone = child(first=None, last_1="Suharto")
    for first, last in (("Suharto", "LNU"), ("FNU", "Suharto"), ("Suharto", "Suharto")):
        assert isinstance(asked(alone | {"first": first, "last_1": last}, alone), NeedsPerson)
        stranger = child(first="Ana", last_1="Suharto", mother=None)
        assert not isinstance(asked(alone | {"first": first, "last_1": last}, stranger), Certain)


@pytest.mark.requirement("HARD-24")
def test_names_that_are_exchanged_or_one_alone_are_looked_for() -> None:
    tags, born = LookupTags(bytes(32)), date(2012, 5, 20)
    held = tags.of_identity(record(child(first="Wei", last_1="Chen")).identity)
    assert held & name_tags(tags, "Chen", "Wei", born)
    assert not held & name_tags(tags, "Chan", "Wang", born)
    alone = tags.of_identity(record(child(first=None, last_1="Suharto")).identity)
    assert all(alone & name_tags(tags, first, last, born) for first, last in (("Suharto", "LNU"), ("FNU", "Suharto")))


@pytest.mark.requirement("HARD-25")
def test_two_ids_of_one_state_for_one_child_are_a_proposal_to_a_person() -> None:
    first, second = child(state_id="1000000009"), child(state_id="2000000008")
    assert reasons(linked(first, second)) == ("identifier-contradicts",)
    assert united(linked(first, child()))


@pytest.mark.requirement("HARD-26")
def test_another_grade_is_no_veto() -> None:
    assert united(linked(child(grade="04"), child(grade="06")))
    assert isinstance(asked(child(), child(grade="02")), Certain)


def test_a_weight_below_the_threshold_unites_nobody_and_far_below_asks_nobody() -> None:
    people = {key: person(key, child()) for key in ("0", "1")}
    people |= {"2": person("2", child(middle="Rose")), "3": person("3", child(middle="Jo"))}
    low = Thresholds(automatic=20.0, person=10.0, pairs=1e8)
    [asked_about] = verdicts([("0", "1", 19.9)], people, low).for_person
    assert asked_about.reasons == ("weight-below-automatic",)
    assert verdicts([("0", "1", 20.0)], people, low).automatic == (Linked("0", "1", 20.0),)
    assert verdicts([("0", "1", 9.9)], people, low) == Verdicts((), ())
    high = Thresholds(automatic=12.0, person=16.0, pairs=1e8)
    assert len(verdicts([("0", "1", 12.0)], people, high).automatic) == 1
    assert verdicts([("2", "3", 15.9)], people, high) == Verdicts((), ())
    assert verdicts([("2", "3", 16.0)], people, high).for_person[0].reasons == ("middle-name-differs",)


def test_among_more_pairs_more_weight_is_asked_for() -> None:
    thresholds = link_model().thresholds
    more = thresholds.for_pairs(thresholds.pairs * 8)
    assert (more.automatic, more.person) == (thresholds.automatic + 3, thresholds.person + 3)
    assert thresholds.for_pairs(1) == thresholds


def test_of_two_who_agree_with_one_and_not_with_each_other_none_is_united() -> None:
    one = child(telephone="(200) 555-0101")
    other = child(middle="Rose", mother={"first": "Eva", "last_1": "Pratt"})
    third = child(middle="Jo", address=None, telephone="(200) 555-0101", mother=None)
    people = {key: person(key, facts) for key, facts in (("0", one), ("1", other), ("2", third))}
    found = verdicts([("0", "1", SURE), ("0", "2", SURE), ("1", "2", SURE)], people, link_model().thresholds)
    assert found.automatic == ()
    assert {(pair.one, pair.other) for pair in found.for_person} == {("0", "1"), ("0", "2"), ("1", "2")}


def test_a_third_record_of_a_child_whose_two_are_united_is_put_before_a_person_once() -> None:
    """It agrees with either, and something speaks against it."""
    third = child(born="2012-05-02")
    people = {key: person(key, facts) for key, facts in (("0", child()), ("1", child()), ("2", third), ("3", third))}
    found = verdicts([("0", "1", SURE), ("0", "2", SURE - 2), ("1", "2", SURE - 1)], people, link_model().thresholds)
    assert ([(pair.one, pair.other) for pair in found.automatic], found.for_person) == ([("0", "1")], ())
    [likely] = found.beside
    assert [(pair.one, pair.other, pair.reasons) for pair in likely] == [
        ("1", "2", ("birth-date-differs",)),
        ("0", "2", ("birth-date-differs",)),
    ]
    two = verdicts([("0", "1", SURE), ("2", "3", SURE), ("0", "2", SURE), ("1", "3", SURE)], people, link_model().thresholds)
    assert [len(pairs) for pairs in two.beside] == [2], "two children of two records each are one question"


def test_of_records_that_somebody_has_parted_the_machine_makes_no_child_again() -> None:
    third = child(born="2012-05-02")
    people = {key: person(key, facts) for key, facts in (("0", child()), ("1", child()), ("2", third))}
    scored = [("0", "1", SURE), ("0", "2", SURE), ("1", "2", SURE)]
    found = verdicts(scored, people, link_model().thresholds, frozenset([frozenset("01")]))
    assert (found.automatic, found.beside) == ((), ())
    assert {(pair.one, pair.other) for pair in found.for_person} == {("0", "1"), ("0", "2"), ("1", "2")}


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        ("hadley", "hadly", True),
        ("hadley", "haddley", True),
        ("hadley", "hadely", True),
        ("hadley", "hadlex", True),
        ("hadley", "hadley", False),
        ("kim", "kin", False),
        ("hadley", "harvey", False),
        ("hadley", "hadleyson", False),
    ],
)
def test_a_slip_in_the_surname_needs_the_same_guardian(one: str, other: str, near: bool) -> None:
    found = linked(child(last_1=one), child(last_1=other))
    assert united(found) is (near or one == other)
    assert united(linked(child(last_1=one), child(last_1=other, mother=None))) is (one == other)
