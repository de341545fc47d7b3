"""A sentence of the story is printed as true only if it is."""

from io import StringIO

import pytest
from rich.console import Console

from node.demo.narration import Narrator, NotAsTold
from safepassage.problems.privacy import RightsNotHeld


@pytest.fixture
def told() -> StringIO:
    return StringIO()


@pytest.fixture
def narrator(told: StringIO) -> Narrator:
    return Narrator(Console(file=told, width=60))


def test_a_sentence_that_holds_is_counted(narrator: Narrator, told: StringIO) -> None:
    narrator.check("the record came [whole]", holds=True)
    assert narrator.verified == 1
    assert told.getvalue().split() == ["✓", "the", "record", "came", "[whole]"]


def test_a_sentence_that_does_not_hold_ends_the_story(narrator: Narrator, told: StringIO) -> None:
    with pytest.raises(NotAsTold, match="the record came"):
        narrator.check("the record came", holds=False)
    assert narrator.verified == 0
    assert "✗ the record came" in told.getvalue()


def test_what_is_proven_within_is_said_only_afterwards(narrator: Narrator, told: StringIO) -> None:
    with narrator.proof("it is in the tree"):
        assert told.getvalue() == ""
    assert "✓ it is in the tree" in told.getvalue()


def test_a_verification_that_fails_ends_the_story(narrator: Narrator, told: StringIO) -> None:
    with pytest.raises(NotAsTold, match="it is in the tree"), narrator.proof("it is in the tree"):
        raise RightsNotHeld
    assert narrator.verified == 0
    assert "✓" not in told.getvalue()


def test_every_line_of_a_long_sentence_is_indented(narrator: Narrator, told: StringIO) -> None:
    narrator.check("the former district reads what was decided, and why, in full", holds=True)
    first, second = told.getvalue().splitlines()
    assert first.startswith("   ✓ the former")
    assert second.rstrip() == "     full"
