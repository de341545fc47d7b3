"""docs/trust.md, as root holders and operators type it: every `sh` block, in order, in one shell, in an empty folder."""

from pathlib import Path

import pytest

from tests.tutorial.typed import blocks, typed


@pytest.mark.requirement("ALL-tutorial")
@pytest.mark.slow
def test_the_page_on_the_trust_list_does_what_it_says(tmp_path: Path) -> None:
    told = typed("trust.md", tmp_path)
    assert told.count("It has all the signatures that it needs") == 5
    for sentence in (
        "Department of Education of cedar (https://cedar.example) is admitted, for XC.",
        "Department of Education of cedar (https://cedar.example) is suspended.",
        "Department of Education of alder (https://alder.example) has new statement keys.",
        "3 of 4 roots sign a list.",
        "Serial 5: accepted, 3 members.",
    ):
        assert sentence in told


def test_the_page_has_commands() -> None:
    assert len(blocks("trust.md")) >= 6
