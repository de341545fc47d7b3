"""What a browser looks at: every page of a visit, and pages of things that were said."""

from typing import Final

from services.gateway.family.frame import PLACES
from shared.contracts.privacy import SubjectFacts
from tests.gateway.family.families import Families
from tests.gateway.family.test_choices_and_requests import act, consented, file_of, refused

PATHS: Final = [path for path, _ in PLACES]


async def something_said(families: Families, facts: SubjectFacts) -> list[str]:
    """Things of every kind happen to the student; gives the paths of pages that are there then."""
    for _ in range(2):
        await families.disclosed(facts, elements=("identity.name", "health.immunizations"))
    await families.disclosed(
        facts, recipient=str(families.console.agency.id), recipient_node=None, basis="consent", purpose="financial-aid"
    )
    consent = await consented(families, facts)
    browser = await families.visit(facts)
    await act(browser, "/family/choices/opt-outs/directory")
    await act(browser, "/family/requests/inspection", **{"part.health": "yes"})
    file = await file_of(families, facts)
    return [
        "/family/choices/new-consent",
        f"/family/choices/consents/{consent.id}/withdrawal",
        f"/family/choices/consents/{consent.id}/narrowing",
        "/family/choices/opt-outs/military",
        f"/family/choices/opt-outs/{file.preferences[0].id}/rescission",
        "/family/requests/inspection",
        f"/family/requests/inspection/{file.inspections[0].id}/withdrawal",
        "/family/requests/amendment",
        f"/family/requests/amendments/{await refused(families, facts, browser)}/hearing",
    ]
