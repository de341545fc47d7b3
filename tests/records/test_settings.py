"""What the records service is told."""

import pytest
from typer.testing import CliRunner

from node.command import app

SAID = "SAFE_PASSAGE_JURISDICTION: write US- and the postal code of a state, the District or a territory, such as US-OR"


@pytest.mark.parametrize("written", ["US-ZZ", "US-UK", "US-nc", "NC", "US-", "US-NCX", "US-X1", "CA-NC", "us", ""])
def test_a_state_that_there_is_not_is_refused_at_the_start_with_what_to_type(written: str) -> None:
    answer = CliRunner().invoke(app, ["serve", "records"], env={"SAFE_PASSAGE_JURISDICTION": written})
    assert (answer.exit_code, SAID in answer.output) == (2, True), answer.output


@pytest.mark.parametrize("written", ["US", "US-XA", "US-XZ", "US-NC", "US-DC", "US-AS", "US-GU"])
def test_a_state_a_territory_and_a_fiction_are_taken(written: str) -> None:
    answer = CliRunner().invoke(app, ["serve", "records"], env={"SAFE_PASSAGE_JURISDICTION": written})
    assert (answer.exit_code, "JURISDICTION" in answer.output) == (2, False), "much else is missing"
