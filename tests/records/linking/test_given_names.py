"""The table of names that are used for one another: as good for each tradition, and with no two that twins bear beside each other."""

import pytest

from node.synthetic.names import ALIKE_TWINS, ORIGINS, Origin
from node.synthetic.spellings import NICKNAMES, TRANSLITERATED
from services.records.linking.given_names import GIVEN_AT_BIRTH, groups_of, may_be_two
from services.records.normalisation import given_name


def used_for_one_another(one: str, other: str) -> bool:
    forms = [form for form in (given_name(one), given_name(other)) if form is not None]
    return len(forms) == 2 and (forms[0] == forms[1] or not groups_of(forms[0]).isdisjoint(groups_of(forms[1])))


@pytest.mark.parametrize("origin", ORIGINS, ids=lambda origin: origin.name)
def test_what_a_child_of_any_tradition_is_called_is_in_a_group_with_the_name(origin: Origin) -> None:
    other_forms = {**NICKNAMES, **TRANSLITERATED}
    names = [(name, form) for name in (*origin.girls, *origin.boys) for form in other_forms.get(name, ())]
    assert [pair for pair in names if not used_for_one_another(*pair)] == []


@pytest.mark.requirement("HARD-1")
@pytest.mark.parametrize("twins", ALIKE_TWINS, ids="-".join)
def test_names_that_twins_bear_are_in_no_group_together(twins: tuple[str, str]) -> None:
    assert not used_for_one_another(*twins)


@pytest.mark.requirement("HARD-1")
@pytest.mark.parametrize(
    ("one", "other", "two"),
    [
        pytest.param("eleanor", "nora", True, id="both are given at birth"),
        pytest.param("santiago", "james", True, id="of two languages"),
        pytest.param("elijah", "eli", False, id="its beginning"),
        pytest.param("makayla", "kayla", False, id="its end"),
        pytest.param("jasmine", "jazz", False, id="nobody is given it at birth"),
        pytest.param("mohammed", "muhammad", False, id="two transliterations"),
    ],
)
def test_names_of_a_group_may_be_two_childrens_where_both_are_given_at_birth(one: str, other: str, two: bool) -> None:
    assert may_be_two(frozenset({one}), frozenset({other})) is may_be_two(frozenset({other}), frozenset({one})) is two


def test_what_is_said_to_be_given_at_birth_is_in_a_group() -> None:
    assert [name for name in sorted(GIVEN_AT_BIRTH) if not groups_of(name)] == []
