"""An educator's request and answer as they are sealed, by vectors; and that neither is taken for a child's."""

from typing import Any

import pytest
from pydantic import ValidationError

from safepassage.canonical import canonical_json, digest_of
from safepassage.package import Credentials
from safepassage.request import Selector
from tests.sdk.exchange import EVIDENCE, PERSON
from tests.sdk.vectors import vectors

VECTORS = vectors("educators")


def selector(**changes: Any) -> Selector:
    """The vector's, with members changed; None takes one away."""
    members = {name: value for name, value in {**VECTORS["selector"]["json"], **changes}.items() if value is not None}
    return Selector.model_validate_json(canonical_json(members), strict=True)


def test_the_selector_and_the_content_are_built_and_read_as_the_vectors_stand() -> None:
    said, content = VECTORS["selector"], VECTORS["content"]
    read = selector()
    assert read.model_dump(mode="json", exclude_none=True) == said["json"]
    assert (digest_of(read.plaintext()), read.subject_commit) == (said["plaintext_sha256"], said["subject_commit"])
    assert read.elements == ("educator.credentials",)
    opened = Credentials.model_validate_json(canonical_json(content["json"]), strict=True)
    assert digest_of(opened.plaintext()) == content["plaintext_sha256"]


def test_a_request_is_about_a_child_or_an_educator_and_its_evidence_about_the_same() -> None:
    enrolled, person = EVIDENCE.model_dump(mode="json", exclude_none=True), PERSON.model_dump(mode="json", exclude_none=True)
    for changes in ({"person": person}, {"educator": None}, {"evidence": enrolled}, {"educator": None, "person": person}):
        with pytest.raises(ValidationError):
            selector(**changes)
    with pytest.raises(TypeError):
        selector().enrollment  # noqa: B018 what is asked for is the refusal
    child = selector(educator=None, person=person, evidence=enrolled, sections=["identity"])
    assert child.enrollment == EVIDENCE


def test_a_package_of_no_credentials_is_none() -> None:
    with pytest.raises(ValidationError):
        Credentials.model_validate({**VECTORS["content"]["json"], "credentials": ()})
