"""The ways in which people write one name have one form; placeholders have none."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.records.normalisation import folded, given_name, identifier_form, same_surname, suffix_form, surname_forms, words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("O'Brien", "OBrien"),
        ("O'Brien", "O’Brien"),
        ("Núñez", "Nunez"),
        ("Kaʻahumanu", "Kaahumanu"),
        ("Sørensen", "Sorensen"),
        ("Mary Ann", "Maryann"),
        ("Nguyễn", "Nguyen"),
        ("STRASSE", "Straße"),
    ],
)
def test_marks_apostrophes_and_spaces_do_not_matter(one: str, other: str) -> None:
    assert folded(one) == folded(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("García-López", None), ("García", None)),
        (("García-López", None), ("García", "López")),
        (("García", "López"), ("Lopez", None)),
        (("De La Cruz", None), ("Delacruz", None)),
        (("De La Cruz", None), ("Cruz, De La", None)),
        (("Delacruz", None), ("Cruz, De La", None)),
        (("van der Berg", None), ("Berg", None)),
    ],
)
def test_double_surnames_and_particles_share_a_form(one: tuple[str, str | None], other: tuple[str, str | None]) -> None:
    assert same_surname(surname_forms(*one), surname_forms(*other))


def test_different_surnames_share_none() -> None:
    assert not same_surname(surname_forms("De La Cruz"), surname_forms("De La Rosa"))
    assert not same_surname(surname_forms("García"), surname_forms("Garza"))


@pytest.mark.parametrize("placeholder", ["FNU", "LNU", "", " - ", "Unknown", None])
def test_a_placeholder_has_no_form(placeholder: str | None) -> None:
    assert given_name(placeholder) is None
    assert surname_forms(placeholder or "") == frozenset()


def test_identifiers_ignore_case_and_separators_and_blanks_have_no_form() -> None:
    assert identifier_form("ab-12 34") == identifier_form("AB1234") == "AB1234"
    assert identifier_form("000-0000") is identifier_form("9999") is identifier_form("--") is None


def test_generation_suffixes_have_one_form() -> None:
    assert suffix_form("Jr.") == suffix_form("Junior") == "jr"
    assert suffix_form("III") == suffix_form("3rd") == "iii"
    assert suffix_form(None) is None


@given(st.text(st.characters(max_codepoint=127)))
def test_a_plain_text_is_folded_as_any_other(text: str) -> None:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    assert folded(text) == "".join(one for one in decomposed if one.isalnum())


@given(st.text() | st.text("aB -‐‑‒–—,.'\u00a0"))
def test_words_end_at_white_space_hyphens_commas_and_full_stops(text: str) -> None:
    spaced = "".join(" " if one.isspace() or one in "-‐‑‒–—,." else one for one in text)
    assert words(text) == [folded(part) for part in spaced.split() if folded(part)]


@given(st.text() | st.text("09a- "))
def test_an_identifier_of_zeros_or_nines_alone_carries_no_weight(text: str) -> None:
    form = "".join(one for one in text.upper() if one.isalnum())
    assert identifier_form(text) == (None if set(form) <= {"0"} or set(form) <= {"9"} else form)


@pytest.mark.parametrize("surname", ["Byron", "VAN", "Test", "x", "O2", "Smith9"])
def test_a_surname_of_one_plain_word_has_the_forms_that_it_has_beside_an_empty_second_one(surname: str) -> None:
    """The second one is blank and not absent, so that it is looked at as any other name is."""
    assert surname_forms(surname) == surname_forms(surname, " ")
