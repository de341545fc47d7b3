"""What goes between the two tells neither how many there are nor which texts they are."""

from uuid import UUID

from safepassage.canonical import from_base64url
from safepassage.finding import MOST_POINTS, TOKENS
from safepassage.wire_exchange import PersonSelector
from services.records.finding.comparing import ROUNDED_TO, points_of, within_one_comparison
from services.records.finding.curve import blinded, point_of
from services.records.finding.seeking import seek
from services.records.finding.tokens import sought_texts
from services.records.lookup_tags import LookupTags

SECRET, EXCHANGE = b"s" * 32, UUID(int=7)
TAGS = LookupTags(b"k" * 32)
ANA = PersonSelector.model_validate({"first_name": "Ana", "last_name": "Ortiz", "birth_date": "2014-03-09"})


def test_points_are_sent_by_round_numbers_whoever_is_there() -> None:
    assert len(points_of({}, SECRET)) == ROUNDED_TO
    few = {UUID(int=number): (f"names|{number}",) for number in range(ROUNDED_TO + 1)}
    points = points_of(few, SECRET)
    assert len(points) == len(set(points)) == 2 * ROUNDED_TO
    assert points[: len(few)] == blinded(SECRET, [point_of(text.encode()) for (text,) in few.values()])


def test_who_are_more_than_one_comparison_takes_are_not_compared_at_all() -> None:
    many = {UUID(int=1): ("x",) * MOST_POINTS}
    assert within_one_comparison(many) == many
    assert within_one_comparison({**many, UUID(int=2): ("x",)}) == {}


def test_a_child_is_sought_by_as_many_points_as_any_other_in_no_order_of_theirs() -> None:
    sought = seek(ANA, TAGS)(EXCHANGE, "salt")
    points = [from_base64url(token) for token in sought.tokens]
    assert points == sorted(points)
    assert len(set(points)) == TOKENS
    texts = blinded(TAGS.finding_secret(EXCHANGE, "salt"), [point_of(text.encode()) for text in sought_texts(ANA)])
    assert set(texts) < set(points)


def test_each_request_has_a_secret_of_its_own_that_goes_with_its_salt() -> None:
    secrets = {TAGS.finding_secret(exchange, salt) for exchange in (EXCHANGE, UUID(int=8)) for salt in ("salt", "other")}
    assert len(secrets) == 4
    assert {len(secret) for secret in secrets} == {32}
