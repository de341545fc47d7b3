"""What stands for a child in a finding is written down for other makers: every text that one side makes alone meets nothing."""

import re
from typing import Any

import pytest

from safepassage.canonical import canonical_json
from safepassage.record.identity import Identity
from safepassage.wire_exchange import PersonSelector
from services.records.finding.tokens import held_texts, sought_texts
from services.records.linking.given_names import GROUPS, SPELLINGS
from services.records.normalisation import PARTICLES, PLACEHOLDERS
from tests.sdk.test_wire_pages import MESSAGES
from tests.sdk.vectors import vectors

VECTORS = vectors("finding_texts")
SAID = MESSAGES[MESSAGES.index("A *text* is") : MESSAGES.index("**An educator** is asked")]


@pytest.mark.requirement("EX-other-makers")
def test_the_groups_particles_and_placeholders_are_those_of_the_vectors() -> None:
    assert tuple(VECTORS["groups"]) == (*GROUPS, *SPELLINGS)
    assert {*VECTORS["particles"]} == PARTICLES
    assert {"", *VECTORS["placeholders"]} == PLACEHOLDERS


@pytest.mark.requirement("EX-other-makers")
@pytest.mark.parametrize("vector", VECTORS["sought"], ids=lambda vector: vector["person"]["first_name"])
def test_a_requester_makes_these_texts_in_this_order(vector: dict[str, Any]) -> None:
    assert list(sought_texts(PersonSelector.model_validate_json(canonical_json(vector["person"])))) == vector["texts"]


@pytest.mark.requirement("EX-other-makers")
@pytest.mark.parametrize("vector", VECTORS["held"], ids=lambda vector: vector["identity"]["name"]["first"])
def test_a_holder_makes_these_texts(vector: dict[str, Any]) -> None:
    assert sorted(held_texts(Identity.model_validate_json(canonical_json(vector["identity"])))) == vector["texts"]


def test_the_page_names_every_kind_of_text_and_what_its_examples_say_is_so() -> None:
    made = {text for side in ("sought", "held") for vector in VECTORS[side] for text in vector["texts"]}
    assert {text.partition("|")[0] for text in made} == {*re.findall(r"^\| `([a-z]+)\\\|<Day>", SAID, re.MULTILINE)}
    assert {*re.findall(r"`(group:[a-z]+)`", SAID)} == {text.split("|")[2] for text in made if text.startswith("group|")}
    assert "`finding_texts.json`" in SAID
