"""What families read: in Spanish too, and in words that somebody of twelve can read."""

import re
from collections.abc import Iterable

import pytest
from babel.messages.pofile import read_po

from services.gateway.console.messages import messages as consoles
from services.gateway.console.viewing import LANGUAGES
from services.gateway.family.frame import LOCALE
from services.gateway.family.messages import messages
from services.gateway.family.reasons import REASONS
from services.privacy.policy.taxonomy import BASES

PLACEHOLDER = re.compile(r"%\(\w+\)s")
GRADE = 6.0


@pytest.mark.requirement("CON-words")
@pytest.mark.parametrize("language", sorted(set(LANGUAGES) - {"en"}))
def test_the_catalogue_has_every_message_that_the_console_has_not_and_none_that_is_no_more(language: str) -> None:
    with (LOCALE / language / "family.po").open("rb") as source:
        catalogue = {str(one.id): str(one.string) for one in read_po(source, locale=language) if one.id}
    assert set(catalogue) == set(messages()) - set(consoles())
    assert [
        one for one, said in catalogue.items() if not said or sorted(PLACEHOLDER.findall(one)) != sorted(PLACEHOLDER.findall(said))
    ] == []


def test_every_basis_of_a_disclosure_has_its_reason() -> None:
    nobodys = {"de-identified", "de-identified-coded", "educator-application"}
    never_told = {"sealed-order"}
    assert set(BASES) - set(REASONS) == nobodys | never_told


def syllables(word: str) -> int:
    """Groups of vowels; a silent e at the end is none."""
    groups = len(re.findall(r"[aeiouy]+", word.lower()))
    return max(1, groups - (word.lower().endswith("e") and not word.lower().endswith("le") and groups > 1))


def grade_of(texts: Iterable[str]) -> float:
    """Flesch and Kincaid's grade (1975): words to a sentence, syllables to a word."""
    sentences = [one for text in texts for one in re.split(r"[.?!:]+\s*", PLACEHOLDER.sub("five", text)) if one]
    words = [word for sentence in sentences for word in re.findall(r"[A-Za-z’]+", sentence)]
    return 0.39 * len(words) / len(sentences) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59


@pytest.mark.requirement("CON-family")
def test_what_families_read_is_of_the_sixth_grade() -> None:
    assert grade_of(messages()) <= GRADE
    assert grade_of(["Notwithstanding applicable confidentiality provisions, disclosures are individually accounted."]) > 2 * GRADE
