"""Where objects are is remembered in few bytes and nobody's words, no longer than it is so."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from services.records.oneroster.plans import EACH_BYTES, Mark, Plan, Plans
from shared.contracts.privacy import FactsMark

NOW = datetime(2026, 10, 20, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=15)


def mark(records: int = 1, *, changes: int = 1, policy: str = "A" * 43) -> Mark:
    return Mark(records, FactsMark(changes=changes, policy_hash=policy))


def plan(*objects: tuple[int, list[int]], seen: Mark | None = None) -> Plan:
    return Plan(seen or mark(), LATER, [(digest, [UUID(int=one) for one in students]) for digest, students in objects])


@settings(max_examples=30)
@given(st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=4), max_size=30), st.integers(0, 35), st.integers(1, 12))
def test_a_page_names_its_objects_in_order_and_exactly_whose_records_they_are_made_of(
    makers: list[list[int]], offset: int, limit: int
) -> None:
    made = plan(*enumerate(makers))
    place = made.at(offset, limit)
    assert list(place.digests) == list(range(len(makers)))[offset : offset + limit]
    asked_about = makers[offset : offset + limit] or makers[-1:]
    assert {one.int for one in place.students} == {one for those in asked_about for one in those}
    assert len(place.students) == len(set(place.students))
    assert made.total == len(makers)


def test_a_plan_is_there_while_its_decisions_hold_and_says_of_what_it_was_made() -> None:
    plans = Plans()
    key, kept = plans.key("getAllUsers", "familyName='Núñez'"), plan((7, [1]))
    plans.keep(key, kept)
    assert plans.find(key, NOW) is kept
    assert kept.mark == mark()
    assert kept.mark not in (mark(2), mark(changes=2), mark(policy="B" * 42 + "A"))
    assert plans.find(key, LATER) is None
    assert plans.size_bytes == 0


def test_all_plans_of_a_process_take_no_more_than_their_bound_and_the_longest_unused_go_first() -> None:
    size = plan((7, [1])).size_bytes
    assert EACH_BYTES < size < EACH_BYTES + 40
    plans = Plans(most_bytes=2 * size)
    first, second, third = (plans.key(one) for one in "abc")
    plans.keep(first, plan((1, [1])))
    plans.keep(second, plan((2, [2])))
    assert plans.find(first, NOW) is not None
    plans.keep(third, plan((3, [3])))
    assert [plans.find(one, NOW) is not None for one in (first, second, third)] == [True, False, True]
    assert plans.size_bytes == 2 * size
    plans.keep(first, plan(*((one, list(range(1, 400))) for one in range(20))))
    assert [plans.find(one, NOW) is not None for one in (first, third)] == [False, True]
    assert plans.size_bytes == size


def test_a_plan_of_fifty_thousand_students_and_three_hundred_thousand_places_takes_six_mebibytes() -> None:
    made = Plan(mark(), LATER, ((number, [UUID(int=number // 60 + 1)]) for number in range(30_000)))
    assert made.size_bytes * 10 == 10 * EACH_BYTES + 5_000 * 16 + 300_000 * 16 < 6 * 2**20


def test_a_question_and_an_object_are_known_again_and_told_by_nothing_that_is_kept() -> None:
    plans, other = Plans(), Plans()
    assert plans.key("familyName='Núñez'", 1) == plans.key("familyName='Núñez'", 1) != plans.key("familyName='Núñez'", 2)
    one, renamed, two = (
        {"sourcedId": sourced_id, "familyName": name} for sourced_id, name in (("1", "Núñez"), ("1", "Ruiz"), ("2", "Núñez"))
    )
    assert plans.digest(one) == plans.digest(renamed) != plans.digest(two)
    assert other.digest(one) != plans.digest(one)  # the key is the process' own
    assert other.key("familyName='Núñez'") != plans.key("familyName='Núñez'")
