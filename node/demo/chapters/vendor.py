"""A vendor gets exactly what its agreement schedules."""

from datetime import timedelta

from node.demo.seats import MOVER_DISTRICT
from node.demo.story import Story
from safepassage.canonical import digest_of
from safepassage.wire_policy import NewAgreement
from shared.clock import system_clock

SCHEDULE = ("identity.preferred_name", "enrollment.enrollments", "assessments.results", "academics.current_courses")
ASKED_TOO = "discipline.incidents"


async def vendor(story: Story) -> None:
    """An agreement, a page under it, and what is not on its schedule."""
    narrator, alder = story.narrator, story.alder
    today = system_clock().date()
    with narrator.step("A vendor reads under its agreement"):
        district, lantern = alder.client("former-district"), alder.client("lantern-reading")
        agreement = await district.record_agreement(
            NewAgreement(
                kind="contractor",
                recipient_id=alder.organisations["Lantern Reading"],
                district_ids=(alder.organisations[MOVER_DISTRICT],),
                document=digest_of(b"the signed agreement, kept by the district"),
                signed_on=today - timedelta(days=30),
                starts_on=today - timedelta(days=20),
                ends_on=today + timedelta(days=345),
                elements=SCHEDULE,
                purposes=("instruction",),
                institutional_service="section 1: reading instruction",
                direct_control="section 4: use and maintenance",
                redisclosure_limits="section 5: no further disclosure",
                legitimate_interest="annual notice 2026, page 2",
                destruction="section 9",
            )
        )
        narrator.say(f"The district schedules {len(SCHEDULE)} elements: {', '.join(SCHEDULE)}.")
        page = (await lantern.read_roster_entries(agreement.id, elements=(*SCHEDULE, ASKED_TOO), limit=1000)).content
        seen = {element for entry in page.students for element in _elements_of(entry.model_dump(exclude_none=True))}
        narrator.check(
            f"{len(page.students)} students came, each with scheduled elements and no other",
            holds=bool(page.students) and seen <= set(SCHEDULE),
        )
        narrator.check(f"{ASKED_TOO} is named as not scheduled, the same for every student", holds=page.not_scheduled == (ASKED_TOO,))
        seen_ids = {entry.student for entry in page.students}
        narrator.check("the ids are the vendor's own pseudonyms", holds=alder.known_ids.isdisjoint(seen_ids))
        narrator.where("one decision and one log entry for the page; each student's accounting of disclosures shows it")


def _elements_of(entry: dict[str, object]) -> set[str]:
    return {
        f"{section}.{member}"
        for section, members in entry.items()
        if isinstance(members, dict)
        for member in members
        if member != "provenance"
    }
