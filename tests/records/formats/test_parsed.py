"""What is read of an upload: the parts that are valid, a finding for each that is not, and nothing that says nothing."""

from safepassage.record.contacts import Guardian, Rights
from safepassage.record.identity import Identity
from services.records.formats.parsed import Draft, Findings, section_by_element


def test_an_element_that_is_not_valid_is_found_and_the_others_of_its_section_stay() -> None:
    findings = Findings()
    values = {"name": {"last_1": "Byron"}, "sex": {"system": "", "code": "Female"}, "identifiers": [], "ssn": None}
    made = section_by_element(findings, Identity, values, "users:1")
    assert made == Identity.model_validate({"name": {"last_1": "Byron"}})
    assert [(one.reason, one.position) for one in findings.unresolved] == [("not-valid", "users:1:sex")]


def test_a_section_that_says_nothing_is_none_and_no_finding() -> None:
    findings = Findings()
    assert section_by_element(findings, Identity, {"name": None, "identifiers": []}, "users:1") is None
    assert not findings.reasons


def test_an_empty_part_stands_for_its_defaults_unless_it_may_be_left_out() -> None:
    name, relation = {"last_1": "Byron"}, {"system": "s", "code": "Mother"}
    draft = Draft(Guardian, {"name": name, "relation": relation, "rights": Draft(Rights, {"ended_on": None}, "p"), "language": ""}, "p")
    assert draft.plain() == {"name": name, "relation": relation, "rights": {}}
    made = draft.instance(Guardian)
    assert made is not None
    assert made.rights == Rights()
    assert Draft(Guardian, {"rights": Draft(Rights, {}, "p", optional=True)}, "p").plain() == {}
