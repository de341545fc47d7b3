"""What meets: a child written down by a family and by another school."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safepassage.finding import BUCKETS, TOKENS, bucket_of
from safepassage.record.identity import Identity
from safepassage.wire_exchange import PersonSelector
from services.records.finding.tokens import held_texts, sought_texts, without_slips
from services.records.matching import transposed

BORN = date(2014, 3, 9)


def held(first: str, last_1: str, last_2: str | None = None, *, born: date = BORN, **more: object) -> Identity:
    name = {"first": first, "last_1": last_1, **({"last_2": last_2} if last_2 else {}), **more}
    return Identity.model_validate({"name": name, "birth_date": {"birth_date": born.isoformat()}})


def meets(first: str, last: str, identity: Identity, *, born: date = BORN) -> bool:
    person = PersonSelector(first_name=first, last_name=last, birth_date=born)
    return not held_texts(identity).isdisjoint(sought_texts(person))


@pytest.mark.parametrize(
    ("first", "last", "identity"),
    [
        pytest.param("Ana", "Nunez", held("Ana", "Núñez"), id="marks"),
        pytest.param("Ana", "Garcia-Lopez", held("Ana", "García", "López"), id="two surnames with a hyphen"),
        pytest.param("Ana", "Lopez", held("Ana", "García", "López"), id="the second surname"),
        pytest.param("Ana", "Cruz, De La", held("Ana", "Delacruz"), id="particles"),
        pytest.param("Mohamed", "Haddad", held("Muhammad", "Haddad"), id="transliterated"),
        pytest.param("Lupe", "Ortiz", held("Guadalupe", "Ortiz"), id="nickname"),
        pytest.param("Micheal", "Oneil", held("Michael", "O’Neill"), id="slips"),
        pytest.param("Rose", "Young", held("Ellen", "Young", middle="Rose"), id="the middle name as the first"),
        pytest.param("Chen", "Wei", held("Wei", "Chen"), id="the family name first"),
    ],
)
def test_one_child_meets(first: str, last: str, identity: Identity) -> None:
    assert meets(first, last, identity)


def test_day_and_month_exchanged_meet_and_share_a_bucket() -> None:
    other = transposed(BORN)
    assert other is not None
    assert meets("Ana", "Ortiz", held("Ana", "Ortiz", born=other))
    assert bucket_of(other) == bucket_of(BORN)


@pytest.mark.parametrize(
    ("first", "last", "identity"),
    [
        pytest.param("Ana", "Ortiz", held("Ana", "Ortiz", born=date(2014, 3, 10)), id="another day"),
        pytest.param("Jayden", "Reed", held("Jaylen", "Reed"), id="a twin of a name alike"),
        pytest.param("Ana", "Ortiz", held("Eva", "Ortiz"), id="a sister"),
        pytest.param("Ana", "Ortiz", held("Ana", "Reyes"), id="another surname"),
        pytest.param("FNU", "Ortiz", held("FNU", "Ortiz"), id="a name that is not known"),
    ],
)
def test_another_child_does_not(first: str, last: str, identity: Identity) -> None:
    assert not meets(first, last, identity)


def test_a_sealed_name_and_a_record_without_a_birth_date_are_not_compared() -> None:
    identity = held("Ana", "Ortiz").model_dump(mode="json", exclude_none=True)
    sealed = {**identity, "other_names": [{"kind": "alias", "first": "Eva", "last": "Reyes", "sealed": True}]}
    assert not meets("Eva", "Reyes", Identity.model_validate(sealed))
    assert held_texts(Identity.model_validate({"name": identity["name"]})) == frozenset()
    assert held_texts(None) == frozenset()


NAMES = st.text(min_size=1, max_size=60).filter(lambda name: name.isprintable())


@given(NAMES, NAMES, st.dates(date(2000, 1, 1), date(2030, 1, 1)))
def test_whatever_is_sought_fits_and_is_in_a_bucket(first: str, last: str, born: date) -> None:
    texts = sought_texts(PersonSelector(first_name=first, last_name=last, birth_date=born))
    assert len(texts) == len(set(texts)) <= TOKENS
    assert 0 <= bucket_of(born) < BUCKETS


@given(st.text(alphabet="abcdefghij", min_size=1))
def test_a_doubled_letter_a_vowel_and_an_exchange_slip(form: str) -> None:
    assert without_slips(form[:1] + form[1:][::-1]) == without_slips(form) == without_slips(form + form[1:] + "eiou")
